"""From a model file to MATCH on the cores that are no Cortex-M: RISC-V, Xtensa, AVR (Arduino)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import tinygen
from tinygen.boards import Qemu, get_board

MODEL = Path(__file__).parents[1] / "golden" / "digits.tflite"


@pytest.mark.parametrize("board_id", ["qemu-hifive1", "qemu-mega2560", "qemu-xtensa"])
def test_digits_match(board_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    built = tinygen.build(MODEL, board=board_id)
    assert built.generated.vectors >= 100
    try:
        result = tinygen.verify(built.generated.project)
    finally:
        tinygen.stop(built.generated.project)
    assert result.verdict is tinygen.Verdict.MATCH
    assert (result.vectors, result.mismatched_elements) == (built.generated.vectors, 0)
    # QEMU counts no instructions of an AVR, and then none are told.
    device = get_board(board_id).device
    assert isinstance(device, Qemu)
    counted = device.icount_shift is not None
    assert (result.instructions is not None) == counted
    assert result.stack_used_bytes is not None
    assert 0 < result.stack_used_bytes < get_board(board_id).stack_bytes


def test_constants_of_an_avr_lie_in_flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    built = tinygen.build(MODEL, board="qemu-mega2560")
    done = subprocess.run(["avr-nm", built.elf], capture_output=True, text=True, check=True)
    symbols = [line.split() for line in done.stdout.splitlines()]
    weights = [int(s[0], 16) for s in symbols if s[-1].endswith("_weights")]
    assert len(weights) == 4
    # RAM begins at 0x800000 in the ELF file; 16-bit addresses reach 64 KB of flash.
    assert max(weights) < 0x10000


def test_constants_an_avr_cannot_reach_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board = (Path(tinygen.boards.__file__).parent / "qemu-mega2560.toml").read_text()
    small = tmp_path / "small.toml"
    small.write_text(
        board.replace('id = "qemu-mega2560"', 'id = "small"').replace(
            "constants_bytes = 61440", "constants_bytes = 4096"
        )
    )
    with pytest.raises(tinygen.DoesNotFit) as caught:
        tinygen.build(MODEL, board=str(small))
    assert "the core reads constants from the lower 4,096 bytes" in caught.value.why
