"""Runs the command line as a user does: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN_MODEL = Path(__file__).resolve().parent / "golden" / "digits.tflite"


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


def tinygen(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Ran:
    """`tinygen ARGUMENTS` in `cwd`; `env` is added to the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "tinygen", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
