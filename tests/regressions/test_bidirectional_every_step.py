"""A Bidirectional layer that returns every step was refused: "REVERSE_V2 copies … but their
quantizations differ". TensorFlow's converter had written so; a QUANTIZE between mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.regressions.keras_models import keras_module
from tinygen.data import read_data
from tinygen.engines import aot
from tinygen.ir import Int8Model, input_edges, output_edges
from tinygen.load import load
from tinygen.passes import simplify
from tinygen.proof import metrics, oracle
from tinygen.quantize import quantize


def _both_ways(keras: Any, layer: str) -> Any:
    layers = keras.layers
    inner = getattr(layers, layer)(4, return_sequences=True)
    return keras.Sequential([layers.Input((5, 3)), layers.Bidirectional(inner), layers.Dense(2)])


@pytest.mark.parametrize(
    ("package", "layer"), [("keras", "LSTM"), ("keras", "GRU"), ("tf_keras", "SimpleRNN")]
)
def test_it_means_the_same_and_is_compiled(package: str, layer: str, tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    _both_ways(keras_module(package), layer).save(str(path))
    loaded = load(path)
    data = read_data("random", loaded.inputs)
    made = quantize(loaded, data)
    model = Int8Model(made.tflite, made.graph, simplify(made.graph))
    reversed_ = [node for node in model.graph.nodes if node.op.kind == "REVERSE_V2"]
    assert reversed_
    for node in reversed_:
        given, made_of_it = (model.graph.tensors[i] for i in (node.inputs[0], node.outputs[0]))
        assert given.quant == made_of_it.quant
    readers = (reader for node in reversed_ for reader in model.graph.readers(node.outputs[0]))
    if layer == "LSTM":  # the steps of the others have one range, so that nothing differs
        assert "QUANTIZE" in {reader.op.kind for reader in readers}
    aot.compile_graph(model.graph)
    (edge,), (result,) = input_edges(model.graph), output_edges(model.graph)
    real = data.inputs[0][:20].reshape(20, *edge.shape)
    (wanted,) = oracle.float_outputs(made.float_tflite, [real])
    (codes,) = oracle.expected(model, [edge.quantize(real)]).outputs
    assert metrics.sqnr_db(wanted, result.dequantize(codes)) > 20
