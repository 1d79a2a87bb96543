"""A cell of a bench in a process of its own: a request on standard input, a row on standard output.

Where the process is on another machine the request brings its files along.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from tinygen.api.bench_cell import BenchRow, Cell
from tinygen.api.sent import Carried, carried, options_of_plain, options_to_plain, written
from tinygen.options import BuildOptions
from tinygen.progress import SILENT

MODULE = __name__
_FILES = ("data", "test", "labels", "board")
"""Options that may name a file or a folder."""


@dataclass(frozen=True)
class Request:
    """A cell as it is sent. `files` are by the option that names them."""

    model: str
    port: str | None
    options: Mapping[str, Any]
    files: Mapping[str, Carried]


def request(cell: Cell, *, far: bool) -> bytes:
    """The cell for a process on this machine, or `far` away."""
    options = dict(options_to_plain(cell.options))
    model, files = str(cell.model.resolve()), {}
    if far:
        files["model"] = carried(cell.model)
        options["out"] = None
    else:
        options["out"] = str(Path(cell.options.out or "build").resolve())
    for name in _FILES:
        path = options[name]
        if isinstance(path, str) and Path(path).exists():
            if far:
                files[name] = carried(Path(path))
            else:
                options[name] = str(Path(path).resolve())
    return msgspec.msgpack.encode(Request(model, cell.port, options, files))


def row(answer: bytes) -> BenchRow:
    """What `main` wrote."""
    return msgspec.msgpack.decode(answer, type=BenchRow)


def _cell(content: bytes, folder: Path) -> Cell:
    asked = msgspec.msgpack.decode(content, type=Request)
    here = {name: written(c, folder / name) for name, c in asked.files.items()}
    options = options_of_plain(BuildOptions, asked.options)
    named = {name: path for name, path in here.items() if name != "model"}
    if asked.files:
        named["out"] = str(folder / "project")
    return Cell(
        Path(here.get("model", asked.model)),
        replace(options, **named),  # type: ignore[arg-type]
        asked.port,
    )


def _end(_signal: int, _frame: object) -> NoReturn:
    """So that what is to be cleaned up is: an emulator."""
    raise SystemExit(128 + signal.SIGTERM)


def main() -> None:
    """Measure the cell of the request. What others print goes to standard error."""
    signal.signal(signal.SIGTERM, _end)
    content = sys.stdin.buffer.read()
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # The last build of a folder is remembered in it, and this one is nobody's.
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder, contextlib.chdir(folder):
        made = _cell(content, Path(folder)).row(SILENT)
    answer.write(msgspec.msgpack.encode(made))
    answer.close()


if __name__ == "__main__":
    main()
