"""Keras models, arrays and generators in place of files."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.load.keras_builders import keras_module, small_cnn
from tests.runner import GOLDEN_MODEL
from tinygen.api.in_memory import data_file, model_file
from tinygen.errors import InputError

X = np.random.default_rng(0).random((12, 8, 8, 1), np.float32)
Y = np.arange(12) % 10


def batches(size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(X), size):
        yield X[start : start + size], Y[start : start + size]


@pytest.mark.parametrize(
    ("data", "labelled"),
    [
        (X, False),
        (X.tolist(), None),
        ((X, Y), True),
        ({"image": X}, False),
        (({"x": X}, Y), True),
        (batches(5), True),
        (([x[np.newaxis]] for x in X), False),  # as TFLite's representative datasets
        (list(batches(12)), True),
    ],
)
def test_what_gives_samples(data: Any, labelled: bool | None) -> None:
    if labelled is None:  # a list is batches, not an array
        data = (np.asarray(data),)
    with data_file(data) as path:
        assert isinstance(path, Path)
        with np.load(path) as found:
            (x,) = (found[key] for key in found.files if key != "y")
            assert np.array_equal(x, X)
            assert ("y" in found.files) is bool(labelled)
            if labelled:
                assert np.array_equal(found["y"], Y)
    assert not path.exists()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (iter(()), "gives no batches"),
        (5, "gives no batches"),
        ([{"a": X}, {"b": X}], "gives no batches"),
        ([X, X[:, :4]], "different shapes"),
    ],
)
def test_what_gives_none_is_told(data: Any, what: str) -> None:
    with pytest.raises(InputError, match=what), contextlib.ExitStack() as held:
        held.enter_context(data_file(data))


def test_data_that_do_not_end_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygen.api.in_memory.MAX_VALUES", 10_000)
    with pytest.raises(InputError, match="do not end"), contextlib.ExitStack() as held:
        held.enter_context(data_file(itertools.repeat(X)))


def test_arrays_build_what_their_file_builds(tmp_path: Path) -> None:
    np.savez(tmp_path / "arrays.npz", x=X, y=Y)
    made = [
        tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", out=tmp_path / name, test=test)
        for name, test in (("a", str(tmp_path / "arrays.npz")), ("b", batches(4)))
    ]
    assert made[0].vectors == made[1].vectors
    vectors = [(tmp_path / name / "vectors.npz").read_bytes() for name in "ab"]
    assert vectors[0] == vectors[1]


def test_a_keras_model_is_its_file(tmp_path: Path) -> None:
    model = small_cnn(keras_module("keras"))
    with model_file(model) as first, model_file(model) as second:
        assert first.suffix == ".keras"
        assert first.read_bytes() == second.read_bytes(), "the same model is the same file"
    shape = (20, *model.input_shape[1:])
    result = tinygen.generate(
        model,
        board="qemu-cortex-m3",
        data=np.random.default_rng(0).random(shape),
        out=tmp_path / "p",
    )
    assert result.data == "arrays.npz"
    assert result.model == first.stem


def test_what_is_no_model_is_told() -> None:
    with pytest.raises(InputError, match="the model is a int") as raised:
        tinygen.inspect(5)  # type: ignore[arg-type]
    assert "a Keras model" in raised.value.why

    class Broken:
        name = "broken"

        def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
            raise NotImplementedError("no get_config")

    with pytest.raises(InputError, match="cannot be saved") as raised:
        tinygen.inspect(Broken())
    assert "no get_config" in raised.value.why
