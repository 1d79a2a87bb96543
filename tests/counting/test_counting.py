"""Counting by blocks: against QEMU's own clock, and the cycle model against cases by hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import tinygen
from tests.bench import cycles
from tests.counting import blocks, cortex_m4
from tests.runner import GOLDEN_MODEL
from tinygen.boards import get_board

M4 = "qemu-cortex-m4"
CASES = (
    ("add r0, r1; mla r0, r1, r2, r3; smlad r0, r1, r2, r3", 3),
    ("ldr r0, [r1]; ldr r2, [r1, #4]; ldrsb r3, [r1, #8]", 4),
    ("ldr r0, [r1]; ldr r2, [r0]", 4),  # the second needs the first's register
    ("ldr r0, [r1]; add r3, r3; ldr r2, [r1]", 5),
    ("str r0, [r1]; strb r2, [r1, #4]", 2),
    ("ldmia r0!, {r1, r4-r7}; push {r4, lr}; ldrd r2, r3, [r0]", 6 + 3 + 3),
    ("udiv r0, r1, r2; vsqrt.f32 s0, s1; vldmia r0!, {s0-s3}", 7 + 14 + 5),
)


@pytest.mark.parametrize(("code", "expected"), CASES)
def test_the_cycle_model(code: str, expected: int, tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    lines = "\n".join((".syntax unified", ".thumb", "f:", *code.split(";")))
    (tmp_path / "f.s").write_text(lines + "\n", encoding="ascii")
    flags = ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
    command = ["arm-none-eabi-gcc", *flags, "-c", "f.s", "-o", "f.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    program = blocks.Program(tmp_path / "f.o", "arm-none-eabi")
    one = blocks.Block(first=0, last=1000, size=0, times=10, taken=3)
    assert cortex_m4.cycles(program, [one]) == 10 * expected + 3 * cortex_m4.TAKEN


def test_an_inference_is_counted_as_by_the_clock(tmp_path: Path) -> None:
    missing = blocks.missing_tool("qemu-system-arm")
    if missing is not None or shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip(f"{missing or 'arm-none-eabi-gcc'} is not installed")
    built = tinygen.build(GOLDEN_MODEL, board=M4, out=tmp_path / "digits")
    try:
        clock = tinygen.verify(built.generated.project, vectors=cycles.VECTORS).instructions
    finally:
        tinygen.stop(built.generated.project)
    counted = cycles.count(built.generated.project, built.elf, get_board(M4))
    assert clock is not None
    assert abs(counted.instructions - clock) < 100  # reading the clock takes some
    assert sum(one.instructions for one in counted.functions) == pytest.approx(
        counted.instructions, abs=len(counted.functions)
    )
    assert counted.cycles is not None
    assert 1 < counted.cycles / counted.instructions < 2
    assert counted.functions[0].name.startswith(("model_layer_", "tg_dsp_"))  # or what layers share
