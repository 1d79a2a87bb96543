"""--locked: a project is made again only with what made it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.api import versions
from tinygen.errors import InputError, ToolchainError
from tinygen.project.manifest import MANIFEST

BOARD = "qemu-cortex-m4"


def edited(project: Path, **changes: Any) -> None:
    """The manifest as another machine would have written it."""
    file = project / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_made_a_project_makes_it_again(tmp_path: Path) -> None:
    project = tmp_path / "p"
    with pytest.raises(InputError, match="there is no project"):
        tinygen.generate(GOLDEN_MODEL, board=BOARD, out=project, locked=True)
    tinygen.generate(GOLDEN_MODEL, board=BOARD, out=project)
    before = (project / MANIFEST).read_bytes()
    tinygen.generate(GOLDEN_MODEL, board=BOARD, out=project, locked=True)
    assert (project / MANIFEST).read_bytes() == before
    made = json.loads(before)["made_with"]
    assert made["platform"] == "tinygen-emulated"
    assert {"numpy", "platformio", "python", "tinygen"} <= made.keys()
    assert "tensorflow" not in made, "an int8 file does not meet it"


def test_other_versions_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "p"
    tinygen.generate(GOLDEN_MODEL, board=BOARD, out=project)
    made = json.loads((project / MANIFEST).read_text())["made_with"]
    edited(project, made_with=made | {"platformio": "6.0.0", "tensorflow": "2.16.1"})
    monkeypatch.setattr(versions, "_QUANTIZING", ())
    with pytest.raises(InputError) as refused:
        tinygen.generate(GOLDEN_MODEL, board=BOARD, out=project, locked=True)
    assert refused.value.why.splitlines() == [
        f"platformio: {made['platformio']} here, 6.0.0 there",
        "tensorflow: not installed here, 2.16.1 there",
    ]


def test_another_compiler(tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = tmp_path / "p"
    tinygen.build(GOLDEN_MODEL, board=BOARD, out=project)
    firmware = json.loads((project / MANIFEST).read_text())["firmware"]
    assert firmware["compiler"].startswith("1")
    edited(project, firmware=firmware | {"compiler": "9.9.9"})
    with pytest.raises(ToolchainError, match=r"before by 9\.9\.9"):
        tinygen.build(GOLDEN_MODEL, board=BOARD, out=project, locked=True)
