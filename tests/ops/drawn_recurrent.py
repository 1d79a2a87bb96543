"""Random cases of operators that remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests.ops.harness import Case, case, int8, int32, tensor
from tinygen.ir import DType
from tinygen.ops.activation import Activation
from tinygen.ops.svdf import Svdf
from tinygen.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm


def lstm(
    rng: np.random.Generator,
    steps: int,
    features: int,
    units: int,
    *,
    clip: float = 0.0,
    power: int | None = None,
    wide: bool = False,
    bias: int = 20000,
) -> Case:
    """With weights that bring some gates to their ends, biases up to `bias` in int8, and a cell
    whose scale is two to that `power`, else to one that a model has; of int16 where it is `wide`.
    """
    dtype, finer = (DType.INT16, 256) if wide else (DType.INT8, 1)
    source_scale, hidden_scale = rng.uniform(0.004, 0.1), rng.uniform(0.003, 0.01)
    source_scale, hidden_scale = source_scale / finer, hidden_scale / finer
    scales = rng.uniform(0.002, 0.04, 8)
    weights = [
        int8(scale=scale, data=rng.integers(-127, 128, (units, features if i < 4 else units)))
        for i, scale in enumerate(scales)
    ]
    biases = [
        tensor(
            dtype=DType.INT64 if wide else DType.INT32,
            scale=float(source_scale * scale),
            data=finer * rng.integers(-bias, bias, units),
        )
        for scale in scales[:4]
    ]
    power = int(rng.integers(-18, -8)) if power is None else power
    major = bool(rng.integers(2))
    shape = (steps, 1, features) if major else (1, steps, features)
    zero_points = [0, 0] if wide else [int(z) for z in rng.integers(-128, 128, 2)]
    hidden = tensor((1, units), dtype, scale=hidden_scale, zero_point=zero_points[1])
    inputs = [
        tensor(shape, dtype, scale=source_scale, zero_point=zero_points[0]),
        *weights,
        *[None] * 3,
        *biases,
        *[None] * 2,
        hidden,
        tensor((1, units), DType.INT16, scale=2.0**power),
        *[None] * 4,
    ]
    outputs = [
        hidden,
        hidden,
        tensor((), DType.INT16, scale=2.0**power),
    ]
    op = UnidirectionalSequenceLstm(float(np.float32(clip)), major)
    return case(
        op,
        inputs,
        outputs,
        name=f"LSTM {dtype.value} {steps}x{features} {units} 2^{power}{' clipped' * (clip > 0)}",
        options={"fusedActivationFunction": 4, "cellClip": clip, "timeMajor": major},
        seed=int(rng.integers(1 << 30)),
    )


def _lstm(rng: np.random.Generator) -> Case:
    steps, features, units = (int(n) for n in rng.integers(1, (6, 13, 11)))
    clip, wide = float(rng.choice([0.0, 0.0, 0.5, 10.0])), bool(rng.integers(2))
    return lstm(rng, steps, features, units, clip=clip, wide=wide)


def svdf(
    rng: np.random.Generator,
    features: int,
    units: int,
    memory: int,
    *,
    rank: int = 1,
    batches: int = 1,
    wide: bool = True,
) -> Case:
    """With weights that bring some memories, and some outputs, to their ends; `wide` memories are
    int16."""
    filters, state_type = units * rank, DType.INT16 if wide else DType.INT8
    relu = bool(rng.integers(2))
    scales = rng.uniform(0.004, 0.1), rng.uniform(0.002, 0.04), rng.uniform(1e-4, 0.02)
    state_scale = scales[0] * scales[1] * np.sqrt(features) * (1 if wide else 200)
    usual = np.sqrt(memory * rank) * (19_000**2 if wide else 74**2)
    output_scale = state_scale * scales[2] * usual / 60
    state = tensor(
        (batches, memory * filters),
        state_type,
        scale=float(state_scale),
        zero_point=0 if wide else _zero_point(rng),
    )
    inputs = [
        int8((batches, features), scales[0], _zero_point(rng)),
        int8(scale=scales[1], data=rng.integers(-127, 128, (filters, features))),
        tensor(
            dtype=state_type,
            scale=scales[2],
            data=rng.integers(-state_type.high, state_type.high + 1, (filters, memory)),
        ),
        int32(rng.integers(-20000, 20000, units), scale=float(state_scale * scales[2])),
        state,
    ]
    outputs = [
        int8((), float(output_scale), -128 if relu else _zero_point(rng)),
        state,
    ]
    return case(
        Svdf(rank, Activation(int(relu))),
        inputs,
        outputs,
        name=f"SVDF {batches}x{features} {units}x{rank} {memory} {state_type.value}",
        options={"rank": rank, "fusedActivationFunction": int(relu)},
        random_vectors=6,
        seed=int(rng.integers(1 << 30)),
    )


def _zero_point(rng: np.random.Generator) -> int:
    return int(rng.integers(-128, 128))


def _svdf(rng: np.random.Generator) -> Case:
    features, units, memory, rank = (int(n) for n in rng.integers(1, (13, 7, 9, 4)))
    batches = int(rng.choice([1, 1, 1, 2]))
    wide = bool(rng.integers(2))
    return svdf(rng, features, units, memory, rank=rank, batches=batches, wide=wide)


RECURRENT: Mapping[str, Callable[[np.random.Generator], Case]] = {
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
