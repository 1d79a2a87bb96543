"""Kernels whose weights are packed in flash: bit for bit the reference, on the host under
sanitizers, and on emulated cores as a firmware has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_conv_2d, test_op_fully_connected
from tests.ops.cores import Core
from tests.ops.harness import Case, case, check_on_core, check_on_host, offered
from tests.ops.test_int4_weights import as_int4
from tests.ops.test_op_fully_connected import random_case as random_dense
from tinygen import boards
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.engines.aot.kernel_sets.portable import int4, rice
from tinygen.ir import Array, KernelCall
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

EMULATED = (
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m4", "-O2"),
    Core("qemu-cortex-m4", "-Os"),
)
PACKED = frozenset({rice.FULLY_CONNECTED, rice.CONV_2D, int4.KERNEL})


def peaked(one: Case, seed: int = 0) -> Case:
    """The case with weights around zero, of rows that differ in how far: some are all zero, some
    have one value that is rare and far."""
    rng = np.random.default_rng(9000 + seed)
    source, weights, *bias = one.io.inputs
    assert weights is not None
    rows = np.zeros((weights.shape[0], int(np.prod(weights.shape[1:]))))
    for at, width in enumerate(rng.choice([0.0, 0.4, 1.0, 4.0, 12.0], len(rows))):
        rows[at] = rng.laplace(0, width, rows.shape[1]) if width else 0
        rows[at, rng.integers(rows.shape[1])] = rng.integers(-128, 128)
    data = np.clip(np.rint(rows), -128, 127).astype(np.int8).reshape(weights.shape)
    inputs = [source, replace(weights, data=data), *bias]
    return case(one.op, inputs, one.io.outputs, name=one.name, seed=seed)


def of_few_values(one: Case, seed: int = 0) -> Case:
    """The case with weights of sixteen values, far apart."""
    rng = np.random.default_rng(seed)
    source, weights, *bias = one.io.inputs
    assert weights is not None
    values = rng.permutation(np.arange(-128, 128, dtype=np.int8))[:16]
    values[:2] = -128, 127
    narrow = replace(weights, data=rng.choice(values, weights.shape))
    return case(one.op, [source, narrow, *bias], one.io.outputs, name=one.name, seed=seed)


def packed(cases: Sequence[Case], core: boards.Core) -> list[Case]:
    """Each case for every candidate whose weights are packed."""
    found = [
        one
        for one in offered(cases, Portable(), core)
        if any(call.kernel in PACKED for call in one.lowered if isinstance(call, KernelCall))
    ]
    assert found
    return found


def _drawn_conv(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    one = test_op_conv_2d.conv(
        f"drawn {seed}",
        (int(rng.integers(5, 8)), int(rng.integers(5, 8)), int(rng.integers(6, 14))),
        int(rng.integers(9, 20)),
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        (int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        padding=Padding(int(rng.integers(0, 2))),
        activation=Activation(int(rng.integers(0, 4))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "extreme", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )
    return peaked(one, seed)


def _drawn_dense(seed: int) -> Case:
    rng = np.random.default_rng(700 + seed)
    one = test_op_fully_connected.dense(
        f"drawn {seed}",
        (int(rng.choice([1, 1, 3])), int(rng.integers(30, 90))),
        int(rng.integers(9, 30)),
        activation=Activation(int(rng.integers(0, 4))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "extreme", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )
    return peaked(one, seed)


CASES = (
    *(as_int4(one) for one in test_op_fully_connected.EDGES[::2]),
    *(as_int4(random_dense(seed)) for seed in range(6)),
    *(of_few_values(random_dense(seed), seed) for seed in range(4)),
    *(of_few_values(one) for one in test_op_fully_connected.EDGES[::4]),
    *(peaked(one) for one in (*test_op_conv_2d.EDGES[::4], *test_op_fully_connected.EDGES[::3])),
    *(_drawn_conv(seed) for seed in range(8)),
    *(_drawn_dense(seed) for seed in range(8)),
)


def test_on_the_host(tmp_path: Path) -> None:
    found = packed(CASES, boards.Core.RV32IMAC)
    used = {call.kernel for one in found for call in one.lowered if isinstance(call, KernelCall)}
    assert used == PACKED
    check_on_host(found, tmp_path)


@pytest.mark.parametrize("core", EMULATED, ids=lambda core: core.name)
def test_on_emulated_cores(core: Core, tmp_path: Path) -> None:
    check_on_core(packed(CASES, core.core), core, tmp_path)


def _decoded(coded: rice.Coded) -> Array:
    """What is read of the constants, by the words of the header."""
    words = coded.constants()["weights"].data.view(np.uint32)
    bits = "".join(f"{int(word):032b}" for word in words)
    rows, at = [], 0
    for _ in range(len(coded.k)):
        k, at = int(bits[at : at + 3], 2), at + 3
        row: list[np.int8] = []
        while len(row) < coded.row:
            if bits.startswith("0" * 24, at):
                number, at = int(bits[at + 24 : at + 32], 2), at + 32
            else:
                one = bits.index("1", at)
                low = bits[one + 1 : one + 1 + k]
                number, at = (one - at << k) + int(low or "0", 2), one + 1 + k
            row.append(coded.values[number])
        rows.append(row)
    assert at == coded.bits
    return np.array(rows, np.int8)


@pytest.mark.parametrize("depth", [1, 2, 31, 400])
def test_the_code_can_be_read(depth: int) -> None:
    rng = np.random.default_rng(depth)
    every = np.arange(-128, 128, dtype=np.int8).reshape(-1, 1).repeat(depth, axis=1)
    drawn = np.rint(rng.laplace(0, 20, (30, depth))).clip(-128, 127).astype(np.int8)
    for rows in (every, drawn, np.zeros((3, depth), np.int8)):
        np.testing.assert_array_equal(_decoded(rice.code_of(rows)), rows, strict=True)


def test_weights_that_are_frequent_are_short() -> None:
    rows = np.zeros((8, 1000), np.int8)
    rows[:, ::50] = 100
    coded = rice.code_of(rows)
    assert coded.bits == 8 * (3 + 980 + 2 * 20)
    assert coded.values.tolist() == [0, 100]
