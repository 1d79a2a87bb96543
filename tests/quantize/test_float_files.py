"""Float .tflite files become the int8 model that TensorFlow's converter makes of the same model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops.tflite_file import single_operator, tensor
from tests.quantize.test_quantize_models import (
    normal_data,
    saved,
    sequential_cnn,
    several_inputs_and_outputs,
)
from tinygen.data import Dataset
from tinygen.errors import InputError
from tinygen.ir import DType
from tinygen.load import FloatFile, load
from tinygen.quantize.keras import Quantized, quantize


def of_keras(
    folder: Path, build: Callable[[Any], Any], *, float_edges: bool
) -> tuple[Quantized, Path, Dataset]:
    """A Keras model quantized, its float .tflite as a file, and the data."""
    loaded = load(saved(folder, "keras", build))
    data = normal_data(loaded)
    made = quantize(loaded, data, float_edges=float_edges)
    path = folder / "float.tflite"
    path.write_bytes(made.float_tflite)
    return made, path, data


@pytest.mark.parametrize(
    ("build", "float_edges"),
    [(sequential_cnn, False), (several_inputs_and_outputs, True)],
    ids=["int8 edges", "float edges"],
)
def test_a_float_file_is_quantized_as_its_model_is(
    tmp_path: Path, build: Callable[[Any], Any], float_edges: bool
) -> None:
    made, path, data = of_keras(tmp_path, build, float_edges=float_edges)
    loaded = load(path)
    assert isinstance(loaded, FloatFile)
    again = quantize(loaded, data, float_edges=float_edges)
    assert again.float_tflite == made.float_tflite
    assert kinds(again) == kinds(made)
    for left, right in zip(constants(again), constants(made), strict=True):
        assert np.array_equal(left, right)


def kinds(made: Quantized) -> list[tuple[str, tuple[float, ...], tuple[int, ...]]]:
    """Each operator with the scales and zero points of what it computes."""
    outputs = [
        (node.op.kind, made.graph.tensors[node.outputs[0]].quant) for node in made.graph.nodes
    ]
    return [(k, q.scales, q.zero_points) if q else (k, (), ()) for k, q in outputs]


def constants(made: Quantized) -> list[np.ndarray]:
    read = [made.graph.tensors[i] for node in made.graph.nodes for i in node.inputs if i >= 0]
    return [t.data for t in read if t.data is not None and t.dtype is DType.INT8]


def test_what_the_quantizer_does_not_survive_is_an_error(tmp_path: Path) -> None:
    """The file is somebody else's: without a table of options TensorFlow follows a null pointer."""
    real = replace(tensor((1, 4)), dtype=DType.FLOAT32, quant=None)
    weights = replace(real, shape=(3, 4), data=np.ones((3, 4), np.float32))
    path = tmp_path / "net.tflite"
    edges = [real, weights], [replace(real, shape=(1, 3))]
    path.write_bytes(single_operator("FULLY_CONNECTED", *edges, {}))
    loaded = load(path)
    data = normal_data(loaded)
    assert [node.op.kind for node in quantize(loaded, data).graph.nodes] == ["FULLY_CONNECTED"]
    path.write_bytes(single_operator("FULLY_CONNECTED", *edges, None))
    with pytest.raises(InputError, match="cannot be quantized") as caught:
        quantize(load(path), data)
    assert "crashed" in caught.value.why
