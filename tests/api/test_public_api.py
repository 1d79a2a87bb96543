"""The Python API: one function per command, frozen results, lazily imported names."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL


def test_every_public_name_is_there() -> None:
    for name in tinygen.__all__:
        assert getattr(tinygen, name) is not None
    with pytest.raises(AttributeError):
        _ = tinygen.nothing


def test_importing_tinygen_imports_nothing_else() -> None:
    code = "import sys, tinygen; print(*sorted(m for m in sys.modules if 'numpy' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == ""


def test_a_board_file_is_a_path(tmp_path: Path) -> None:
    board = tmp_path / "mine.toml"
    text = (files("tinygen.boards") / "qemu-cortex-m4.toml").read_text("utf-8")
    board.write_text(text.replace('id = "qemu-cortex-m4"', 'id = "mine"'), "utf-8")
    given: Any = board
    result = tinygen.generate(GOLDEN_MODEL, board=given, out=tmp_path / "p", trust_project=True)
    assert (result.project / "mine.toml").read_bytes() == board.read_bytes()


def test_generate_returns_a_frozen_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m4")
    assert result.project == Path("build/digits-qemu-cortex-m4")
    assert result.vectors >= 100
    assert result.arena_bytes == result.arena_minimum_bytes == 1848
    assert result.arena_peak == "layer 1, DEPTHWISE_CONV_2D strokes_1"
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.vectors = 0  # type: ignore[misc]
    written = {p.relative_to(result.project).as_posix() for p in result.project.rglob("*")}
    assert {"platformio.ini", "tinygen.json", "src/main.c", "lib/model/src/model.h"} <= written


def test_inspect_says_which_boards_fit() -> None:
    result = tinygen.inspect(GOLDEN_MODEL)
    assert result.layers[0].operator == "CONV_2D"
    assert result.macs == sum(layer.macs for layer in result.layers) == 70_080
    peak = max(result.layers, key=lambda layer: layer.live_bytes)
    assert peak.live_bytes <= result.arena_minimum_bytes == result.arena_bytes
    assert result.arena_peak == f"layer {peak.index}, {peak.operator} {peak.output}"
    aot = [fit for fit in result.boards if fit.engine == "aot"]
    assert all(fit.fits for fit in aot if fit.board.startswith("qemu-cortex"))
    assert not result.quantized_here
