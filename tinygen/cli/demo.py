"""The demo's commands: each is shown as it is typed, and run."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from tinygen.api.demo import DemoFiles


def show_demo(app: typer.Typer, files: DemoFiles, out: Path, board: str) -> int:
    """Build, flash, verify and stop; the first exit code that is not 0, else 0."""

    def typed(path: Path) -> str:
        return os.fspath(out / path.name)

    firmware = os.fspath(out / "firmware")
    build = ["build", typed(files.model), "--board", board, "--data", typed(files.calibration)]
    build += ["--test", typed(files.test), "--out", firmware]
    if code := _run(app, build):
        return code
    try:  # from here on there is a project, whose emulator may run
        return _run(app, ["flash", firmware]) or _run(app, ["verify", firmware])
    finally:
        _run(app, ["stop", firmware])


def _run(app: typer.Typer, words: Sequence[str]) -> int:
    print(f"\n$ {shlex.join(['tinygen', *words])}", flush=True)
    code = app(list(words), standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0
