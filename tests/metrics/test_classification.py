"""Counts, shares and ranks of classes, held against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn

from tinygen.proof import classification, metrics

SEEDS = range(12)


def drawn(seed: int, classes: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and scores in int8 steps with many ties."""
    draw = np.random.default_rng(seed)
    classes = classes or int(draw.integers(2, 7))
    labels = draw.integers(0, classes, int(draw.integers(2, 60)))
    scores = draw.integers(-8, 8, (len(labels), classes)) / 16
    scores[np.arange(len(labels)), labels] += 0.25
    return labels.astype(np.int64), scores


@pytest.mark.parametrize("seed", SEEDS)
def test_the_matrix_and_its_shares(seed: int) -> None:
    labels, scores = drawn(seed)
    guesses = scores.argmax(axis=1)
    cells = classification.confusion(labels, guesses)
    whole = sklearn.confusion_matrix(labels, guesses, labels=range(scores.shape[1]))
    assert cells == {(i, j): n for (i, j), n in np.ndenumerate(whole) if n}
    precisions, recalls, f1s, _ = sklearn.precision_recall_fscore_support(
        labels, guesses, labels=range(scores.shape[1]), zero_division=np.nan
    )
    for k in range(scores.shape[1]):
        hits = cells.get((k, k), 0)
        precision = classification.share(hits, int(whole[:, k].sum()))
        recall = classification.share(hits, int(whole[k].sum()))
        assert precision == pytest.approx(precisions[k]) or np.isnan(precisions[k])
        assert (precision is None) == np.isnan(precisions[k])
        assert recall == pytest.approx(recalls[k]) or np.isnan(recalls[k])
        assert (recall is None) == np.isnan(recalls[k])
        f1 = classification.f1(precision, recall)
        assert f1 == pytest.approx(f1s[k]) or np.isnan(f1s[k])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_area_under_the_curve(seed: int) -> None:
    labels, scores = drawn(seed, classes=2)
    area = classification.auc(labels == 1, scores[:, 1])
    if len(set(labels)) < 2:
        assert area is None
    else:
        assert area == pytest.approx(sklearn.roc_auc_score(labels, scores[:, 1]))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_top_k(seed: int) -> None:
    labels, scores = drawn(seed, classes=6)
    # Of equal scores the first counts: scikit-learn takes no side, so there are none here.
    scores = scores - np.arange(6) * 1e-6
    for k in (1, 3, 5):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = sklearn.top_k_accuracy_score(labels, scores, k=k, labels=range(6))
        assert classification.within_top(labels, scores, k) == pytest.approx(other)


def test_of_equal_scores_the_first_is_the_higher() -> None:
    labels, scores = np.array([2, 0, 7]), np.zeros((3, 3))
    assert classification.within_top(labels, scores, 1) == pytest.approx(1 / 3)
    assert classification.within_top(labels, scores, 2) == pytest.approx(1 / 3)
    assert classification.within_top(labels, scores, 3) == pytest.approx(2 / 3)


def test_few_samples_tell_little() -> None:
    """Against the table in Newcombe, Statistics in Medicine 17 (1998), method 3."""
    for (hits, samples), (low, high) in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }.items():
        assert classification.wilson(hits, samples) == pytest.approx((low, high), abs=5e-5)
    assert classification.wilson(20, 20)[1] == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_distances(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, other = draw.normal(3, 2, (9, 4)), draw.normal(3, 2, (9, 4))
    flat = truth.reshape(-1), other.reshape(-1)
    assert metrics.nash_sutcliffe(truth, other) == pytest.approx(sklearn.r2_score(*flat))
    assert metrics.rmse(truth, other) == pytest.approx(sklearn.root_mean_squared_error(*flat))
    assert metrics.mae(truth, other) == pytest.approx(sklearn.mean_absolute_error(*flat))
    squares = metrics.mean_error(truth, other) ** 2 + metrics.std_error(truth, other) ** 2
    assert squares == pytest.approx(metrics.rmse(truth, other) ** 2)


def test_int8_errors_do_not_wrap() -> None:
    low, high = np.full(3, -128, np.int8), np.full(3, 127, np.int8)
    assert metrics.mean_error(low, high) == 255.0
    assert metrics.mean_error(high, low) == -255.0
    assert metrics.std_error(low, high) == 0.0
    assert metrics.nash_sutcliffe(low, low) == 1.0
    assert metrics.nash_sutcliffe(low, high) == -np.inf
