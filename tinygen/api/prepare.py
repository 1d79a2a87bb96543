"""Any model file -> a full int8 .tflite, with the data it was quantized and will be tested on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen import load as loading
from tinygen.data import Dataset, no_data_error, read_data
from tinygen.load import LoadedModel
from tinygen.progress import Progress
from tinygen.proof.vectors import Samples

RANDOM = "random"
IMAGE_RANGE = (0.0, 255.0)
"""What the darkest and the brightest value of an image file are to the model."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """`float_tflite` is the model before quantization, None where only int8 is known."""

    loaded: LoadedModel
    tflite: bytes
    float_tflite: bytes | None
    data: Dataset | None
    samples: tuple[Samples, ...]


def prepare(
    model: Path,
    *,
    data: str | None = None,
    test: str | None = None,
    trust_model: bool = False,
    seed: int = 0,
    random_if_needed: bool = False,
    image_range: tuple[float, float] = IMAGE_RANGE,
    progress: Progress,
) -> Prepared:
    """Load, read the data, quantize what is not quantized.

    `random_if_needed` quantizes with random data where a model needs some and none is given.
    """
    progress.stage(f"Opening {model.name}")
    loaded = loading.load(model, trust_model=trust_model)
    for attempt in loaded.attempts:
        progress.note(f"not opened by {attempt}")
    progress.note(f"opened by {loaded.loader}")
    dataset = None
    if data is None and loaded.tflite is None and random_if_needed:
        data = RANDOM
    if data is not None:
        progress.stage("Reading the data")
        dataset = read_data(data, loaded.inputs, seed=seed, image_range=image_range)
        for warning in dataset.warnings:
            progress.warn(warning)
    elif loaded.tflite is None:
        raise no_data_error(loaded.inputs, model.name)
    samples = []
    if test is not None:
        tests = read_data(test, loaded.inputs, seed=seed, image_range=image_range, split="test")
        samples.append(Samples("test", tests.inputs, tests.labels, limit=None))
    if dataset is not None:
        origin = "data" if data != RANDOM else "random data"
        samples.append(Samples(origin, dataset.inputs, dataset.labels))
    if loaded.tflite is not None:
        return Prepared(loaded, loaded.tflite, None, dataset, tuple(samples))
    assert dataset is not None  # a Keras model without data was refused above
    progress.stage(f"Quantizing to int8 with {len(dataset.inputs[0])} samples")
    from tinygen.quantize.keras import quantize

    quantized = quantize(loaded, dataset)
    return Prepared(loaded, quantized.tflite, quantized.float_tflite, dataset, tuple(samples))
