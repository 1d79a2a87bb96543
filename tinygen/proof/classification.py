"""What guesses of classes are worth: counts, shares and ranks. Pure NumPy.

`labels` are class numbers, int64 (samples,), `scores` a row of real values for each sample. The
tests hold all of it against scikit-learn, which no user has to install for this.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]

_Z = 1.959963984540054
"""Of the standard normal distribution, what 95 % lie within."""


def confusion(labels: Numbers, guesses: Numbers) -> dict[tuple[int, int], int]:
    """How many samples have this label and this guess, for each pair that there is."""
    pairs, counts = np.unique(np.stack([labels, guesses]), axis=1, return_counts=True)
    return {
        (int(label), int(guess)): int(count)
        for label, guess, count in zip(*pairs, counts, strict=True)
    }


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def f1(precision: float | None, recall: float | None) -> float | None:
    """Their harmonic mean; of one that is not defined the other stands for 0 hits."""
    if precision is None and recall is None:
        return None
    p, r = precision or 0.0, recall or 0.0
    return 2 * p * r / (p + r) if p + r else 0.0


def within_top(labels: Numbers, scores: Scores, k: int) -> float:
    """Share of samples whose label is among the `k` highest scores.

    Of equal scores the first counts as the higher one, as for a classifier on the device.
    """
    known = (labels >= 0) & (labels < scores.shape[1])
    rows = np.flatnonzero(known)
    own = scores[rows, labels[rows]][:, np.newaxis]
    places = np.arange(scores.shape[1])
    before = (scores[rows] > own) | ((scores[rows] == own) & (places < labels[rows][:, np.newaxis]))
    return float((before.sum(axis=1) < k).sum() / len(labels))


def auc(positive: NDArray[np.bool_], scores: Scores) -> float | None:
    """Area under the receiver operating characteristic: the share of pairs of one positive and one
    negative sample where the positive one has the higher score, a tie counting half (Mann and
    Whitney). None where all samples are of one kind."""
    most = int(positive.sum())
    if not 0 < most < len(positive):
        return None
    _, order, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[order]  # of equal scores the mean rank, from 1 on
    above = float(ranks[positive].sum()) - most * (most + 1) / 2
    return above / (most * (len(positive) - most))


def wilson(hits: int, samples: int) -> tuple[float, float]:
    """The 95 % interval of a share, as so many samples can tell it (Wilson, 1927)."""
    p, z2 = hits / samples, _Z * _Z / samples
    middle = (p + z2 / 2) / (1 + z2)
    half = _Z / (1 + z2) * math.sqrt(p * (1 - p) / samples + z2 / (4 * samples))
    return max(0.0, middle - half), min(1.0, middle + half)
