"""Models to compare kernel sets on: files, every operator alone, networks of Keras's kinds."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import BENCHMARK_MODELS, models_dir
from tests.ops.drawn import DRAWN, drawn
from tests.ops.every_operator import every_operator
from tests.ops.harness import Case
from tests.runner import GOLDEN_MODEL
from tinygen import generate, passes, tflite
from tinygen.ir import ABSENT, DType, Graph, Node

Named = tuple[str, Graph]
_EACH = 2
"""Random models of each operator."""


def from_file(content: bytes, name: str) -> Graph:
    """The graph that is compiled of a .tflite file."""
    return passes.optimize(passes.simplify(tflite.read(content, name)))


def of_case(case: Case) -> Graph:
    """The graph of an operator alone."""
    tensors = {t.id: t for t in (*case.io.inputs, *case.io.outputs) if t is not None}
    inputs = tuple(ABSENT if t is None else t.id for t in case.io.inputs)
    outputs = tuple(t.id for t in case.io.outputs)
    live = tuple(i for i in dict.fromkeys(inputs) if i != ABSENT and not tensors[i].constant)
    return Graph("case", tensors, (Node(case.op, inputs, outputs),), live, outputs)


def files() -> Iterator[Named]:
    """Our own model, and the benchmark's where they are at hand."""
    yield "digits", from_file(GOLDEN_MODEL.read_bytes(), "digits")
    for name in BENCHMARK_MODELS:
        path = models_dir() / name
        if path.is_file():
            yield path.stem, from_file(path.read_bytes(), path.stem)


def operators(each: int = _EACH) -> Iterator[Named]:
    """Random ones, each a model of its own, and one model of nearly all of them."""
    yield "every_operator", from_file(every_operator(), "every_operator")
    for kind in sorted(DRAWN):
        for number, case in enumerate(drawn([kind], each)):
            graph = of_case(case)
            edges = [graph.tensors[i] for i in (*graph.inputs, *graph.outputs)]
            # Of others there is no firmware.
            if graph.inputs and all(t.dtype is DType.INT8 and t.quant for t in edges):
                yield f"{kind.lower()}-{number}", graph


def _conv_block(layers: Any, x: Any, channels: int, stride: int) -> Any:
    x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    return layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(channels, 1)(x)))


def _mobile(keras: Any) -> Any:
    layers = keras.layers
    x = source = layers.Input((32, 32, 3))
    x = layers.ReLU(6.0)(layers.Conv2D(8, 3, 2, padding="same")(x))
    for channels, stride in ((16, 1), (24, 2), (24, 1), (48, 2)):
        x = _conv_block(layers, x, channels, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(source, layers.Dense(10, activation="softmax")(x))


def _residual(keras: Any) -> Any:
    layers = keras.layers
    x = source = layers.Input((16, 16, 3))
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    for _ in range(2):
        y = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
        x = layers.ReLU()(layers.Add()([x, layers.Conv2D(12, 3, padding="same")(y)]))
    x = layers.Flatten()(layers.AveragePooling2D(4)(x))
    return keras.Model(source, layers.Dense(5, activation="softmax")(x))


def _along_time(keras: Any) -> Any:
    layers = keras.layers
    x = source = layers.Input((64, 6))
    for channels, dilation in ((16, 1), (16, 2), (16, 4)):
        x = layers.Conv1D(channels, 3, dilation_rate=dilation, activation="relu")(x)
    x = layers.GlobalMaxPooling1D()(x)
    return keras.Model(source, layers.Dense(3)(x))


def _dense(keras: Any) -> Any:
    layers = keras.layers
    shapes = ((20,), (33, "relu"), (17, "tanh"), (1, "sigmoid"))
    return keras.Sequential([layers.Input(shapes[0]), *(layers.Dense(*s) for s in shapes[1:])])


def _encoder(keras: Any) -> Any:
    layers = keras.layers
    x = source = layers.Input((16, 16, 2))
    skip = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(12, 3, 2, padding="same", activation="relu")(skip)
    x = layers.Conv2DTranspose(8, 2, 2)(x)
    x = layers.Concatenate()([skip, x])
    return keras.Model(source, layers.Conv2D(1, 1, activation="sigmoid")(x))


KERAS: Mapping[str, Callable[[Any], Any]] = {
    "keras-mobile": _mobile,
    "keras-residual": _residual,
    "keras-along-time": _along_time,
    "keras-dense": _dense,
    "keras-encoder": _encoder,
}


def of_keras() -> Iterator[Named]:
    """Small networks of the kinds that people build, quantized on random data."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = importlib.import_module("keras")
    for name, build in KERAS.items():
        keras.utils.set_random_seed(1)
        with TemporaryDirectory(prefix="tinygen-keras-") as folder:
            path = Path(folder) / "model.keras"
            build(keras).save(path)
            made = generate(
                path, board="qemu-cortex-m4", data="random", out=Path(folder) / "project"
            )
            content = (made.project / "model.tflite").read_bytes()
        yield name, from_file(content, name)


def every() -> Iterator[Named]:
    """All of these."""
    yield from files()
    yield from of_keras()
    yield from operators()
