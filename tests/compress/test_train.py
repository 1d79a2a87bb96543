"""What is learned: the task, the split, training with a teacher, zeros and few values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygen.compression import sparse, train
from tinygen.compression.split import split
from tinygen.errors import InputError


def model(units: int, activation: str | None) -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(units, activation=activation),
        ]
    )


def clouds(count: int, classes: int = 3) -> train.Samples:
    """Points around a corner for each class."""
    drawn = np.random.default_rng(0)
    labels = drawn.integers(0, classes, count)
    points = np.eye(4)[labels] + drawn.normal(0, 0.2, (count, 4))
    return train.Samples((points.astype(np.float32),), labels)


@pytest.mark.parametrize(
    ("units", "activation", "classes"),
    [(3, "softmax", 3), (1, None, 2)],
)
def test_classes_are_learned(units: int, activation: str | None, classes: int) -> None:
    samples, made = clouds(400, classes), model(units, activation)
    task = train.task_of(made, samples.answers, None)
    assert (task.classes, task.measure) == (classes, "accuracy")
    train.fit(made, task, samples, train.Recipe(6, 0.02), seed=0)
    assert task.score(train.answers_of(made, samples), samples.answers) > 0.97


def test_a_teacher_teaches_what_no_label_says() -> None:
    """Labels of noise, and a teacher that knows: the student learns more than the noise."""
    samples = clouds(600)
    teacher = model(3, "softmax")
    task = train.task_of(teacher, samples.answers, None)
    train.fit(teacher, task, samples, train.Recipe(6, 0.02), seed=0)
    noise = np.random.default_rng(1).integers(0, 3, len(samples))
    wrong = train.Samples(samples.inputs, noise)
    scores = []
    for taught in (None, teacher):
        student = model(3, None)
        own = train.task_of(student, noise, None)
        train.fit(student, own, wrong, train.Recipe(6, 0.02), seed=0, teacher=taught)
        scores.append(own.score(train.answers_of(student, samples), samples.answers))
    assert scores[1] > 0.95 > scores[0]


def test_numbers_are_learned() -> None:
    drawn = np.random.default_rng(0)
    points = drawn.random((400, 4)).astype(np.float32)
    samples = train.Samples((points,), points[:, :1] * 2 - 1)
    made = model(1, None)
    task = train.task_of(made, None, samples.answers)
    assert task.measure == "mean squared error"
    train.fit(made, task, samples, train.Recipe(12, 0.02), seed=0)
    assert -0.01 < task.score(train.answers_of(made, samples), samples.answers) <= 0


@pytest.mark.parametrize("classes", [None, np.array([0, 1, 5])])
def test_labels_that_do_not_fit_are_refused(classes: np.ndarray | None) -> None:
    with pytest.raises(InputError):
        train.task_of(model(3, "softmax"), classes, None)


def test_no_sample_is_in_two_parts() -> None:
    samples = train.Samples((np.arange(400.0)[:, None],), np.arange(400))
    parts = split(samples, None, 0)
    each = [set(p.answers) for p in (parts.train, parts.validation, parts.test)]
    assert [len(part) for part in each] == [280, 60, 60]
    assert set.union(*each) == set(range(400))
    other = train.Samples((np.zeros((9, 1)),), np.zeros(9))
    given = split(samples, other, 0)
    assert len(given.train) == 340
    assert given.test is other
    with pytest.raises(InputError, match="too few"):
        split(samples.at(np.arange(50)), None, 0)


def test_zeros_stay_zero_while_training() -> None:
    samples, made = clouds(200), model(3, "softmax")
    task = train.task_of(made, samples.answers, None)
    again = sparse.zero_smallest(made, 0.75)
    kernel = made.layers[0].kernel
    zeros = np.asarray(kernel) == 0
    assert zeros.mean() == 0.75
    before = np.asarray(kernel).copy()
    train.fit(made, task, samples, train.Recipe(1, 0.02), seed=0, after_batch=again)
    assert (np.asarray(kernel)[zeros] == 0).all()
    assert (np.asarray(kernel)[~zeros] != before[~zeros]).any()


def test_clusters_are_the_nearest_of_few_values() -> None:
    values = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
    few = sparse.clustered(values, 16)
    centres = np.unique(few)
    assert len(centres) <= 16
    nearest = np.abs(values[..., None] - centres).min(axis=-1)
    np.testing.assert_allclose(np.abs(values - few), nearest, atol=1e-6)
    assert np.mean((values - few) ** 2) < 0.02
