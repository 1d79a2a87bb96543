"""What must not look like success: wrong weights, wrong firmware, a lost device, no room."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.runner import GOLDEN_MODEL, tinygen
from tests.tflm import stand_in
from tinygen.api.build import BuildResult, build
from tinygen.api.flash import flash
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.errors import DeviceError, DoesNotFit, ToolchainError
from tinygen.progress import Silent
from tinygen.proof.verdict import Verdict


def place_of(elf: Path, ending: str) -> tuple[int, int]:
    """Where in the file the largest symbol of that ending lies, and how many bytes it has."""
    with elf.open("rb") as file:
        parsed = ELFFile(file)
        table = parsed.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        found = [s for s in table.iter_symbols() if s.name.endswith(ending)]
        largest = max(found, key=lambda s: s["st_size"])
        section = parsed.get_section(largest["st_shndx"])
        start = section["sh_offset"] + largest["st_value"] - section["sh_addr"]
        return start, largest["st_size"]


def change_a_weight(elf: Path) -> None:
    """Flip the sign bits of a few bytes in the middle of the largest weights: a kernel set may lay
    out weights with bytes between them that nothing is multiplied by."""
    start, size = place_of(elf, "_weights")
    content = bytearray(elf.read_bytes())
    for byte in range(16):
        content[start + size // 2 + byte] ^= 0x80
    elf.write_bytes(content)


def test_a_changed_weight_is_a_mismatch(digits: Callable[[str], BuildResult]) -> None:
    built = digits("qemu-cortex-m4")
    project = built.generated.project
    change_a_weight(built.elf)
    flash(project)
    result = verify(project)
    assert result.verdict is Verdict.MISMATCH
    assert result.exit_code == 4
    assert result.mismatched_elements > 0
    assert result.max_abs_diff_lsb > 0
    assert result.first_mismatch is not None
    assert result.next_step.endswith("--layers")
    ran = tinygen("verify", project, cwd=project)
    assert ran.code == 4
    assert ran.out.startswith("MISMATCH")


@pytest.mark.invariant("S11")
def test_firmware_of_another_model_is_unverified(
    digits: Callable[[str], BuildResult], tmp_path: Path
) -> None:
    mine = digits("qemu-cortex-m4")
    content = bytearray(GOLDEN_MODEL.read_bytes())
    start = content.index(b"strokes")
    content[start : start + 7] = b"STROKES"  # another file, so another model
    (tmp_path / "other.tflite").write_bytes(content)
    other = build(tmp_path / "other.tflite", board="qemu-cortex-m4", out=tmp_path / "o", jobs=1)
    try:
        port = flash(other.generated.project).port
        result = verify(mine.generated.project, port=port)
        assert result.verdict is Verdict.UNVERIFIED
        assert result.exit_code == 6
        assert "digits" in result.reason
        assert "other" in result.reason
        assert result.vectors == 0
        ran = tinygen("verify", mine.generated.project, "--port", port, cwd=tmp_path)
        assert ran.code == 6
        assert ran.out.startswith("UNVERIFIED")
    finally:
        qemu.stop(other.generated.project / ".tinygen")


class Killer(Silent):
    """Kills a process when the given count is reached."""

    def __init__(self, pid: int, at: int) -> None:
        self._pid = pid
        self._at = at
        self.killed = 0.0

    def count(self, done: int, total: int) -> None:  # noqa: ARG002
        if done == self._at:
            os.kill(self._pid, signal.SIGKILL)
            self.killed = time.monotonic()


def test_an_emulator_killed_in_the_middle(digits: Callable[[str], BuildResult]) -> None:
    project = digits("qemu-cortex-m4").generated.project
    flashed = flash(project)
    assert flashed.pid is not None
    killer = Killer(flashed.pid, at=5)
    result = verify(project, progress=killer)
    assert time.monotonic() - killer.killed < 10
    assert result.verdict is Verdict.UNVERIFIED
    assert result.exit_code == 6
    assert result.vectors == 5
    assert result.reason
    assert result.next_step


def test_a_device_that_hangs_is_given_up(digits: Callable[[str], BuildResult]) -> None:
    project = digits("qemu-cortex-m4").generated.project
    flashed = flash(project)
    assert flashed.pid is not None
    process = psutil.Process(flashed.pid)
    process.suspend()
    try:
        started = time.monotonic()
        result = verify(project, port=flashed.port)
        assert time.monotonic() - started < 15
        assert result.verdict is Verdict.UNVERIFIED
    finally:
        process.resume()


def test_too_large_for_the_board_gives_the_numbers(tmp_path: Path) -> None:
    large = tmp_path / "large.tflite"
    large.write_bytes(stand_in.pools((96, 96, 4), (48, 48, 4)))
    with pytest.raises(DoesNotFit) as caught:
        build(large, board="qemu-cortex-m0", out=tmp_path / "p")
    assert caught.value.exit_code == 3
    assert "36,868" in caught.value.why  # the arena
    assert "16,384" in caught.value.why  # the RAM
    assert caught.value.next_step
    assert not (tmp_path / "p").exists()


def test_a_missing_emulator_says_how_to_install_it(
    digits: Callable[[str], BuildResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = digits("qemu-cortex-m4").generated.project
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError) as caught:
        flash(project)
    assert caught.value.exit_code == 5
    assert "apt-get install qemu-system-arm" in caught.value.next_step


def test_a_firmware_that_does_not_answer(digits: Callable[[str], BuildResult]) -> None:
    built = digits("qemu-cortex-m4")
    content = bytearray(built.elf.read_bytes())
    start, size = place_of(built.elf, "main")
    start &= ~1  # a function's address has the mark of Thumb
    content[start : start + size] = b"\xfe\xe7" * (size // 2)  # b .
    built.elf.write_bytes(content)
    with pytest.raises(DeviceError, match="does not answer"):
        flash(built.generated.project)
    assert qemu.running(built.generated.project / ".tinygen") is None
