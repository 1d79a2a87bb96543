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
    said = {engine: _said(path, engine, folder / engine) for engine in ENGINES}
    made = [folder / engine / MODEL for engine in ENGINES if (folder / engine / MODEL).is_file()]
    operators = _operators(made[0].read_bytes()) if made else ()
    return Row(kind.group, kind.name, package, operators, said["aot"], said["tflm"])


def _said(path: Path, engine: str, out: Path) -> str:
    """MATCH, or what an engine says of the model."""
    data = None if path.suffix == ".tflite" else "random"
    for arena in (_ARENA, None) if engine == "tflm" else (None,):
        try:
            tinygen.build(path, board=BOARD, data=data, engine=engine, arena=arena, out=out)
        except TinygenError as error:
            return f"refused: {_one_line(error)}"
        try:
            result = tinygen.verify(out)
        except TinygenError:  # why it does not run, the search for its smallest arena says
            continue
        finally:
            tinygen.stop(out)
        whole = result.vectors == result.vectors_total
        proven = whole and result.verdict is tinygen.Verdict.MATCH
        said = MATCH if proven else f"{result.verdict.value}: {result.reason}"
        if proven or arena is None:
            return said
    return "it did not start"


def compiled(kind: Kind, package: str, folder: Path) -> str:
    """The operators of the graph that is compiled of a model, or why there is none."""
    try:
        options = ModelOptions(data=None if package == FILE else "random")
        ready = prepare(saved(kind, package, folder), options)
        aot.compile_graph(aot.optimized(ready.model))
    except TinygenError as error:
        return f"refused: {_one_line(error)}"
    made = "" if ready.opened.is_int8 else "quantized: "
    return made + ", ".join(sorted({node.op.kind for node in ready.model.graph.nodes}))


def _operators(content: bytes) -> tuple[str, ...]:
    return tuple(sorted({call.kind for call in tflite.parse(content, MODEL).calls}))


def _one_line(error: TinygenError) -> str:
    why = " ".join((error.why or "").split())
    return f"{error.what}{': ' if why else ''}{why}".replace("|", "/").replace(
        "model.keras", "model"
    )
