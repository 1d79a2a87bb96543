"""Runs the command line as a user does: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GOLDEN_MODEL = ROOT / "tests" / "golden" / "digits.tflite"
STAND_IN = "tests.tflm.stand_in"
"""The module that is the command line with the stand-in for TensorFlow Lite Micro."""


@dataclass(frozen=True)
class Ran:
    """Exit code and output of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be strict JSON and nothing else."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


def tinygen(
    *arguments: str | Path,
    cwd: Path,
    env: dict[str, str] | None = None,
    module: str = "tinygen",
) -> Ran:
    """`tinygen ARGUMENTS` in `cwd`; `env` is added to the environment."""
    done = subprocess.run(
        command(*arguments, module=module),
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def command(*arguments: str | Path, module: str = "tinygen") -> list[str]:
    """The command line as a list, for a process that a test wants to hold in its own hand."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def environment(env: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with this checkout as what is run."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
