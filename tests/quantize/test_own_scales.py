"""Scales that a file brings along: those that TensorFlow Lite's quantizer found give its model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.load.keras_builders import keras_module
from tinygen import tflite
from tinygen.data import Dataset
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Quant
from tinygen.load import FloatFile, load
from tinygen.load.model import OwnScales
from tinygen.proof.oracle import reference
from tinygen.quantize import quantize
from tinygen.quantize.own_scales import with_own_scales

NUMBERS = np.random.default_rng(4)
IMAGES = NUMBERS.normal(size=(30, 8, 8, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[FloatFile, Graph]:
    """A float .tflite, and what TensorFlow Lite's quantizer makes of the model."""
    keras_module("keras").utils.set_random_seed(3)
    layers: Any = keras_module("keras").layers
    image = layers.Input((8, 8, 2))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    found = layers.DepthwiseConv2D(3, padding="same")(first)
    found = layers.MaxPooling2D(2)(layers.Add()([first, found]))
    found = layers.Concatenate()([found, layers.ZeroPadding2D(1)(layers.MaxPooling2D(2)(found))])
    scores = layers.Dense(3, activation="softmax")(layers.Flatten()(found))
    folder = tmp_path_factory.mktemp("own")
    keras_module("keras").Model(image, scores).save(str(folder / "net.keras"))
    made = quantize(load(folder / "net.keras"), Dataset((IMAGES,), None, "normal", ()))
    (folder / "net.tflite").write_bytes(made.float_tflite)
    loaded = load(folder / "net.tflite")
    assert isinstance(loaded, FloatFile)
    return loaded, made.graph


def scales_of(loaded: FloatFile, graph: Graph) -> OwnScales:
    """Those of the tensors that both have by their names, and of weights."""
    named = {tensor.name: tensor for tensor in graph.tensors.values()}
    found: dict[bool, dict[int, Quant]] = {False: {}, True: {}}
    for index, tensor in enumerate(tflite.parse(loaded.content, "net").tensors):
        other = named.get(tensor.name)
        if other is not None and other.quant and other.dtype is DType.INT8:
            found[other.constant][index] = other.quant
    return OwnScales(found[False], found[True])


def with_codes(loaded: FloatFile, graph: Graph) -> FloatFile:
    """The float file, whose weights are exactly what the other's codes stand for."""
    content = bytearray(loaded.content)
    named = {tensor.name: tensor for tensor in graph.tensors.values() if tensor.constant}
    for tensor in tflite.parse(loaded.content, "net").tensors:
        other = named.get(tensor.name)
        if tensor.data is None or tensor.type != "FLOAT32" or other is None or not other.quant:
            continue
        shape = [1] * len(other.shape)
        shape[other.quant.axis] = -1
        scales = np.array(other.quant.scales).reshape(shape if len(shape) > 1 else -1)
        assert other.data is not None
        values = (other.data.astype(np.float64) * scales).astype("<f4").tobytes()
        at = content.index(tensor.data.tobytes())
        content[at : at + len(values)] = values
    return replace(loaded, content=bytes(content))


def outputs(graph: Graph) -> np.ndarray:
    codes = np.rint(IMAGES[:, None] * 40).clip(-128, 127).astype(np.int8)
    return np.stack([row[0] for row in reference(graph, [codes], np.ones(len(codes), bool))])


@pytest.mark.parametrize("float_edges", [False, True])
def test_the_quantizer_s_own_scales_give_its_model(
    both: tuple[FloatFile, Graph], float_edges: bool
) -> None:
    loaded, graph = both
    loaded = with_codes(loaded, graph)
    content = with_own_scales(loaded, scales_of(loaded, graph), float_edges=float_edges)
    made = tflite.read(content, "net")
    if not float_edges:
        assert np.array_equal(outputs(made), outputs(graph))
        return
    kinds = [node.op.kind for node in made.nodes]
    assert (kinds[0], kinds[-1]) == ("QUANTIZE", "DEQUANTIZE")
    inner = kinds[1:-1]
    assert sorted(inner) == sorted(node.op.kind for node in graph.nodes)


def test_what_differs_on_both_sides_is_converted_between(both: tuple[FloatFile, Graph]) -> None:
    """A pool, a concatenation and a softmax have no scales of their own choice."""
    loaded, graph = both
    loaded = with_codes(loaded, graph)
    scales = scales_of(loaded, graph)
    factors = NUMBERS.uniform(1.01, 1.2, len(scales.tensors))
    other = {
        index: Quant((float(np.float32(quant.scale * factor)),), quant.zero_points)
        for (index, quant), factor in zip(scales.tensors.items(), factors, strict=True)
    }
    made = tflite.read(
        with_own_scales(loaded, OwnScales(other, scales.constants), float_edges=False), "net"
    )
    kinds = [node.op.kind for node in made.nodes]
    assert kinds.count("QUANTIZE") > 4
    has = {t.quant for t in made.tensors.values()}
    assert set(other.values()) <= has
    assert made.tensors[made.outputs[0]].quant in set(other.values())


def test_what_has_no_scale_is_named(both: tuple[FloatFile, Graph]) -> None:
    loaded, graph = both
    loaded = with_codes(loaded, graph)
    scales = scales_of(loaded, graph)
    file = tflite.parse(loaded.content, "net")
    (add,) = (call for call in file.calls if call.kind == "ADD")
    left = {index: quant for index, quant in scales.tensors.items() if index != add.inputs[0]}
    with pytest.raises(UnsupportedModel, match="has no scale for") as caught:
        with_own_scales(loaded, OwnScales(left, scales.constants), float_edges=False)
    assert "makes it" in caught.value.why
    with pytest.raises(UnsupportedModel, match="has no scale for the constant"):
        with_own_scales(loaded, OwnScales(scales.tensors, {}), float_edges=False)


def test_weights_that_are_no_codes_are_told(both: tuple[FloatFile, Graph]) -> None:
    loaded, graph = both
    with pytest.raises(UnsupportedModel, match="no longer its codes"):
        with_own_scales(loaded, scales_of(loaded, graph), float_edges=False)
