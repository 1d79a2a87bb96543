"""Inspection of a `.pt2` file, an exported PyTorch program: numbers, JSON, and PyTorch's own
operators, or opening it could run code.

PyTorch unpickles what an archive says is pickled, looks operators up by dotted names, and has sizes
evaluated by SymPy, which evaluates Python.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from tinygen.errors import InputError
from tinygen.load.files import MAX_BYTES
from tinygen.load.hdf5 import one_line
from tinygen.load.keras_config import untrusted

_MAX_JSON_BYTES = 256 << 20
_OPERATOR = re.compile(r"torch\.ops\.aten\.\w+\.\w+|_operator\.\w+|torch\.sym_\w+|math\.\w+")
_SIZE = re.compile(r"[\w\s+*/(),-]*")
_SYMBOL = re.compile(r"Symbol\('\w+'(, \w+=(True|False))*\)")
_CALLS = re.compile(r"([A-Za-z_]\w*)\s*\(")
_FUNCTIONS = ("Max", "Min", "Mod", "FloorDiv", "PythonMod", "CeilDiv", "CleanDiv", "TruncToInt")
_MAX_NODES = 10_000_000


def require_numbers(content: bytes, file_name: str) -> None:
    """Raises UntrustedModel for what could run code when it is opened, InputError for a damaged
    archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sum(sizes.values()) > MAX_BYTES:
                raise InputError(f"'{file_name}' is too large", why="unpacked it is over 2 GiB")
            documents = {
                name: json.loads(archive.read(name))
                for name, size in sizes.items()
                if name.endswith(".json") and size <= _MAX_JSON_BYTES
            }
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError) as error:
        raise InputError(
            f"'{file_name}' is damaged",
            why=one_line(error),
            next_step="copy the file, or save it again with torch.export.save",
        ) from error
    for name in sizes:
        if name.endswith((".so", ".py", ".pyd", ".dll", ".cubin")):
            raise untrusted(file_name, f"it holds a program: {name}")
    for name, document in documents.items():
        for why in _dangers(document):
            raise untrusted(file_name, f"in {name}: {why}")


def _dangers(document: Any) -> Iterator[str]:
    pending, seen = [document], 0
    while pending:
        value = pending.pop()
        seen += 1
        if seen > _MAX_NODES:
            yield f"it has over {_MAX_NODES:,} values"
            return
        if isinstance(value, list):
            pending += value
        if not isinstance(value, dict):
            continue
        pending += value.values()
        if value.get("use_pickle"):
            yield f"{value.get('path_name')} is pickled"
        if str(value.get("path_name", "")).startswith(("custom_obj", "opaque_obj")):
            yield f"{value['path_name']} is an object of its own"
        target = value.get("target")
        if isinstance(target, str) and "inputs" in value and not _OPERATOR.fullmatch(target):
            yield f"the operator {target} is none of PyTorch's own"
        for key in ("expr_str", "as_expr"):
            text = value.get(key)
            if isinstance(text, str) and not _is_size(text):
                yield f"a size is the expression {text[:80]!r}"


def _is_size(text: str) -> bool:
    """Whether it is arithmetic on numbers and names alone."""
    text = _SYMBOL.sub("s", text)
    return (
        bool(_SIZE.fullmatch(text))
        and "__" not in text
        and all(name in _FUNCTIONS for name in _CALLS.findall(text))
    )
