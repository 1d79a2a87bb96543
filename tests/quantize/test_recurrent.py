"""LSTM layers become one operator each, in either Keras, which computes what the layer does; other
recurrent layers become one step that is repeated."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygen import tflite
from tinygen.data import Dataset
from tinygen.errors import UnsupportedModel
from tinygen.ir import Int8Model, input_edges, output_edges
from tinygen.load import load
from tinygen.ops.repeat import Repeat
from tinygen.passes import roll_steps, simplify
from tinygen.proof import oracle
from tinygen.quantize import Quantized, quantize

STEPS, FEATURES, SAMPLES = 8, 5, 40
KIND = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def _both_ways(ls: Any, lstm: Any) -> tuple[Any, Any]:
    source = ls.Input((STEPS, FEATURES))
    steps = ls.Bidirectional(lstm(4, return_sequences=True, use_bias=False))(source)
    return source, ls.Flatten()(steps)


def _several(ls: Any, lstm: Any) -> tuple[Any, Any]:
    source, other = ls.Input((STEPS, FEATURES)), ls.Input((STEPS, FEATURES))
    upon = lstm(4)(lstm(6, return_sequences=True)(source))
    return [other, source], [ls.Dense(2)(lstm(3, go_backwards=True)(other)), upon]


def _remembers(ls: Any, lstm: Any) -> tuple[Any, Any]:
    source = ls.Input(batch_shape=(1, STEPS, FEATURES))
    return source, ls.Dense(3)(lstm(4, stateful=True)(source))


def _otherwise(ls: Any, lstm: Any) -> tuple[Any, Any]:
    """With an activation that the operator has not."""
    source = ls.Input((STEPS, FEATURES))
    return source, ls.Dense(3)(lstm(6, activation="sigmoid")(source))


def _saved(package: str, make: Callable[..., tuple[Any, Any]], folder: Path, layer: str) -> Path:
    keras = importlib.import_module(package)
    keras.utils.set_random_seed(3)
    path = folder / ("net.keras" if package == "keras" else "net.h5")
    keras.Model(*make(keras.layers, getattr(keras.layers, layer))).save(path)
    return path


@pytest.mark.parametrize(
    ("package", "make", "operators"),
    [
        ("tf_keras", _both_ways, 2),
        ("keras", _several, 3),
        ("keras", _remembers, 1),
    ],
)
def test_an_lstm_is_one_operator(
    package: str, make: Callable[..., tuple[Any, Any]], operators: int, tmp_path: Path
) -> None:
    loaded = load(_saved(package, make, tmp_path, "LSTM"))
    assert "as one operator" in loaded.loader
    rng = np.random.default_rng(4)
    shape = (SAMPLES, STEPS, FEATURES)
    arrays = tuple(rng.normal(0, 1, shape).astype(np.float32) for _ in loaded.inputs)
    made = quantize(loaded, Dataset(arrays, None, "test", ()))
    kinds = [node.op.kind for node in made.graph.nodes]
    assert kinds.count(KIND) == operators
    remembers = make is _remembers
    assert tflite.forgets(made.tflite) != remembers
    assert (len(made.graph.states) == 2) == remembers
    require_equal_and_near(made, arrays)


def require_equal_and_near(made: Quantized, arrays: tuple[np.ndarray, ...]) -> Int8Model:
    """What TFLM computes in sequences is what the reference does, and near the float model."""
    model = Int8Model(made.tflite, made.graph, simplify(made.graph))
    pairs = list(zip(input_edges(model.graph), arrays, strict=True))
    reals = [array.reshape(-1, *edge.shape) for edge, array in pairs]
    codes = [edge.quantize(array).reshape(-1, *edge.shape) for edge, array in pairs]
    starts = np.arange(SAMPLES) % 10 == 0
    expected = oracle.expected(model, codes, starts)
    ours = list(oracle.reference(model.graph, codes, starts))
    real = oracle.float_outputs(made.float_tflite, reals, starts)
    for number, edge in enumerate(output_edges(model.graph)):
        assert np.array_equal(np.stack([row[number] for row in ours]), expected.outputs[number])
        error = edge.dequantize(expected.outputs[number]) - real[number]
        assert 10 * np.log10(np.sum(real[number] ** 2) / np.sum(error**2)) > 20
    return model


@pytest.mark.parametrize(
    ("package", "make", "layer", "loops"),
    [
        ("tf_keras", _both_ways, "GRU", 2),
        ("keras", _remembers, "GRU", 1),
        ("tf_keras", _remembers, "SimpleRNN", 1),
        ("keras", _otherwise, "LSTM", 1),
    ],
)
def test_steps_are_one_that_is_repeated(
    package: str, make: Callable[..., tuple[Any, Any]], layer: str, loops: int, tmp_path: Path
) -> None:
    loaded = load(_saved(package, make, tmp_path, layer))
    assert "unrolled" in loaded.loader
    array = np.random.default_rng(4).normal(0, 1, (SAMPLES, STEPS, FEATURES)).astype(np.float32)
    made = quantize(loaded, Dataset((array,), None, "test", ()))
    assert (len(made.graph.states) == 1) == (make is _remembers)
    model = require_equal_and_near(made, (array,))
    rolled = roll_steps(model.graph)
    repeats = [node.op for node in rolled.nodes if isinstance(node.op, Repeat)]
    assert [op.steps for op in repeats] == [STEPS] * loops
    assert not any(node.op.kind == "ADD" for node in rolled.nodes), "no step is left outside"


@pytest.mark.parametrize(("make", "layer"), [(_otherwise, "SimpleRNN"), (_remembers, "LSTM")])
def test_sixteen_bits_begin_with_zeros_too(
    make: Callable[..., tuple[Any, Any]], layer: str, tmp_path: Path
) -> None:
    """They have no scale of their own there: the range of each step is its own."""
    loaded = load(_saved("keras", make, tmp_path, layer), unroll=True)
    assert "unrolled" in loaded.loader
    array = np.random.default_rng(4).normal(0, 1, (SAMPLES, STEPS, FEATURES)).astype(np.float32)
    made = quantize(loaded, Dataset((array,), None, "test", ()), activations="int16")
    require_equal_and_near(made, (array,))


def test_what_cannot_remember_is_refused_by_its_name(tmp_path: Path) -> None:
    def make(ls: Any, rnn: Any) -> tuple[Any, Any]:
        source = ls.Input(batch_shape=(1, STEPS, FEATURES))
        return source, rnn(ls.GRUCell(4), stateful=True)(source)

    with pytest.raises(UnsupportedModel, match=r"RNN '.*' is stateful") as caught:
        load(_saved("keras", make, tmp_path, "RNN"))
    assert "make the state an input and an output" in caught.value.next_step
