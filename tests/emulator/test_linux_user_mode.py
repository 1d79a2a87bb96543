"""The emulated twins of boards with Linux: from a model to MATCH in QEMU's user mode, with the same
three commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.boards import Linux, get_board
from tinygen.devices import user_mode
from tinygen.errors import InputError, ToolchainError

BOARDS = ("qemu-aarch64", "qemu-armhf")


def match(model: Path, board: str, out: Path) -> tinygen.VerifyResult:
    built = tinygen.build(model, board=board, out=out)
    flashed = tinygen.flash(built.generated.project)
    assert (flashed.board, flashed.port, flashed.pid) == (board, str(built.elf), None)
    result = tinygen.verify(built.generated.project)
    assert result.verdict is tinygen.Verdict.MATCH
    assert (result.vectors, result.mismatched_elements) == (built.generated.vectors, 0)
    assert result.cost is None, "an emulator's time says nothing"
    return result


@pytest.mark.parametrize("board", BOARDS)
def test_digits_match(board: str, tmp_path: Path) -> None:
    assert match(GOLDEN_MODEL, board, tmp_path / "p").vectors >= 100


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", ["kws_ref_model.tflite", "vww_96_int8.tflite"])
def test_benchmark_models_match(name: str, board: str, models: Path, tmp_path: Path) -> None:
    match(models / name, board, tmp_path / "p")


def test_a_board_that_is_another_machine_has_to_be_named(tmp_path: Path) -> None:
    built = tinygen.build(GOLDEN_MODEL, board="raspberrypi4", out=tmp_path / "p")
    for command in (tinygen.flash, tinygen.verify):
        with pytest.raises(InputError, match="raspberrypi4 is another machine") as caught:
            command(built.generated.project)
        assert "--port ssh://USER@HOST" in caught.value.next_step
    header = subprocess.run(
        ["readelf", "-hl", built.elf], capture_output=True, text=True, check=True
    ).stdout
    assert "AArch64" in header
    assert "INTERP" not in header, "it needs no library of the machine's"


def test_linux_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for machine, board_id in {
        "x86_64": "linux-x86_64",
        "aarch64": "linux-aarch64",
        "armv7l": "linux-armhf",
    }.items():
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        board = get_board("linux")
        assert board.id == board_id
        assert isinstance(board.device, Linux)
        assert user_mode.runs_here(board.device)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(InputError, match="no board named linux-riscv64"):
        get_board("linux")


def test_an_emulator_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygen.processes.which", lambda _: None)
    with pytest.raises(ToolchainError, match="qemu-arm is not installed") as caught:
        user_mode.require("qemu-arm")
    assert "apt-get install qemu-user" in caught.value.next_step
