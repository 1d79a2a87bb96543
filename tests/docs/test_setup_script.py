"""scripts/setup.sh, with a Python that installs nothing: what it asks of pip, and does without."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.runner import ROOT

_PYTHON = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$*" in
  *oracle*) exit $NO_ORACLE ;;
  *) exit $NO_TOOLS ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is there, and whose Python only notes what it is told."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(_PYTHON)
    python.chmod(0o755)
    return tmp_path


def setup(checkout: Path, *, no_oracle: int = 0, no_tools: int = 0) -> tuple[int, str, list[str]]:
    """Exit code, output, and what was asked of pip by then."""
    done = subprocess.run(
        [checkout / "scripts" / "setup.sh"],
        env={**os.environ, "NO_ORACLE": str(no_oracle), "NO_TOOLS": str(no_tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    asked = (checkout / ".venv" / "bin" / "asked").read_text().splitlines()
    return done.returncode, done.stdout + done.stderr, [line.split()[-1] for line in asked]


def test_it_installs_once(checkout: Path) -> None:
    code, said, asked = setup(checkout)
    assert (code, asked) == (0, [".[dev,oracle]"])
    assert "without the wheel" not in said
    assert setup(checkout) == (0, "", asked)


def test_an_index_without_the_oracle_is_no_obstacle(checkout: Path) -> None:
    code, said, asked = setup(checkout, no_oracle=1)
    assert (code, asked) == (0, [".[dev,oracle]", ".[dev]"])
    assert "the numpy reference serves" in said
    assert setup(checkout, no_oracle=1) == (0, "", asked)


def test_what_fails_is_tried_again(checkout: Path) -> None:
    code, _, asked = setup(checkout, no_oracle=1, no_tools=1)
    assert code
    assert setup(checkout)[2] == [*asked, ".[dev,oracle]"]
