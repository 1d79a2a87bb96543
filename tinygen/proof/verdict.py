"""Expected outputs x device outputs -> Verdict, and how far apart the numbers are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.ir import Array, DType, Edge
from tinygen.proof import metrics
from tinygen.proof.vectors import Vectors

_NO_NUMBER = 1 << 31
"""Steps between a number and what is none."""


class Verdict(Enum):
    """What a check can end in. Not checked never looks like correct."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    WITHIN = "WITHIN"
    """Not bit for bit, but no element farther off than a person allowed (`--atol`)."""
    UNVERIFIED = "UNVERIFIED"


@dataclass(frozen=True)
class Distance:
    """How far outputs are from the oracle's. LSB is one step of the int8 codes behind them."""

    mismatched_elements: int
    max_abs_diff_lsb: int
    rmse_lsb: float
    mae_lsb: float
    mean_error_lsb: float
    """Of actual minus expected: the bias."""
    std_error_lsb: float
    """Standard deviation of the same difference."""
    relative_l2: float
    cosine: float
    nash_sutcliffe: float
    """Nash-Sutcliffe efficiency: 1 where all is equal; -infinity where all expected values are one
    and another came."""
    argmax_agreement: float | None
    """Share of vectors with the same largest element; None for outputs of one element."""


@dataclass(frozen=True)
class RealDistance:
    """How far outputs, as real values, are from reference values, in the unit of the model."""

    sqnr_db: float
    rmse: float
    mae: float
    mean_error: float
    """Of actual minus reference: the bias."""
    std_error: float
    """Standard deviation of the same difference."""
    relative_l2: float
    cosine: float
    nash_sutcliffe: float
    """Nash-Sutcliffe efficiency: 1 where all is equal, 0 for no better than the mean."""
    max_abs_diff: float
    argmax_agreement: float | None


@dataclass(frozen=True)
class OutputReport:
    """One output of the model over all vectors checked."""

    name: str
    shape: tuple[int, ...]
    elements: int
    device: Distance
    litert: Distance | None
    """LiteRT against the oracle."""
    float_model: RealDistance | None
    """On the samples of data, as `build` shows it."""
    float_vectors: int
    """How many those are."""
    float_model_made: RealDistance | None
    """On the edge and random vectors, which nobody calibrated for: how far numbers can go apart,
    and no measure of the model."""
    labels: tuple[str, ...]
    """Names of the classes that the elements stand for; empty where they are not known."""


@dataclass(frozen=True)
class FirstMismatch:
    """Where to look first: the element of the first vector that differs."""

    vector: int
    origin: str
    output: str
    element: int
    expected: int | float
    device: int | float
    label: str | None
    """The class that the element stands for, where the output has names of classes."""


def compare(
    tensors: Sequence[Edge], vectors: Vectors, device: Sequence[Array]
) -> tuple[OutputReport, ...]:
    """One report per output; `device` holds (vectors, *shape), the first of `vectors`."""
    reports = []
    for i, tensor in enumerate(tensors):
        count = len(device[i])
        expected = vectors.expected[i][:count]
        litert = vectors.litert.outputs[i][:count] if vectors.litert is not None else None
        real = vectors.real_outputs[i][:count] if vectors.real_outputs is not None else None
        data = vectors.from_data(count)
        reports.append(
            OutputReport(
                name=tensor.name,
                shape=tensor.shape,
                elements=int(expected.size),
                device=distance(tensor, expected, device[i]),
                litert=None if litert is None else distance(tensor, expected, litert),
                float_model=_of(tensor, real, device[i], data),
                float_vectors=0 if real is None else int(data.sum()),
                float_model_made=_of(tensor, real, device[i], ~data),
                labels=tensor.labels,
            )
        )
    return tuple(reports)


def _of(tensor: Edge, real: Array | None, device: Array, picks: Array) -> RealDistance | None:
    """The distance over these vectors, None where there are none."""
    if real is None or not picks.any():
        return None
    return real_distance(tensor, real[picks], device[picks])


def distance(tensor: Edge, expected: Array, actual: Array) -> Distance:
    """Both of the edge's type, (vectors, *shape)."""
    reference, measured = real_values(tensor, expected), real_values(tensor, actual)
    steps = tensor.steps(expected), tensor.steps(actual)
    most = metrics.max_abs_diff(*steps)
    return Distance(
        mismatched_elements=metrics.mismatched_elements(expected, actual),
        max_abs_diff_lsb=math.ceil(most) if math.isfinite(most) else _NO_NUMBER,
        rmse_lsb=metrics.rmse(*steps),
        mae_lsb=metrics.mae(*steps),
        mean_error_lsb=metrics.mean_error(*steps),
        std_error_lsb=metrics.std_error(*steps),
        relative_l2=metrics.relative_l2(reference, measured),
        cosine=metrics.cosine(reference, measured),
        nash_sutcliffe=metrics.nash_sutcliffe(reference, measured),
        argmax_agreement=_argmax(expected, actual),
    )


def real_distance(tensor: Edge, real: Array, quantized: Array) -> RealDistance:
    """`real` values and those `quantized` as the edge has them, both (vectors, *shape)."""
    measured = real_values(tensor, quantized)
    return RealDistance(
        sqnr_db=metrics.sqnr_db(real, measured),
        rmse=metrics.rmse(real, measured),
        mae=metrics.mae(real, measured),
        mean_error=metrics.mean_error(real, measured),
        std_error=metrics.std_error(real, measured),
        relative_l2=metrics.relative_l2(real, measured),
        cosine=metrics.cosine(real, measured),
        nash_sutcliffe=metrics.nash_sutcliffe(real, measured),
        max_abs_diff=float(metrics.max_abs_diff(real, measured)),
        argmax_agreement=_argmax(real, measured),
    )


def real_values(edge: Edge, quantized: Array) -> Array:
    """The edge's values as float64 real values."""
    if edge.dtype is DType.FLOAT32:
        return quantized.astype(np.float64)
    return edge.scale * (quantized.astype(np.float64) - edge.zero_point)


def _argmax(reference: Array, actual: Array) -> float | None:
    if len(reference) == 0 or reference[0].size < 2:
        return None
    count = len(reference)
    return metrics.argmax_agreement(reference.reshape(count, -1), actual.reshape(count, -1))


def first_mismatch(
    tensors: Sequence[Edge], vectors: Vectors, device: Sequence[Array]
) -> FirstMismatch | None:
    """The first element, in the order of vectors, then outputs, that differs."""
    for vector in range(len(device[0])):
        for i, tensor in enumerate(tensors):
            expected = vectors.expected[i][vector].reshape(-1)
            actual = device[i][vector].reshape(-1)
            wrong = np.flatnonzero(~metrics.equal(expected, actual))
            if wrong.size:
                element = int(wrong[0])
                return FirstMismatch(
                    vector=vector,
                    origin=vectors.origins[vector],
                    output=tensor.name,
                    element=element,
                    expected=expected[element].item(),
                    device=actual[element].item(),
                    label=tensor.labels[element] if tensor.labels else None,
                )
    return None


def worst_of(verdicts: Sequence[Verdict]) -> int:
    """Which of them is that of all together."""
    order = (Verdict.MATCH, Verdict.WITHIN, Verdict.UNVERIFIED, Verdict.MISMATCH)
    return max(range(len(verdicts)), key=lambda i: order.index(verdicts[i]))
