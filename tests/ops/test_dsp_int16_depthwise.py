"""DEPTHWISE_CONV_2D of int16 activations by the set `dsp`: equal to the reference on every core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.dsp_int16_cases import sixteen
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.int16_depthwise import VARIANTS
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

RELU, VALID = Activation.RELU, Padding.VALID

EDGES = tuple(
    sixteen(one)
    for one in (
        depthwise("3x3"),
        depthwise("3x3, ReLU", (6, 7, 8), activation=RELU),
        depthwise("one channel", (4, 4, 1)),
        depthwise("two channels, valid", (5, 4, 2), padding=VALID, activation=RELU),
        depthwise("three channels, 2x3", (4, 5, 3), kernel=(2, 3)),
        depthwise("five channels, stride 2", (7, 6, 5), stride=(2, 2), activation=RELU),
        depthwise("seven channels", (3, 3, 7), per_tensor=True),
        depthwise("nine channels, 1x1", (3, 2, 9), kernel=(1, 1)),
        depthwise("5x5", (8, 9, 4), kernel=(5, 5), activation=RELU),
        depthwise("one pixel", (1, 1, 6)),
        depthwise("window larger than the image", (2, 3, 5), kernel=(7, 5)),
        depthwise("stride larger than the window", (9, 8, 4), kernel=(2, 2), stride=(4, 3)),
        depthwise("stride larger than the image", (3, 3, 5), stride=(5, 7)),
        depthwise("dilated, padded", (9, 8, 5), dilation=(2, 3)),
        depthwise("dilated and strided alike", (9, 9, 4), stride=(1, 2), dilation=(1, 2)),
        depthwise("dilation skips the image", (2, 2, 3), dilation=(5, 5)),
        depthwise("whole image", (6, 5, 8), kernel=(6, 5), padding=VALID),
        depthwise("two images", (4, 4, 5), batches=2),
        depthwise("no bias", bias="absent"),
        depthwise("saturated", gain=10.0, activation=RELU),
        depthwise("nothing left", gain=1e-3),
    )
)


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(6100 + seed)
    dilation = (1, 1) if seed % 3 else tuple(int(d) for d in rng.integers(1, 4, 2))
    kernel = (3, 3) if seed % 2 else tuple(int(k) for k in rng.integers(1, 5, 2))
    need = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = Padding(int(rng.integers(0, 2)))
    low = need if padding is VALID else [1, 1]
    height, width = (int(rng.integers(least, least + 11)) for least in low)
    one = depthwise(
        f"random {seed}",
        (height, width, int(rng.integers(1, 20))),
        1,
        (kernel[0], kernel[1]),
        (int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        (dilation[0], dilation[1]),
        padding,
        RELU if rng.integers(0, 2) else Activation.NONE,
        batches=int(rng.choice([1, 1, 1, 2])),
        bias=str(rng.choice(["random", "absent"])),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )
    return sixteen(one, bias=int(rng.choice([1 << 12, 1 << 28])), seed=seed)


RANDOM = tuple(_random_case(seed) for seed in range(24))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*EDGES, *RANDOM]) == set(VARIANTS)


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            sixteen(one, extremes=False)
            for one in (
                depthwise("3x3", (25, 5, 64), activation=RELU),
                depthwise("3x3 stride 2", (24, 24, 8), stride=(2, 2)),
                depthwise("5x5", (12, 12, 16), kernel=(5, 5)),
                depthwise("odd channels", (12, 12, 7), padding=VALID),
                depthwise("10x4", (25, 5, 16), kernel=(10, 4)),
            )
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        sixteen(depthwise("two filters of a channel", (4, 4, 3), 2)),
        sixteen(depthwise("a factor that is too large", gain=400.0)),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
