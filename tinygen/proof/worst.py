"""Expected outputs x device outputs -> the vectors to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Edge
from tinygen.proof import metrics
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import real_values

MOST = 6
"""Vectors that are told of."""
_VALUES = 64
"""Elements of an output that are repeated."""
_HALF = 0.5


@dataclass(frozen=True)
class WorstVector:
    """One vector that is farther off than others, with what the device computed of it."""

    vector: int
    """Its number, from 0 on."""
    origin: str
    mismatched_elements: int
    """Elements of all outputs that are not the oracle's."""
    max_abs_diff_lsb: int | float
    """How far off the farthest of them is."""
    missed_label: bool
    """Whether the device takes it for another class than its label says."""
    float_rmse: float | None
    """Of the first output against the float model's, in real values; None where there is none."""
    device: tuple[float, ...]
    """The first output as the device computed it, real values, up to 64 elements."""


def worst(
    tensors: Sequence[Edge], vectors: Vectors, device: Sequence[Array], most: int = MOST
) -> tuple[WorstVector, ...]:
    """Up to `most` vectors, the worst one first: those that differ from the oracle, then those
    whose label is missed, then samples of data that are far from the float model. Vectors of which
    nothing is wrong are left out. `device` holds (vectors, *shape), the first of `vectors`."""
    found = [one for one in _each(tensors, vectors, device) if any(_badness(one))]
    return tuple(sorted(found, key=_badness, reverse=True)[:most])


def _badness(one: WorstVector) -> tuple[int, bool, float]:
    return one.mismatched_elements, one.missed_label, one.float_rmse or 0.0


def _each(
    tensors: Sequence[Edge], vectors: Vectors, device: Sequence[Array]
) -> Iterator[WorstVector]:
    data = vectors.from_data(len(device[0]))
    for index, origin in enumerate(vectors.origins[: len(device[0])]):
        pairs = [(vectors.expected[i][index], device[i][index]) for i in range(len(tensors))]
        steps = [(t.steps(e), t.steps(a)) for t, (e, a) in zip(tensors, pairs, strict=True)]
        real = None
        if vectors.real_outputs is not None and data[index]:
            real = metrics.rmse(
                vectors.real_outputs[0][index], real_values(tensors[0], device[0][index])
            )
        computed = real_values(tensors[0], device[0][index]).reshape(-1)
        yield WorstVector(
            vector=index,
            origin=origin,
            mismatched_elements=sum(metrics.mismatched_elements(*pair) for pair in pairs),
            max_abs_diff_lsb=max(metrics.max_abs_diff(*pair) for pair in steps),
            missed_label=_missed(int(vectors.labels[index]), computed),
            float_rmse=real,
            device=tuple(float(value) for value in computed[:_VALUES]),
        )


def _missed(label: int, scores: Array) -> bool:
    if label < 0:
        return False
    guess = int(scores.argmax()) if scores.size > 1 else int(scores[0] >= _HALF)
    return bool(np.not_equal(guess, label))
