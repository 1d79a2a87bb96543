"""A channels-first model's firmware on a Cortex-M4 gave wrong numbers: 3,704 of 3,760 differed.

GCC 12.2 at -O1 to -O3 dropped the call of a layer, a transpose between two places of one arena, for
every Thumb-2 core. Slices, joins and means of some shapes were lost as well. On the host all was
right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.cores import Core
from tests.ops.harness import Case, case, check_on_core, int8, int32
from tests.ops.tflite_file import single_operator
from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.boards import ArenaPlace
from tinygen.devices import qemu
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.transpose import Transpose
from tinygen.proof.verdict import Verdict

Q = (0.1, -7)
IMAGES = ((7, 7, 64), (4, 4, 16), (8, 8, 32), (3, 3, 8))
THUMB2 = ("m3", "m4", "m7", "m33", "m55")
CORES = (
    *(Core(f"qemu-cortex-{core}", "-O2") for core in THUMB2),
    *(Core("qemu-cortex-m4", level) for level in ("-O1", "-O3", "-Os")),
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m4", "-O2", place=ArenaPlace.HEAP),
)


def channels_first(height: int, width: int, channels: int) -> Case:
    """A transpose to channels first, as in the flatten of a channels-first model."""
    return case(
        Transpose(),
        [int8((1, height, width, channels), *Q), int32(np.array((0, 3, 1, 2)))],
        [int8((), *Q)],
        name=f"{height}x{width}x{channels} to channels first",
        options={},
    )


def every_other_channel(height: int, width: int, channels: int) -> Case:
    ends = ((0, 0, 0, 0), (1, height, width, channels), (1, 1, 1, 2))
    return case(
        StridedSlice(0, 0, 0),
        [int8((1, height, width, channels), *Q), *(int32(np.array(v)) for v in ends)],
        [int8((), *Q)],
        name=f"every other channel of {height}x{width}x{channels}",
    )


CASES = [make(*image) for make in (channels_first, every_other_channel) for image in IMAGES]


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_no_layer_is_lost(core: Core, tmp_path: Path) -> None:
    check_on_core(CASES, core, tmp_path)


def test_the_firmware_of_a_transpose_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Core("qemu-cortex-m4", "-O2").missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    monkeypatch.chdir(tmp_path)
    one = channels_first(*IMAGES[-1])
    model = tmp_path / "flatten.tflite"
    model.write_bytes(single_operator("TRANSPOSE", one.io.inputs, one.io.outputs, one.options))
    built = build(model, board="qemu-cortex-m4", out=tmp_path / "project", jobs=1)
    try:
        result = verify(built.generated.project)
    finally:
        qemu.stop(built.generated.project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.mismatched_elements == 0
