"""A float .tflite with a clip between zero and one, as of a hard sigmoid that came from ONNX, "has
layers that tinygen does not compile": RELU_0_TO_1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops.tflite_file import single_operator, tensor
from tinygen import tflite
from tinygen.data import Dataset
from tinygen.load import FloatFile, load
from tinygen.proof.oracle import reference
from tinygen.quantize import quantize
from tinygen.tflite.unit_relu import without_unit_relus

CODES = np.arange(-128, 128).astype(np.int8)


@pytest.mark.parametrize(
    ("source", "target", "kinds"),
    [
        ((0.02, -10), (1 / 255, -128), ["QUANTIZE"]),
        ((0.02, -10), (0.003, -128), ["QUANTIZE"]),
        ((0.02, -10), (0.01, -128), ["QUANTIZE", "MINIMUM"]),
        ((0.02, -10), (0.003, -100), ["QUANTIZE", "MAXIMUM"]),
        ((0.02, 5), (0.02, 5), ["QUANTIZE", "MINIMUM", "MAXIMUM"]),
    ],
)
def test_codes_are_clamped(
    source: tuple[float, int], target: tuple[float, int], kinds: list[str]
) -> None:
    edges = [tensor((1, 256), scale=scale, zero_point=zero) for scale, zero in (source, target)]
    content = single_operator("RELU_0_TO_1", edges[:1], edges[1:])
    graph = tflite.read(without_unit_relus(content, tflite.parse(content, "net")), "net")
    assert [node.op.kind for node in graph.nodes] == kinds
    ((found,),) = reference(graph, [CODES.reshape(1, 1, 256)], np.ones(1, bool))
    real = np.clip((CODES.astype(float) - source[1]) * source[0], 0, 1)
    wanted = np.clip(np.rint(real / target[0]) + target[1], -128, 127)
    assert np.abs(found.reshape(-1) - wanted).max() <= 1  # requantizing rounds halves its own way


def test_a_model_with_one_is_compiled(tmp_path: Path) -> None:
    import tensorflow

    def clip(x: Any) -> Any:
        found = 0.4 * tensorflow.nn.relu(x) + 0.3
        return tensorflow.maximum(0.0, tensorflow.minimum(1.0, found)) * x

    signature = [tensorflow.TensorSpec((1, 16), tensorflow.float32, name="x")]
    function = tensorflow.function(clip, input_signature=signature, autograph=False)
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()]
    )
    content = converter.convert()
    assert "RELU_0_TO_1" in [call.kind for call in tflite.parse(content, "net").calls]
    (tmp_path / "net.tflite").write_bytes(content)
    loaded = load(tmp_path / "net.tflite")
    assert isinstance(loaded, FloatFile)
    x = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32)
    kinds = [n.op.kind for n in quantize(loaded, Dataset((x,), None, "normal", ())).graph.nodes]
    assert "QUANTIZE" in kinds
