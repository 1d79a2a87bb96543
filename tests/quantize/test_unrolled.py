"""Loops in SavedModels and frozen graphs are unrolled, and their steps become one again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.load.test_load_frozen import save
from tests.regressions.keras_models import keras_module, refused
from tinygen.data import Dataset
from tinygen.errors import InputError
from tinygen.load import LoadedModel, SavedModel, load
from tinygen.ops.repeat import Repeat
from tinygen.passes import roll_steps, simplify
from tinygen.proof import oracle
from tinygen.quantize import Quantized, quantize
from tinygen.quantize.unrolled import _in_order

SAMPLES, SHAPE = 30, (6, 5)


def _gru(ls: Any) -> Any:
    return ls.GRU(6)


def _lstm(ls: Any) -> Any:
    return ls.LSTM(4, return_sequences=True)


def _both_ways(ls: Any) -> Any:
    return ls.Bidirectional(ls.SimpleRNN(4))


def _own_cells(ls: Any) -> Any:
    return ls.RNN([ls.GRUCell(4), ls.SimpleRNNCell(3)])


def _pictures(ls: Any) -> Any:
    return ls.ConvLSTM2D(2, 3, padding="same")


def _exported(
    package: str, layer: Callable[[Any], Any], folder: Path, shape: tuple[int, ...] = SHAPE
) -> Path:
    keras = keras_module(package)
    keras.utils.set_random_seed(3)
    inputs = keras.layers.Input(shape)
    outputs = keras.layers.Dense(3)(layer(keras.layers)(inputs))
    keras.Model(inputs, outputs).export(str(folder / "net"))
    return folder / "net"


def _normal(loaded: LoadedModel) -> np.ndarray:
    shape = (SAMPLES, *loaded.inputs[0].sample)
    return np.random.default_rng(4).normal(0, 1, shape).astype(np.float32)


def _loops(made: Quantized) -> list[int]:
    nodes = roll_steps(simplify(made.graph)).nodes
    return [node.op.steps for node in nodes if isinstance(node.op, Repeat)]


@pytest.mark.parametrize(
    ("package", "layer", "shape", "loops"),
    [
        ("keras", _gru, SHAPE, [6]),
        ("tf_keras", _lstm, SHAPE, [6]),
        ("keras", _both_ways, SHAPE, [6, 6]),
        ("tf_keras", _own_cells, SHAPE, [6, 6]),
        ("tf_keras", _pictures, (4, 6, 6, 2), [4]),
    ],
)
def test_it_computes_what_the_saved_model_does(
    package: str,
    layer: Callable[[Any], Any],
    shape: tuple[int, ...],
    loops: list[int],
    tmp_path: Path,
) -> None:
    loaded = load(_exported(package, layer, tmp_path, shape))
    assert isinstance(loaded, SavedModel)
    array = _normal(loaded)
    made = quantize(loaded, Dataset((array,), None, "normal", ()))
    given = loaded.function.function(**{loaded.inputs[0].name: array})
    (real,) = oracle.float_outputs(made.float_tflite, [array[:, None]])
    expected = np.asarray(given[loaded.outputs[0]])
    np.testing.assert_allclose(real.reshape(expected.shape), expected, atol=1e-5)
    assert _loops(made) == loops, "no step is left outside"


def test_firmware_of_one_matches(tmp_path: Path) -> None:
    path, out = _exported("keras", _gru, tmp_path), tmp_path / "project"
    tinygen.build(path, board="qemu-cortex-m4", engine="aot", data="random", out=out)
    result = tinygen.verify(out)
    tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH


def test_a_loop_in_a_frozen_graph(tmp_path: Path) -> None:
    import tensorflow as tf

    kernel = np.random.default_rng(1).normal(0, 0.5, (5, 5)).astype(np.float32)

    def network() -> None:
        frames = tf.compat.v1.placeholder(tf.float32, (1, *SHAPE), name="frames")
        parts = tf.TensorArray(tf.float32, SHAPE[0]).unstack(tf.transpose(frames, (1, 0, 2)))

        def step(count: Any, state: Any, kept: Any) -> Any:
            state = tf.tanh(parts.read(count) + state @ kernel)
            return count + 1, state, kept.write(count, state)

        kept = tf.TensorArray(tf.float32, SHAPE[0], element_shape=(1, 5))
        begin = 0, tf.zeros((1, 5)), kept
        tf.identity(tf.while_loop(lambda n, *_: n < SHAPE[0], step, begin)[2].stack(), name="all")

    loaded = load(save(tmp_path / "net.pb", network), signature="all")
    assert isinstance(loaded, SavedModel)
    array = _normal(loaded)
    made = quantize(loaded, Dataset((array,), None, "normal", ()))
    assert _loops(made) == [SHAPE[0]]
    (real,) = oracle.float_outputs(made.float_tflite, [array[:1, None]])
    given = loaded.function.function(frames=tf.constant(array[:1]))
    np.testing.assert_allclose(real.ravel(), np.ravel(given["all"]), atol=1e-5)


def _saved(body: Callable[[Any, Any], Any], folder: Path) -> Path:
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(
        lambda row: {"found": body(tf, row)}, input_signature=[tf.TensorSpec((1, 4))]
    )
    tf.saved_model.save(module, str(folder / "net"), signatures=module.serve)
    return folder / "net"


def _until_large(tf: Any, row: Any) -> Any:
    return tf.while_loop(lambda x: tf.reduce_sum(x) < 9.0, lambda x: (abs(x) + 1.0,), (row,))[0]


def _if_large(tf: Any, row: Any) -> Any:
    return tf.cond(tf.reduce_sum(row) > 0.0, lambda: row * 2.0, lambda: row * 3.0)


def _too_often(tf: Any, row: Any) -> Any:
    return tf.while_loop(lambda n, _: n < 30, lambda n, x: (n + 1, x * 0.5), (0, row))[1]


def test_circles_end() -> None:
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    for name, reads in (("merge", ["next"]), ("next", ["merge"]), ("other", ["merge"])):
        graph.node.add(name=name, op="Identity", input=reads)
    with pytest.raises(InputError, match="as TensorFlow 1 wrote them"):
        _in_order(graph.node, {})


@pytest.mark.parametrize(
    ("body", "what", "advice"),
    [
        (_until_large, "'while' depends on the data", "fixed shapes"),
        (_if_large, "'cond' depends on the data", "the same operators"),
        (_too_often, "loops have more than 20 steps", "fewer steps"),
    ],
)
def test_what_cannot_be_unrolled(
    body: Callable[[Any, Any], Any],
    what: str,
    advice: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tinygen.quantize.unrolled._STEPS", 20)
    error = refused(_saved(body, tmp_path))
    assert what in error.what
    assert advice in error.why + error.next_step
