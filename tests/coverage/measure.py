"""Makes a model of the coverage, builds it with both engines and verifies both in QEMU."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import tinygen
from tests.coverage.kinds import FILE, Kind
from tests.coverage.table import BOARD, ENGINES, MATCH, Row
from tinygen import tflite
from tinygen.api.prepare import prepare
from tinygen.engines import aot
from tinygen.errors import TinygenError
from tinygen.load import Int8File
from tinygen.options import ModelOptions
from tinygen.project import MODEL

_ARENA = 1 << 18
"""Bytes for the interpreter, enough for each: here its smallest arena is not the question."""


def saved(kind: Kind, package: str, folder: Path) -> Path:
    """The model as a file, with the same weights each time."""
    if package == FILE:
        path = folder / "model.tflite"
        path.write_bytes(kind.build(None))
        return path
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras: Any = importlib.import_module(package)
    keras.utils.set_random_seed(1)
    path = folder / "model.keras"
    kind.build(keras).save(str(path))
    return path


def measure(kind: Kind, package: str, folder: Path) -> Row:
    """The row of a model, made in `folder`."""
    path = saved(kind, package, folder)
    data = None if package == FILE else "random"
    said = {}
    operators: tuple[str, ...] = ()
    for engine in ENGINES:
        out = folder / engine
        try:
            arena = _ARENA if engine == "tflm" else None
            tinygen.build(path, board=BOARD, data=data, engine=engine, arena=arena, out=out)
        except TinygenError as error:
            said[engine] = f"refused: {_one_line(error)}"
            continue
        operators = _operators((out / MODEL).read_bytes())
        try:
            result = tinygen.verify(out)
        finally:
            tinygen.stop(out)
        proven = result.verdict is tinygen.Verdict.MATCH and result.vectors == result.vectors_total
        said[engine] = MATCH if proven else f"{result.verdict.value}: {result.reason}"
    return Row(kind.group, kind.name, package, operators, said["aot"], said["tflm"])


def compiled(kind: Kind, package: str, folder: Path) -> str:
    """The operators of the graph that is compiled of a model, or why there is none."""
    try:
        options = ModelOptions(data=None if package == FILE else "random")
        ready = prepare(saved(kind, package, folder), options)
        aot.compile_graph(aot.optimized(ready.model))
    except TinygenError as error:
        return f"refused: {_one_line(error)}"
    made = "" if isinstance(ready.loaded, Int8File) else "quantized: "
    return made + ", ".join(sorted({node.op.kind for node in ready.model.graph.nodes}))


def _operators(content: bytes) -> tuple[str, ...]:
    return tuple(sorted({call.kind for call in tflite.parse(content, MODEL).calls}))


def _one_line(error: TinygenError) -> str:
    why = " ".join((error.why or "").split())
    return f"{error.what}{': ' if why else ''}{why}".replace("|", "/").replace(
        "model.keras", "model"
    )
