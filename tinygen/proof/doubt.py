"""When the oracle itself is in doubt: what speaks against it, and for the device.

Three things compute what a device has to: TensorFlow Lite Micro, the oracle; tinygen's numpy
reference, written apart from it; and LiteRT, which rounds otherwise, but not far from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tinygen.ir import Array, Edge, Graph
from tinygen.proof import metrics
from tinygen.proof.oracle import REFERENCE, reference
from tinygen.proof.vectors import Vectors

_ASKED = 16
"""Vectors that the reference computes anew: it takes its time for large models."""
_NEAR_LSB = 8.0
_NEAR_SPREAD = 0.5
"""LiteRT's error against the oracle is small where it is below the first, or below this share of
the outputs' own spread: rounding has been seen to make 4 LSB or 5 %, other numbers make 140 %."""


def doubts(vectors: Vectors, outputs: Sequence[Edge]) -> tuple[str, ...]:
    """All that is known to speak against the oracle before a device has computed anything."""
    said = unproven(vectors), far_from_litert(vectors, outputs), *untrained(vectors, outputs)
    return tuple(text for text in said if text)


def untrained(vectors: Vectors, outputs: Sequence[Edge]) -> Iterator[str]:
    """That an output is the same for all samples of data, so that equal numbers say little."""
    picks = vectors.from_data(len(vectors))
    if picks.sum() < 2 or all((array[picks] == array[picks][:1]).all() for array in vectors.inputs):
        return
    for edge, values in zip(outputs, vectors.expected, strict=True):
        if (values[picks] == values[picks][:1]).all():
            yield f"the output '{edge.name}' is the same for every sample: is the model trained?"


def unproven(vectors: Vectors) -> str:
    """Why equal numbers prove nothing yet: no runtime that was asked runs the model, so that they
    are only those of tinygen's own reference; empty where one did, or none could be asked."""
    if vectors.oracle != REFERENCE or vectors.litert is not None or not vectors.refusals:
        return ""
    return "no runtime of TensorFlow Lite runs this model (" + "; ".join(vectors.refusals) + ")"


def refusal(vectors: Vectors, runtime: str) -> str:
    """What this runtime said as it refused the model; empty where it did not."""
    said = (text.partition(": ") for text in vectors.refusals)
    return next((why for name, _, why in said if name == runtime), "")


def same_as_reference(graph: Graph, vectors: Vectors, device: Sequence[Array]) -> bool:
    """Whether the device differs from the oracle, and there computed what the reference does: in
    every vector that differs, of many in the first 16. `device` holds (vectors, *shape) int8."""
    if vectors.oracle == REFERENCE:
        return False
    pairs = list(zip(vectors.expected, device, strict=True))
    wrong = [i for i in range(len(device[0])) if any((e[i] != d[i]).any() for e, d in pairs)]
    for i in wrong[:_ASKED]:
        steps = slice(vectors.begin(i), i + 1)
        starts = np.arange(i + 1 - steps.start) == 0
        *_, last = reference(graph, [inputs[steps] for inputs in vectors.inputs], starts)
        for value, got in zip(last, device, strict=True):
            if not np.array_equal(value, got[i]):
                return False
    return bool(wrong)


def far_from_litert(vectors: Vectors, outputs: Sequence[Edge]) -> str:
    """That the oracle and LiteRT compute different things, by more than rounding makes; empty where
    they do not, or LiteRT did not run the model."""
    if vectors.litert is None:
        return ""
    for edge, *pair in zip(outputs, vectors.expected, vectors.litert.outputs, strict=True):
        expected, other = (edge.steps(values) for values in pair)
        spread = float(np.std(expected.astype(np.float64)))
        error = metrics.rmse(expected, other)
        if error > max(_NEAR_LSB, _NEAR_SPREAD * spread):
            return (
                f"{vectors.oracle}, the oracle, and {vectors.litert.name} are {error:.0f} LSB apart"
                " (RMSE), which rounding does not explain: one of them reads the file otherwise"
            )
    return ""
