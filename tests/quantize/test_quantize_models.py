"""Quantizing: every kind of Keras model, int8 at the edges, the same bytes each time."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runner import GOLDEN_MODEL
from tinygen.data import Dataset, read_data
from tinygen.errors import InputError
from tinygen.load import KerasModel, LoadedModel, load
from tinygen.proof import metrics
from tinygen.quantize.keras import CALIBRATION_SAMPLES, Quantized, quantize


def sequential_cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, strides=2, padding="same"),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(5, activation="softmax"),
        ]
    )


def skip_connection(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((8, 8, 3), name="photo")
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="first")(inputs)
    y = layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x))
    x = layers.Activation("relu")(layers.Add()([x, y]))
    x = layers.Reshape((-1, 6))(x)
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling1D()(x)))


def several_inputs_and_outputs(keras: Any) -> Any:
    layers = keras.layers
    first, second = layers.Input((8, 8, 1), name="zulu"), layers.Input((3,), name="alpha")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(first))
    x = layers.Concatenate()([x, layers.Dense(4, activation="relu")(second)])
    return keras.Model(
        [first, second],
        [layers.Dense(3, name="yankee")(x), layers.Dense(2, activation="sigmoid", name="bravo")(x)],
    )


def dictionary_of_inputs(keras: Any) -> Any:
    layers = keras.layers
    first, second = layers.Input((4,), name="b"), layers.Input((3,), name="a")
    x = layers.Concatenate()([first, second])
    return keras.Model({"x": first, "w": second}, layers.Dense(2)(x))


def fixed_batch(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input(batch_shape=(16, 6, 6, 2))
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))


MODELS = [
    sequential_cnn,
    skip_connection,
    several_inputs_and_outputs,
    dictionary_of_inputs,
    fixed_batch,
]


def keras_module(package: str) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return importlib.import_module(package)


def saved(folder: Path, package: str, build: Callable[[Any], Any], suffix: str = ".keras") -> Path:
    keras = keras_module(package)
    keras.utils.set_random_seed(3)
    path = folder / f"{build.__name__}{suffix}"
    build(keras).save(str(path))
    return path


def normal_data(loaded: LoadedModel, count: int = 120) -> Dataset:
    numbers = np.random.default_rng(2)
    arrays = tuple(
        numbers.normal(size=(count, *spec.sample)).astype(np.float32) for spec in loaded.inputs
    )
    return Dataset(arrays, None, "normal", ())


def run(tflite: bytes, inputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """Outputs of a `.tflite` in real numbers, one row per sample."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite)
    interpreter.allocate_tensors()
    rows: list[list[np.ndarray]] = []
    for index in range(len(inputs[0])):
        for array, detail in zip(inputs, interpreter.get_input_details(), strict=True):
            value = array[index : index + 1]
            scale, zero = detail["quantization"]
            if scale:
                value = np.clip(np.round(value / scale) + zero, -128, 127).astype(np.int8)
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        row = []
        for detail in interpreter.get_output_details():
            value = interpreter.get_tensor(detail["index"])
            scale, zero = detail["quantization"]
            row.append((value.astype(np.float32) - zero) * scale if scale else value)
        rows.append(row)
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


def details(tflite: bytes) -> tuple[list[tuple[str, tuple[int, ...], str]], ...]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite)
    return tuple(
        [(d["name"], tuple(d["shape"].tolist()), d["dtype"].__name__) for d in side]
        for side in (interpreter.get_input_details(), interpreter.get_output_details())
    )


def check(loaded: LoadedModel, data: Dataset, quantized: Quantized) -> None:
    """What holds for every quantized model."""
    for content, dtype in ((quantized.tflite, "int8"), (quantized.float_tflite, "float32")):
        inputs, outputs = details(content)
        assert inputs == [(spec.name, spec.shape, dtype) for spec in loaded.inputs]
        assert [(name, kind) for name, _, kind in outputs] == [
            (name, dtype) for name in loaded.outputs
        ]
        assert all(shape[0] == 1 for _, shape, _ in outputs)
    few = tuple(array[:20] for array in data.inputs)
    for real, approximate in zip(
        run(quantized.float_tflite, few), run(quantized.tflite, few), strict=True
    ):
        assert metrics.sqnr_db(real, approximate) > 12


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_models_of_both_keras(
    tmp_path: Path,
    package: str,
    build: Callable[[Any], Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = saved(tmp_path, package, build)
    loaded = load(path)
    data = normal_data(loaded)
    capfd.readouterr()
    quantized = quantize(loaded, data)
    assert capfd.readouterr() == ("", "")
    check(loaded, data, quantized)
    again = quantize(load(path), data)
    assert again.tflite == quantized.tflite
    assert again.float_tflite == quantized.float_tflite


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_float_model_computes_what_keras_computes(tmp_path: Path, package: str) -> None:
    loaded = load(saved(tmp_path, package, several_inputs_and_outputs))
    data = normal_data(loaded)
    few = tuple(array[:10] for array in data.inputs)
    assert isinstance(loaded, KerasModel)
    expected = [np.asarray(value) for value in loaded.model(list(few), training=False)]
    actual = run(quantize(loaded, data).float_tflite, few)
    for left, right in zip(expected, actual, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-5)


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_exported_saved_model(tmp_path: Path, package: str) -> None:
    keras = keras_module(package)
    keras.utils.set_random_seed(3)
    sequential_cnn(keras).export(str(tmp_path / "net"))
    loaded = load(tmp_path / "net")
    data = normal_data(loaded)
    quantized = quantize(loaded, data)
    check(loaded, data, quantized)
    assert quantize(load(tmp_path / "net"), data).tflite == quantized.tflite


def test_tensors_are_named_by_layer(tmp_path: Path) -> None:
    import tflite

    loaded = load(saved(tmp_path, "tf_keras", skip_connection))
    model = tflite.Model.GetRootAsModel(quantize(loaded, normal_data(loaded)).tflite, 0)
    graph = model.Subgraphs(0)
    names = [graph.Tensors(index).Name().decode() for index in range(graph.TensorsLength())]
    assert len(set(names)) == len(names)
    assert {"photo", "first", "first/weights", "first/bias"} <= set(names)
    assert not any(";" in name or "PartitionedCall" in name for name in names)


def test_weights_are_per_channel(tmp_path: Path) -> None:
    import tflite

    loaded = load(saved(tmp_path, "keras", sequential_cnn))
    model = tflite.Model.GetRootAsModel(quantize(loaded, normal_data(loaded)).tflite, 0)
    graph = model.Subgraphs(0)
    scales = [
        graph.Tensors(index).Quantization().ScaleLength()
        for index in range(graph.TensorsLength())
        if graph.Tensors(index).ShapeLength() == 4
        and graph.Tensors(index).Name().decode().endswith("/weights")
    ]
    assert scales == [8, 8]


def test_at_most_so_many_samples_calibrate(tmp_path: Path) -> None:
    loaded = load(saved(tmp_path, "tf_keras", dictionary_of_inputs))
    assert quantize(loaded, normal_data(loaded, 30)).calibration_samples == 30
    many = quantize(loaded, normal_data(loaded, CALIBRATION_SAMPLES * 3))
    assert many.calibration_samples == CALIBRATION_SAMPLES


def test_constant_data_still_convert(tmp_path: Path) -> None:
    loaded = load(saved(tmp_path, "tf_keras", dictionary_of_inputs))
    zeros = tuple(np.zeros((5, *spec.sample), np.float32) for spec in loaded.inputs)
    quantize(loaded, Dataset(zeros, None, "zeros", ()))


def test_a_model_that_cannot_be_int8_names_the_operation(tmp_path: Path) -> None:
    def sines(keras: Any) -> Any:
        inputs = keras.layers.Input((4,))
        return keras.Model(inputs, keras.ops.erfinv(inputs))

    loaded = load(saved(tmp_path, "keras", sines))
    with pytest.raises(InputError) as caught:
        quantize(loaded, normal_data(loaded))
    assert "Erfinv" in caught.value.why
    assert len(caught.value.why.splitlines()) <= 3


def test_data_of_another_shape(tmp_path: Path) -> None:
    loaded = load(saved(tmp_path, "tf_keras", fixed_batch))
    with pytest.raises(InputError, match="does not fit"):
        quantize(loaded, Dataset((np.zeros((3, 5), np.float32),), None, "x", ()))


@pytest.mark.parametrize("name", ["vww_96.h5", "pretrainedResnet.h5", "ad01.h5", "kws_ref_model"])
def test_benchmark_models(models: Path, name: str) -> None:
    loaded = load(models / name)
    data = read_data("random", loaded.inputs)
    quantized = quantize(loaded, data)
    inputs, outputs = details(quantized.tflite)
    assert [kind for _, _, kind in inputs + outputs] == ["int8", "int8"]
    assert quantize(load(models / name), data).tflite == quantized.tflite


def test_a_tflite_is_quantized_already() -> None:
    loaded = load(GOLDEN_MODEL)
    with pytest.raises(InputError, match="quantized already"):
        quantize(loaded, read_data("random", loaded.inputs))
