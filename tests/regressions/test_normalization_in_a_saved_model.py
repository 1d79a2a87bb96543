"""A Keras 2 SavedModel with a Normalization layer "runs operations of its own"."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.regressions.keras_models import keras_module, quantized
from tinygen.errors import InputError, UntrustedModel
from tinygen.load import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keras = keras_module("tf_keras")
    norm = keras.layers.Normalization()
    norm.adapt(np.random.default_rng(1).normal(3, 2, (50, 8)).astype(np.float32))
    model = keras.Sequential([keras.layers.Input((8,)), norm, keras.layers.Dense(3)])
    model.save(str(tmp_path / "model"), save_format="tf")
    return tmp_path / "model"


def change(folder: Path, change_one: Any) -> None:
    """Change each constant of the object graph."""
    from tensorflow.core.protobuf import saved_model_pb2

    file = folder / "saved_model.pb"
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString(file.read_bytes())
    meta_graph = proto.meta_graphs[0]
    constants = [n for n in meta_graph.object_graph_def.nodes if n.WhichOneof("kind") == "constant"]
    assert constants
    for constant in constants:
        change_one(meta_graph, constant)
    file.write_bytes(proto.SerializeToString())


def test_it_is_no_danger(folder: Path) -> None:
    assert quantized(folder).tflite


def test_another_registered_class_is_refused(folder: Path) -> None:
    def rename(_: Any, node: Any) -> None:
        node.registered_name = "tf.Other"

    change(folder, rename)
    with pytest.raises(UntrustedModel, match="could run code") as caught:
        load(folder)
    assert "tf.Other" in caught.value.why


def test_the_class_on_another_kind_of_object_is_refused(folder: Path) -> None:
    def disguise(_: Any, node: Any) -> None:
        node.user_object.identifier = "_generic_user_object"

    change(folder, disguise)
    with pytest.raises(UntrustedModel):
        load(folder)


def test_a_constant_that_says_any_size_is_refused(folder: Path) -> None:
    def grow(meta_graph: Any, node: Any) -> None:
        for operation in meta_graph.graph_def.node:
            if operation.name == node.constant.operation:
                tensor = operation.attr["value"].tensor
                tensor.tensor_shape.dim[0].size = 1 << 40
                tensor.tensor_content = b""
                tensor.float_val.append(1.0)

    change(folder, grow)
    with pytest.raises(InputError, match="too large"):
        load(folder)


def test_the_case(cases: Path, tmp_path: Path) -> None:
    with tarfile.open(cases / "k2_norm_sm.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    assert quantized(next(tmp_path.iterdir())).tflite
