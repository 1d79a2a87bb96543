"""Recurrent layers of both Keras, trained on digits that are read row by row, on the emulated
Cortex-M4: every element equal."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.project.library import SOURCES
from tinygen.proof.verdict import Verdict

ROWS, PIXELS, CLASSES = 8, 8, 10


def digits() -> tuple[np.ndarray, np.ndarray]:
    """(digits, rows, pixels) of 0 to 1, and which each is: scans of handwriting, of UCI."""
    found = load_digits()
    return (found.images / 16).astype(np.float32), found.target


def _reads_rows(layers: Any, source: Any) -> Any:
    """A GRU, a Bidirectional and an LSTM."""
    seen = layers.GRU(8, return_sequences=True)(source)
    return layers.LSTM(8)(layers.Bidirectional(layers.GRU(6, return_sequences=True))(seen))


@pytest.fixture(scope="module", name="trained")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that knows digits."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(1)
    images, labels = digits()
    source = keras.Input((ROWS, PIXELS))
    said = keras.layers.Dense(CLASSES, activation="softmax")(_reads_rows(keras.layers, source))
    model = keras.Model(source, said)
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(images, labels, batch_size=32, epochs=7, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] > 0.85
    path = tmp_path_factory.mktemp("digits") / "digits.keras"
    model.save(path)
    return path


def streaming(package: str, folder: Path) -> Path:
    """One that says after each row whether a digit with a stroke at its foot is over: a GRU that is
    trained on whole digits, and remembers a row at a time, as a wake word is waited for."""
    keras = importlib.import_module(package)
    keras.utils.set_random_seed(1)
    images, labels = digits()
    whole = keras.Input((ROWS, PIXELS))
    row = keras.Input(batch_shape=(1, 1, PIXELS))
    heard, waits = keras.layers.GRU(12), keras.layers.GRU(12, stateful=True)
    wakes, says = (keras.layers.Dense(1, activation="sigmoid") for _ in range(2))
    model, stream = keras.Model(whole, wakes(heard(whole))), keras.Model(row, says(waits(row)))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(images, labels == 2, batch_size=64, epochs=6, verbose=0)
    assert model.evaluate(images, labels == 2, verbose=0)[1] > 0.93
    stream.set_weights(model.get_weights())
    path = folder / "stream.h5"
    stream.save(path)
    return path


def matches(model: Path, data: np.ndarray, engine: str, project: Path) -> int:
    """How many vectors, of firmware that is right; of each all elements are equal."""
    build(model, board="qemu-cortex-m4", engine=engine, data=data, out=project, jobs=1)
    try:
        result = verify(project)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    return result.vectors


def test_steps_are_compiled_as_loops(trained: Path, tmp_path: Path) -> None:
    matches(trained, digits()[0][:200], "aot", tmp_path / "p")
    source = (tmp_path / "p" / SOURCES / "model.c").read_text()
    assert source.count(f"step < {ROWS}") == 3


def test_one_that_remembers_is_proven_in_sequences(tmp_path: Path) -> None:
    rows = digits()[0][:30].reshape(-1, 1, PIXELS)
    assert matches(streaming("tf_keras", tmp_path), rows, "aot", tmp_path / "p") > 60


@pytest.mark.usefixtures("tree")
def test_interpreted(trained: Path, tmp_path: Path) -> None:
    matches(trained, digits()[0][:200], "tflm", tmp_path / "p")
