"""The portable set's fast kernels, blocked for each family of cores: bit for bit the reference on
the host under sanitizers, and on emulated cores as a firmware has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_conv_2d, test_op_depthwise_conv_2d, test_op_fully_connected
from tests.ops.cores import Core
from tests.ops.harness import Case, case, check_on_core, check_on_host, int8, offered
from tinygen import boards
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.ir import KernelCall
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.spatial import Padding
from tinygen.ops.sub import Sub

ON_HOST = (boards.Core.CORTEX_M0, boards.Core.RV32IMAC)
"""Of both ways to multiply, and to read a row."""
EMULATED = (
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m3", "-Os", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m4", "-O2"),
)


def fast(cases: Sequence[Case], core: boards.Core) -> list[Case]:
    """Each case for every candidate that is not the operator's own kernel."""
    found = []
    for one in offered(cases, Portable(), core):
        own = {call.kernel for call in one.op.lower(one.io) if isinstance(call, KernelCall)}
        calls = [call for call in one.lowered if isinstance(call, KernelCall)]
        if not own.issuperset(call.kernel for call in calls):
            found.append(one)
    assert found
    return found


def _drawn_conv(seed: int) -> Case:
    """Windows over the border and not, any number of pixels and channels, any clamp."""
    rng = np.random.default_rng(seed)
    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    return test_op_conv_2d.conv(
        f"drawn {seed}",
        (int(rng.integers(5, 9)), int(rng.integers(5, 9)), int(rng.integers(1, 14))),
        int(rng.integers(1, 14)),
        kernel,
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        padding=Padding(int(rng.integers(0, 2))),
        activation=Activation(int(rng.integers(0, 4))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


def _drawn_depthwise(seed: int) -> Case:
    """Any number of rows, filters over the border and not, in place and not."""
    rng = np.random.default_rng(100 + seed)
    stride = (1, 1) if seed % 2 else (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    return test_op_depthwise_conv_2d.depthwise(
        f"drawn {seed}",
        (int(rng.integers(4, 12)), int(rng.integers(4, 9)), int(rng.integers(1, 7))),
        int(rng.choice([1, 1, 1, 2, 3])),
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        stride,
        padding=Padding(int(rng.integers(0, 2))),
        activation=Activation(int(rng.integers(0, 4))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


def _drawn_sum(seed: int) -> Case:
    """ADD or SUB of scales that are near to each other, or far apart."""
    rng = np.random.default_rng(200 + seed)
    scales = np.exp(rng.uniform(-3.0, 1.0, 3))
    shape = (1, int(rng.integers(1, 9)), int(rng.integers(1, 40)))
    op = (Add, Sub)[seed % 2](Activation(int(rng.integers(0, 4))))
    zero_points = rng.integers(-128, 128, 3)
    return case(
        op,
        [int8(shape, float(s), int(z)) for s, z in zip(scales[:2], zero_points, strict=False)],
        [int8((), float(scales[2]), int(zero_points[2]))],
        name=f"sum {seed}",
        random_vectors=6,
        seed=seed,
    )


PAIRS = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128))
ALL_PAIRS = [each.astype(np.int8).reshape(1, 256, 256) for each in PAIRS]


def _all_pairs(scales: tuple[float, float, float], activation: Activation) -> Case:
    """Every code with every other one."""
    sources = [int8((1, 256, 256), scales[0], 3), int8((1, 256, 256), scales[1], -7)]
    target = int8((), scales[2], -20)
    return case(Add(activation), sources, [target], name=f"pairs {scales}", values=[ALL_PAIRS])


conv = test_op_conv_2d.conv
dense = test_op_fully_connected.dense
CHUNKS = (
    conv("one chunk", (4, 4, 8), 6, (3, 3)),
    conv("a chunk a row of the filter", (4, 4, 20), 5, (3, 3)),
    conv("two rows a chunk", (5, 4, 16), 4, (4, 3)),
    conv("a chunk a tap", (4, 3, 70), 3, (3, 3)),
    conv("a chunk a part of a tap", (2, 4, 300), 4, (1, 1)),
    conv("parts of the taps of a window over the border", (3, 3, 300), 2, (2, 2)),
    conv("biases of 2^30", (4, 4, 5), 9, bias="extreme", gain=1e-4),
)

CASES = {
    "conv_2d edges": test_op_conv_2d.EDGES,
    "conv_2d chunks": CHUNKS,
    "conv_2d drawn": tuple(_drawn_conv(seed) for seed in range(14)),
    "depthwise edges": test_op_depthwise_conv_2d.EDGES,
    "depthwise drawn": tuple(_drawn_depthwise(seed) for seed in range(14)),
    "fully_connected": (
        *test_op_fully_connected.EDGES,
        *(dense(f"{n} of {k}", (2, k), n, seed=n) for n, k in ((1, 8), (3, 16), (9, 31), (5, 2))),
        dense("per channel, clamped", (1, 40), 6, activation=Activation.RELU6, per_tensor=False),
    ),
    "add": (
        *(_drawn_sum(seed) for seed in range(16)),
        _all_pairs((0.05, 0.03, 0.06), Activation.RELU),
        _all_pairs((0.05, 0.05, 0.1), Activation.NONE),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_on_the_host(name: str, tmp_path: Path) -> None:
    for core in ON_HOST:
        (tmp_path / core).mkdir()
        check_on_host(fast(CASES[name], core), tmp_path / core)


@pytest.mark.parametrize("core", EMULATED, ids=lambda core: core.name)
@pytest.mark.parametrize("name", [name for name in CASES if "edges" not in name])
def test_on_an_emulated_core(name: str, core: Core, tmp_path: Path) -> None:
    check_on_core(fast(CASES[name], core.core), core, tmp_path)


@pytest.mark.parametrize(
    ("board_id", "name"),
    [
        ("qemu-aarch64", "depthwise drawn"),
        ("qemu-aarch64", "fully_connected"),
        ("qemu-armhf", "conv_2d drawn"),
        ("qemu-armhf", "add"),
    ],
)
def test_as_a_program_of_linux(board_id: str, name: str, tmp_path: Path) -> None:
    """Where the compiler makes vectors of loops."""
    core = boards.get_board(board_id).core
    check_on_host(fast(CASES[name], core), tmp_path, board_id=board_id)
