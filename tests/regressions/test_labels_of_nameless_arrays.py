"""`np.savez(file, X, y)` lost the labels, and `y_test` beside `x_test` was not used.

The arrays then have the names arr_0 and arr_1, and neither was taken for the input.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.regressions.data_files import refused, said
from tinygen.data import read_data
from tinygen.ir import Edge

IMAGE = Edge.real("image", (1, 8, 8, 1))
ROW = Edge.real("features", (1, 3))
PAIR = (Edge.real("left", (1, 2)), Edge.real("right", (1, 3)))
NUMBERS = np.random.default_rng(5)
X = NUMBERS.random((120, 8, 8), np.float32)
Y = np.arange(120) % 3


@pytest.mark.parametrize("labels", [Y, Y[:, np.newaxis], np.eye(3)[Y], Y.astype(np.float32)])
def test_positional(tmp_path: Path, labels: np.ndarray) -> None:
    path = tmp_path / "data.npz"
    for arrays in ((X, labels), (labels, X)):
        np.savez(path, *arrays)
        data = read_data(path, [IMAGE])
        assert np.array_equal(data.inputs[0][..., 0], X)
        assert data.labels is not None
        assert np.array_equal(data.labels, Y)
        assert said(data, "taken for the input image")
        assert said(data, "for the labels")


def test_positional_where_the_labels_have_the_shape_of_an_input(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    rows = NUMBERS.random((120, 3), np.float32)
    np.savez(path, rows, np.eye(3)[Y])
    data = read_data(path, [ROW])
    assert np.array_equal(data.inputs[0], rows)
    assert data.labels is not None
    assert np.array_equal(data.labels, Y)
    np.savez(path, a=rows, b=np.eye(3)[Y])
    assert "(120, 3)" in refused(path, ROW).why


def test_positional_of_several_inputs(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    left, right = NUMBERS.random((120, 2)), NUMBERS.random((120, 3))
    np.savez(path, left, right, Y)
    data = read_data(path, PAIR)
    assert [array.shape for array in data.inputs] == [(120, 2), (120, 3)]
    assert data.labels is not None
    np.savez(path, one=right, two=left)
    data = read_data(path, PAIR)
    assert [array.shape for array in data.inputs] == [(120, 2), (120, 3)]
    assert said(data, "'two' is taken for the input left")


@pytest.mark.parametrize(
    ("inputs", "labels"),
    [
        ("x_{}", "y_{}"),
        ("X_{}", "y_{}"),
        ("{}_images", "{}_labels"),
        ("{}X", "{}Y"),
        ("inputs_{}", "targets_{}"),
    ],
)
def test_labels_beside_their_inputs(tmp_path: Path, inputs: str, labels: str) -> None:
    path = tmp_path / "data.npz"
    arrays = {
        inputs.format("train"): X,
        labels.format("train"): Y,
        inputs.format("test"): X[:50],
        labels.format("test"): np.full(50, 7),
    }
    np.savez(path, **arrays)  # type: ignore[arg-type]
    train, test = read_data(path, [IMAGE]), read_data(path, [IMAGE], split="test")
    assert train.labels is not None
    assert test.labels is not None
    assert train.labels.tolist() == Y.tolist()
    assert test.labels.tolist() == [7] * 50
    assert said(train, inputs.format("train"))
    assert said(test, labels.format("test"))
    np.savez(path, **dict(list(arrays.items())[2:]))  # type: ignore[arg-type]
    alone = read_data(path, [IMAGE])
    assert alone.labels is not None
    assert len(alone.labels) == 50


def test_one_odd_name_and_labels_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, recordings=X, what=np.array(["cat", "dog", "bee"])[Y])
    data = read_data(path, [IMAGE])
    assert data.class_names == ("bee", "cat", "dog")
    assert data.labels is not None
    assert data.labels[:3].tolist() == [1, 2, 0]
    assert said(data, "'what' for the labels")
