"""Quantization-aware training in a process of its own.

tensorflow-model-optimization knows the layers of Keras 2 only (`tf_keras`), which TensorFlow takes
when told so before it is imported. So the Keras 3 model is built again there, layer by layer, with
its weights. Usage: `python -m tinygen.compression.qat_child < request.npz > model.tflite`; the
request holds `model` (the bytes of a .keras file), `input_0` ..., `answers`, and numbers.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_TAKEN = frozenset(
    (
        *("name", "filters", "units", "kernel_size", "strides", "padding", "dilation_rate"),
        *("activation", "use_bias", "depth_multiplier", "axis", "momentum", "epsilon", "center"),
        *("scale", "pool_size", "rate", "keepdims", "max_value", "negative_slope", "threshold"),
        *("cropping", "size", "interpolation", "target_shape"),
    )
)
"""What of a layer's configuration means the same in both versions of Keras."""
CALIBRATION = 100
"""Samples that give the ranges that training did not: those of inputs."""


def twin(model: Any) -> Any:
    """The Keras 3 model as one of `tf_keras`, with its weights."""
    import tf_keras

    from tinygen.compression.channels import calls_of, outputs_of
    from tinygen.compression.prune import adopt

    made = {
        id(tensor): tf_keras.Input(tuple(tensor.shape[1:]), name=f"input_{i}")
        for i, tensor in enumerate(model.inputs)
    }
    inputs = list(made.values())
    for layer, reads, output in calls_of(model):
        kind = getattr(tf_keras.layers, type(layer).__name__)
        config = {name: v for name, v in layer.get_config().items() if name in _TAKEN}
        own = kind(**config)
        tensors = [made[id(tensor)] for tensor in reads]
        made[id(output)] = own(tensors[0] if len(tensors) == 1 else tensors)
        adopt(own, layer.get_weights())
    outputs = [made[id(tensor)] for tensor in outputs_of(model)]
    return tf_keras.Model(inputs, outputs)


def main() -> None:
    """Read the request, train, and write the int8 model."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as request:
        answer = trained(request)
    sys.stdout.buffer.write(answer)


def trained(request: Mapping[str, np.ndarray]) -> bytes:
    """The model of the request, trained with its quantization, as int8 .tflite."""
    import keras
    import tensorflow
    import tensorflow_model_optimization
    import tf_keras

    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(request["model"].tobytes())
        model = keras.models.load_model(path, compile=False)
    tf_keras.utils.set_random_seed(int(request["seed"]))
    aware = tensorflow_model_optimization.quantization.keras.quantize_model(twin(model))
    logits = not bool(request["probabilities"])
    losses = tf_keras.losses
    loss = losses.MeanSquaredError()
    if int(request["classes"]):
        kind = losses.BinaryCrossentropy if request["single"] else None
        kind = kind or losses.SparseCategoricalCrossentropy
        loss = kind(from_logits=logits)
    inputs = [request[f"input_{i}"] for i in range(int(request["inputs"]))]
    x = inputs[0] if len(inputs) == 1 else inputs
    batch, epochs = int(request["batch"]), int(request["epochs"])
    steps = epochs * -(-len(inputs[0]) // batch)
    schedules = tf_keras.optimizers.schedules
    rate = schedules.CosineDecay(float(request["learning_rate"]), max(1, steps))
    aware.compile(tf_keras.optimizers.Adam(rate), loss)
    aware.fit(x, request["answers"], batch_size=batch, epochs=epochs, verbose=0)
    lite = tensorflow.lite
    converter = lite.TFLiteConverter.from_keras_model(aware)
    converter.optimizations = [lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [array[i : i + 1] for array in inputs] for i in range(min(CALIBRATION, len(inputs[0])))
    )
    converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tensorflow.int8
    converter.inference_output_type = tensorflow.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    main()
