"""The passes on real converted models: open shapes, edges of other types, dead code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.tflm.edges import with_int8
from tinygen.ir import DType, Graph, Int8Model
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.proof import interpret, oracle

Converted = Callable[..., bytes]


def convert(make: Callable[[Any], Any], *, edges: DType = DType.INT8) -> bytes:
    """A Keras model through TensorFlow's converter as people call it: with an open batch."""
    tf = import_tensorflow()
    with quiet():
        tf.keras.utils.set_random_seed(0)
        model = make(tf.keras)
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        generator = np.random.default_rng(0)
        shapes = [tuple(i.shape[1:]) for i in model.inputs]
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [generator.random((1, *s), dtype=np.float32) for s in shapes] for _ in range(8)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.as_dtype(edges.value)
        converter.inference_output_type = tf.as_dtype(edges.value)
        return bytes(converter.convert())


def dense_on_rows(keras: Any) -> Any:
    """Dense on three dimensions: the converter computes shapes from the open batch."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6, 5)),
            layers.Dense(4, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def small_cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def require_equal_to_reference(content: bytes, graph: Graph) -> None:
    model = Int8Model(content, tflite.read(content, graph.name), graph)
    (source,) = graph.inputs
    inputs = np.random.default_rng(1).integers(-128, 128, (5, *graph.tensors[source].shape))
    codes = inputs.astype(np.int8)
    truth = oracle.expected(model, [codes])
    for i, sample in enumerate(codes):
        values = interpret.run(graph, [sample])
        for tensor_id, expected in zip(graph.outputs, truth.outputs, strict=True):
            np.testing.assert_array_equal(values[tensor_id], expected[i])


def test_shapes_left_open_are_worked_out() -> None:
    content = convert(dense_on_rows)
    graph = passes.simplify(tflite.read(content, "rows"))
    kinds = {node.op.kind for node in graph.nodes}
    assert kinds <= {"FULLY_CONNECTED", "RESHAPE"}
    program = aot.compile_graph(graph)
    assert program.macs == 6 * 5 * 4 + 24 * 3
    require_equal_to_reference(content, graph)


@pytest.mark.parametrize("edges", [DType.FLOAT32, DType.UINT8])
def test_edges_become_int8(edges: DType) -> None:
    content = convert(small_cnn, edges=edges)
    raw = tflite.read(content, "edges")
    assert {raw.tensors[i].dtype for i in (*raw.inputs, *raw.outputs)} == {edges}
    graph = passes.simplify(raw)
    assert {graph.tensors[i].dtype for i in (*graph.inputs, *graph.outputs)} == {DType.INT8}
    assert not {n.op.kind for n in graph.nodes} & {"QUANTIZE", "DEQUANTIZE"}
    require_equal_to_reference(content, graph)
    inside, same = with_int8(Int8Model(content, raw, graph))
    assert (same.inputs, same.outputs) == (graph.inputs, graph.outputs)
    kept = passes.simplify(same).nodes
    assert [n.op.kind for n in kept] == [n.op.kind for n in graph.nodes]
    require_equal_to_reference(inside, graph)
