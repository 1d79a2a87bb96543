"""What labelled vectors say of a model, and how it is shown in 80 columns."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console, Group

from tinygen.ir import Array, DType, Edge
from tinygen.proof import rating
from tinygen.proof.vectors import Vectors
from tinygen.report.text.rating import rating_parts

PROBABILITY = Edge("p", (1, 1), DType.INT8, 1 / 256, -128, (), None)
VALUE = Edge("v", (1, 1), DType.INT8, 0.1, 0, (), None)


def vectors(
    outputs: Array, labels: list[int] | Array, origins: list[str] | None = None, **more: Any
) -> Vectors:
    count = len(outputs)
    return Vectors(
        inputs=(np.zeros((count, 1), np.int8),),
        expected=(outputs,),
        oracle="o",
        origins=tuple(origins or ["data"] * count),
        labels=np.array(labels, np.int64),
        **more,
    )


def rows(guesses: list[int], classes: int) -> Array:
    """Outputs whose largest elements are these."""
    made = np.zeros((len(guesses), 1, classes), np.int8)
    made[np.arange(len(guesses)), 0, guesses] = 100
    return made


def edge(classes: int, labels: tuple[str, ...] = ()) -> Edge:
    return Edge("scores", (1, classes), DType.INT8, 0.01, 0, labels, None)


def shown(accuracy: rating.Accuracy | None, regression: rating.Regression | None = None) -> str:
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as text:
        console.print(Group(*rating_parts(accuracy, regression, "board")))
    assert all(len(line) <= 80 for line in text.get().splitlines())
    return text.get()


def test_it_is_the_devices_outputs_that_are_rated() -> None:
    host, device = rows([0, 1, 2, 2], 3), rows([0, 1, 1, 1], 3)
    checks = vectors(host, [0, 1, 2, 2])
    found = rating.accuracy([edge(3, ("ant", "bee", "cat"))], checks, [device])
    assert found is not None
    assert (found.vectors, found.device, found.host_int8) == (4, 0.5, 1.0)
    assert [(c.label, c.samples, c.computed, c.recall) for c in found.classes] == [
        ("ant", 1, 1, 1.0),
        ("bee", 1, 3, 1.0),
        ("cat", 2, 0, 0.0),
    ]
    assert found.classes[2].precision is None
    assert found.classes[1].precision == pytest.approx(1 / 3)
    assert [(c.label, c.computed, c.samples) for c in found.confusion][-1] == (2, 1, 2)
    assert found.low < 0.5 < found.high
    assert "2 cat" in (text := shown(found))
    assert "4 labelled samples" in text
    assert "between 15.0 % and 85.0 %" in text


def test_the_test_set_counts_where_there_is_one() -> None:
    outputs = rows([0, 0, 1], 2)
    checks = vectors(outputs, [1, 0, 1], ["data", "test", "random"])
    found = rating.accuracy([edge(2)], checks, [outputs])
    assert found is not None
    assert (found.vectors, found.device) == (1, 1.0)
    assert "1 labelled sample " in shown(found)
    assert rating.accuracy([edge(2)], vectors(outputs, [-1] * 3), [outputs]) is None


def test_a_label_that_no_element_stands_for_is_wrong() -> None:
    outputs = rows([0, 1], 2)
    found = rating.accuracy([edge(2, ("a", "b"))], vectors(outputs, [0, 2_000_000_000]), [outputs])
    assert found is not None
    assert found.device == 0.5
    assert found.classes[-1].label is None
    assert found.classes[-1].auc is None
    assert "2000000000" in shown(found)


def test_one_probability_is_two_classes() -> None:
    outputs = np.array([[[-128]], [[-1]], [[0]], [[127]]], np.int8)
    found = rating.accuracy([PROBABILITY], vectors(outputs, [0, 1, 1, 1]), [outputs])
    assert found is not None
    assert found.device == 0.75
    assert found.auc == 1.0
    assert rating.regression([PROBABILITY], vectors(outputs, [0, 1, 1, 1]), [outputs]) is None
    assert rating.accuracy([VALUE], vectors(outputs, [0, 1, 1, 1]), [outputs]) is None


def test_values_are_held_against_targets() -> None:
    outputs = np.array([[[10]], [[20]], [[30]]], np.int8)  # 1, 2, 3
    for checks in (
        vectors(outputs, [1, 2, 5]),
        vectors(outputs, [-1] * 3, targets=np.array([[1.0], [2.0], [5.0]])),
        vectors(
            outputs, [-1] * 3, targets=np.array([[1.0], [2.0], [5.0]]), real_outputs=(outputs / 10,)
        ),
    ):
        found = rating.regression([VALUE], checks, [outputs])
        assert found is not None
        assert found.vectors == 3
        assert found.device.mae == pytest.approx(2 / 3)
        assert found.device.mean_error == pytest.approx(-2 / 3)
        assert "against 3 targets" in shown(None, found)
    none = vectors(outputs, [-1] * 3, targets=np.full((3, 2), 1.0))
    assert rating.regression([VALUE], none, [outputs]) is None


def test_a_thousand_classes_show_those_that_are_told_apart_worst() -> None:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 1000, 3000)
    guesses = np.where(draw.random(3000) < 0.9, labels, draw.integers(0, 1000, 3000))
    names = tuple(f'{i} "so, a name" \u65e5 of a class that is long' for i in range(1000))
    outputs = rows(list(guesses), 1000)
    found = rating.accuracy([edge(1000, names)], vectors(outputs, labels), [outputs])
    assert found is not None
    assert sum(c.samples for c in found.confusion) == 3000
    text = shown(found)
    assert len(text.splitlines()) < 80
    assert "the 12 of" in text
    assert "the whole matrix is in --json" in text
    assert "\u65e5" in text
