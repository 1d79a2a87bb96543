"""FULLY_CONNECTED: kernel = reference = TFLM on edge shapes, extremes and random sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8
from tests.ops.oracle import check_against_tflm
from tests.ops.tflite_file import reference, run_tflm, single_operator, tensor
from tests.ops.weighted_cases import bias_of, input_of, output_of, weights_of
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands, Shape
from tinygen.ops.activation import Activation
from tinygen.ops.fully_connected import FullyConnected


def dense(
    name: str,
    source: Shape = (1, 12),
    units: int = 6,
    depth: int | None = None,
    activation: Activation = Activation.NONE,
    *,
    keep_num_dims: bool = False,
    zero_points: tuple[int, int] = (3, -5),
    bias: str = "random",
    per_tensor: bool = True,
    gain: float = 1.0,
    seed: int = 0,
) -> Case:
    rng = np.random.default_rng(seed)
    depth = depth or source[-1]
    zero_channel = bias == "extreme"
    weights = weights_of((units, depth), 0, rng, per_tensor=per_tensor, zero_channel=zero_channel)
    return case(
        FullyConnected(activation, keep_num_dims),
        [input_of(source, zero_points[0]), weights, bias_of(weights, units, bias, rng)],
        [output_of(weights, depth, zero_points[1], gain)],
        name=name,
        options={"fusedActivationFunction": activation.value, "keepNumDims": keep_num_dims},
        seed=seed,
    )


EDGES = (
    dense("plain"),
    dense("one by one", (1, 1), 1),
    dense("one output", (1, 7), 1),
    dense("three outputs", (1, 5), 3),
    dense("one input", (1, 1), 5),
    dense("per channel", (1, 12), 7, per_tensor=False),
    dense("per channel, one unit", (1, 12), 1, per_tensor=False),
    dense("rows", (3, 10), 5),
    dense("image as one row", (1, 3, 4, 2), 6, 24),
    dense("image as rows", (2, 3, 4), 5, 4),
    dense("rank kept", (1, 3, 4), 5, keep_num_dims=True),
    dense("rank 1", (9,), 4),
    dense("long rows", (1, 1500), 9, activation=Activation.RELU),
    dense("lowest zero points", zero_points=(-128, -128), activation=Activation.RELU6),
    dense("highest zero points", zero_points=(127, 127), activation=Activation.RELU),
    dense("no bias", bias="absent"),
    dense("accumulators wrap", (1, 10), 9, bias="extreme"),
    dense("accumulators wrap, left shift", (1, 10), 9, bias="extreme", gain=1e5, per_tensor=False),
    dense("everything saturates", gain=400.0, activation=Activation.RELU_N1_TO_1),
    dense("left shift", gain=1e5),
    dense("multiplier too small", gain=1e-9),
)


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(3000 + seed)
    return dense(
        f"random {seed}",
        (int(rng.choice([1, 1, 2, 5])), int(rng.integers(1, 80))),
        int(rng.integers(1, 20)),
        activation=Activation(int(rng.integers(0, 4))),
        keep_num_dims=bool(rng.integers(0, 2)),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "random", "extreme", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


RANDOM = tuple(random_case(seed) for seed in range(25))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_fully_connected_kernel_equals_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path)


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_fully_connected_reference_equals_tflm(cases: tuple[Case, ...]) -> None:
    check_against_tflm(cases)


def test_fully_connected_multiplies_scales_in_float32() -> None:
    """One accumulator of a real model tells float32 from float64. Upstream went over to float64 in
    October 2026; the pinned wheel and the pinned sources of the tflm engine are from before."""
    source = tensor((1, 1), scale=0.024790890514850616, zero_point=-128)
    weights = tensor((1, 1), scale=0.0195566825568676, data=np.zeros((1, 1), np.int8))
    bias = tensor((1,), DType.INT32, scale=0.0004848275857511908, data=np.array([-88337], np.int32))
    output = tensor((1, 1), scale=0.36449846625328064, zero_point=96)
    model = single_operator("FULLY_CONNECTED", [source, weights, bias], [output])
    values = [np.zeros((1, 1), np.int8)]
    assert reference(model, values)[0].item() == -22
    assert run_tflm(model, values)[0].item() == -22


def test_fully_connected_counts_macs() -> None:
    one = dense("", (3, 10), 5)
    assert one.op.macs(one.io) == 3 * 10 * 5


@pytest.mark.parametrize(
    ("op", "source", "weights"),
    [
        (FullyConnected(), (1, 10), (5, 4)),
        (FullyConnected(keep_num_dims=True), (1, 2, 6), (5, 12)),
        (FullyConnected(), (1, 10), (5, 10, 1)),
    ],
    ids=["no whole rows", "cannot keep", "rank 3 weights"],
)
def test_fully_connected_refuses_shapes(op: FullyConnected, source: Shape, weights: Shape) -> None:
    with pytest.raises(UnsupportedModel):
        op.infer(Operands((int8(source), int8(weights)), ()))
