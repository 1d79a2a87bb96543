"""Labelled vectors x outputs -> how good the model is: of classes, or of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Edge
from tinygen.proof import classification
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import RealDistance, real_distance, real_values

TOP = (3, 5)
"""The label is to be among so many highest values, where there are more classes than that."""
_HALF = 0.5
_EDGE = 1 / 64
"""How far beyond 0 and 1 the values of what is called a probability may reach."""


@dataclass(frozen=True)
class ClassScore:
    """One class, as the device tells it from the others. Shares are 0 to 1."""

    number: int
    label: str | None
    """Its name, where there is one."""
    samples: int
    """Samples of the class."""
    computed: int
    """Samples that the device takes for it."""
    precision: float | None
    """Share of those that the device takes for it which are of it; None where it takes none."""
    recall: float | None
    """Share of its samples that the device takes for it; None where there is none."""
    f1: float | None
    auc: float | None
    """Area under the ROC curve of the class against the rest; None where one of both is empty."""


@dataclass(frozen=True)
class Confusion:
    """A cell of the confusion matrix that is not 0: samples of the class `label` that the device
    takes for the class `computed`."""

    label: int
    computed: int
    samples: int


@dataclass(frozen=True)
class TopK:
    """Share of samples, 0 to 1, whose label is among the device's `k` highest values."""

    k: int
    device: float


@dataclass(frozen=True)
class Accuracy:
    """Share of labelled vectors whose largest output is the label's, 0 to 1, and what else is known
    of the classes. All but the host's two shares is computed from what the device sent."""

    output: str
    vectors: int
    """Labelled samples that all of it rests on."""
    device: float
    host_int8: float
    host_float: float | None
    low: float
    """From here..."""
    high: float
    """... to here `device` is known, with 95 % confidence, by so many samples (Wilson)."""
    top: tuple[TopK, ...]
    balanced: float
    """Mean recall of the classes that have samples."""
    precision: float
    """Mean over the classes that have samples or are computed; one never computed counts as 0."""
    f1: float
    """Mean over the same classes."""
    auc: float | None
    """Mean of the classes', each against the rest; None where no class has both."""
    classes: tuple[ClassScore, ...]
    """Those that have samples, or that the device takes some for."""
    confusion: tuple[Confusion, ...]


@dataclass(frozen=True)
class Regression:
    """How far an output is from the values that the data say it should have."""

    output: str
    vectors: int
    """Samples that it rests on."""
    device: RealDistance
    host_int8: RealDistance
    host_float: RealDistance | None


def accuracy(outputs: Sequence[Edge], vectors: Vectors, device: Sequence[Array]) -> Accuracy | None:
    """Over the labelled vectors: the test set if there is one, else labelled data. The first output
    is rated, which has an element per class, or one that is a probability."""
    edge = outputs[0]
    picks = _rated(vectors, len(device[0]), vectors.labels >= 0)
    labels = vectors.labels[picks]
    if not picks.size or (edge.elements == 1 and not _is_probability(edge, labels)):
        return None

    def values(array: Array) -> Array:
        return real_values(edge, array[picks]).reshape(len(picks), -1)

    def share(scores: Array) -> float:
        return float((_guesses(scores) == labels).mean())

    scores = values(device[0])
    guesses = _guesses(scores)
    cells = classification.confusion(labels, guesses)
    classes = tuple(_score(edge, number, labels, guesses, scores) for number in _numbers(cells))
    hits = sum(count for (label, guess), count in cells.items() if label == guess)
    low, high = classification.wilson(hits, len(labels))
    recalls = [c.recall for c in classes if c.recall is not None]
    areas = [c.auc for c in classes if c.auc is not None]
    return Accuracy(
        output=edge.name,
        vectors=len(picks),
        device=hits / len(labels),
        host_int8=share(values(vectors.expected[0])),
        host_float=None
        if vectors.real_outputs is None
        else share(vectors.real_outputs[0][picks].reshape(len(picks), -1)),
        low=low,
        high=high,
        top=tuple(
            TopK(k, classification.within_top(labels, scores, k))
            for k in TOP
            if k < scores.shape[1]
        ),
        balanced=_mean(recalls),
        precision=_mean([c.precision or 0.0 for c in classes]),
        f1=_mean([c.f1 or 0.0 for c in classes]),
        auc=_mean(areas) if areas else None,
        classes=classes,
        confusion=tuple(
            Confusion(label, guess, count) for (label, guess), count in sorted(cells.items())
        ),
    )


def regression(
    outputs: Sequence[Edge], vectors: Vectors, device: Sequence[Array]
) -> Regression | None:
    """Over the vectors whose data say what the first output should be: real values, or whole
    numbers for an output of one element that is no probability."""
    edge = outputs[0]
    wanted = vectors.targets
    if wanted is None:
        if edge.elements != 1 or _is_probability(edge, vectors.labels[vectors.labels >= 0]):
            return None
        wanted = np.where(vectors.labels < 0, np.nan, vectors.labels)[:, np.newaxis]
    picks = _rated(vectors, len(device[0]), np.asarray(np.isfinite(wanted).all(axis=1)))
    if not picks.size or wanted.shape[1] != edge.elements:
        return None
    truth = wanted[picks].reshape(device[0][picks].shape)
    real = None if vectors.real_outputs is None else vectors.real_outputs[0][picks]
    return Regression(
        output=edge.name,
        vectors=len(picks),
        device=real_distance(edge, truth, device[0][picks]),
        host_int8=real_distance(edge, truth, vectors.expected[0][picks]),
        host_float=None if real is None else real_distance(Edge.real("", edge.shape), truth, real),
    )


def _rated(vectors: Vectors, count: int, has: Array) -> Array:
    """Which of the first `count` vectors are rated, of those that have what is needed for it."""
    for origin in ("test", "data"):
        of = np.array([o == origin for o in vectors.origins[:count]], dtype=bool)
        if (of & has[:count]).any():
            return np.flatnonzero(of & has[:count])
    return np.array([], dtype=np.int64)


def _is_probability(edge: Edge, labels: Array) -> bool:
    """Whether the one element of an output is that of the second of two classes."""
    ends = edge.scale * (np.array(edge.span, np.float64) - edge.zero_point)
    return bool(
        len(labels) and labels.max() <= 1 and ends[0] >= -_EDGE and _HALF < ends[1] <= 1 + _EDGE
    )


def _guesses(scores: Array) -> Array:
    one = scores.shape[1] == 1
    return np.asarray(scores[:, 0] >= _HALF if one else scores.argmax(axis=1), dtype=np.int64)


def _numbers(cells: dict[tuple[int, int], int]) -> list[int]:
    return sorted({number for pair in cells for number in pair})


def _score(edge: Edge, number: int, labels: Array, guesses: Array, scores: Array) -> ClassScore:
    own, taken = labels == number, guesses == number
    hits, samples, computed = int((own & taken).sum()), int(own.sum()), int(taken.sum())
    precision = classification.share(hits, computed)
    recall = classification.share(hits, samples)
    column = None
    if edge.elements == 1:
        column = scores[:, 0] if number else -scores[:, 0]
    elif number < edge.elements:
        column = scores[:, number]
    return ClassScore(
        number=number,
        label=edge.labels[number] if number < len(edge.labels) and edge.elements > 1 else None,
        samples=samples,
        computed=computed,
        precision=precision,
        recall=recall,
        f1=classification.f1(precision, recall),
        auc=None if column is None else classification.auc(own, column),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
