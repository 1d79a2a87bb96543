"""A firmware that crashed while it computed ended in "does not answer", without a word of where.

The device says it on the serial port, with the core's fault registers; the verdict shows it, with
the function's name and in words. An Arm core keeps it, starts anew, and tells it then.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.regressions.test_verdict_about_other_firmware import pio_run
from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.build import build
from tinygen.api.crash import explained
from tinygen.api.flash import flash, stop
from tinygen.api.verify import verify
from tinygen.proof.verdict import Verdict

_CRASHES = {
    "qemu-cortex-m3": ("it read or wrote where there is no memory", "the address was 0xe0200000"),
    "qemu-cortex-m0": (),  # it has no registers that tell more
    "qemu-hifive1": ("it wrote where there is no memory", "the address was 0xe0200000"),
}


@pytest.fixture
def crashing(board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose model writes where nothing is, from its fourth inference on."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    monkeypatch.chdir(tmp_path)
    project = build(GOLDEN_MODEL, board=board, out=tmp_path / "p", jobs=1).generated.project
    model = project / "lib" / "model" / "src" / "model.c"
    text = model.read_text("utf-8")
    start = "enum model_status model_invoke(void) {\n"
    assert text.count(start) == 1
    crash = (
        "static int32_t inferences;\n"
        "__attribute__((noinline)) static void fall_over(void) {\n"
        "  if (++inferences > 3) *(volatile int32_t *)(uintptr_t)0xE0200000u = inferences;\n}\n\n"
    )
    model.write_text(text.replace(start, crash + start + "  fall_over();\n"), "utf-8")
    pio_run(project)
    yield project
    stop(project)


@pytest.mark.parametrize("board", _CRASHES)
def test_a_crash_is_told_where_and_why(board: str, crashing: Path, tmp_path: Path) -> None:
    flash(crashing)
    result = verify(crashing, timeout=60)
    assert result.verdict is Verdict.UNVERIFIED
    restarts = board != "qemu-hifive1"
    assert ("the device restarted" if restarts else "does not answer") in result.reason
    assert ("what started it last: a fault" in result.why) == restarts
    assert result.vectors == 3
    assert "tg_fault: pc 0x" in result.why
    assert "in fall_over" in result.why
    for words in _CRASHES[board]:
        assert words in result.why
    if restarts:  # the device is there, and tells what it was before
        again = verify(crashing, timeout=60, vectors=3)
        assert again.verdict is Verdict.MATCH
        assert again.reset == "a fault of the program"
        assert "in fall_over" in again.fault
    flash(crashing)
    ran = tinygen("verify", crashing, "--vectors", "5", "--json", cwd=tmp_path)
    assert ran.code == 6
    assert "in fall_over" in ran.json["why"]


def test_registers_in_words() -> None:
    told = explained(
        "no answer; the port said\n  tg_fault: pc 0x00000c3e lr 0x00000a11 cfsr 0x02000000"
        " hfsr 0x40000000",
        None,
    )
    assert told == "it crashed at 0xc3e; it divided by zero"
    assert "stack overflowed" in explained("tg_fault: pc 0x00000000 cfsr 0x00100000", None)
    assert explained("tg_fault: stack overflow cfsr 0x00008200", None) == ""
    assert explained("nothing of the kind", None) == ""
