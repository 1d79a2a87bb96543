"""The portable set's fast kernels, blocked for each family of cores: bit for bit the reference on
the host under sanitizers, and on emulated cores as a firmware has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_conv_2d
from tests.ops.cores import Core
from tests.ops.harness import Case, check_on_core, check_on_host, offered
from tinygen import boards
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.ir import KernelCall
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

ON_HOST = (
    boards.Core.CORTEX_M0,
    boards.Core.CORTEX_M3,
    boards.Core.RV32IMAC,
    boards.Core.XTENSA_LX106,
    boards.Core.XTENSA_LX6,
)
"""One of each family."""
EMULATED = (
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m3", "-Os", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m3", "-O2"),
    Core("qemu-cortex-m4", "-Os"),
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


conv = test_op_conv_2d.conv
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
    "conv_2d drawn": tuple(_drawn_conv(seed) for seed in range(24)),
}


@pytest.mark.parametrize("name", CASES)
def test_on_the_host(name: str, tmp_path: Path) -> None:
    for core in ON_HOST:
        (tmp_path / core).mkdir()
        check_on_host(fast(CASES[name], core), tmp_path / core)


@pytest.mark.parametrize("core", EMULATED, ids=lambda core: core.name)
@pytest.mark.parametrize("name", CASES)
def test_on_an_emulated_core(name: str, core: Core, tmp_path: Path) -> None:
    check_on_core(fast(CASES[name], core.core), core, tmp_path)
