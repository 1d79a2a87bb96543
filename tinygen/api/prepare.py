"""Any model file -> a full int8 .tflite, with the data it was quantized and will be tested on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen import load as loading
from tinygen.api.classes import agreed, numbered_by
from tinygen.data import RANDOM, Dataset, Split, no_data_error, read_data
from tinygen.load import LoadedModel
from tinygen.options import ModelOptions
from tinygen.proof.vectors import Samples


@dataclass(frozen=True, eq=False)
class Prepared:
    """`float_tflite` is the model before quantization, None where only int8 is known."""

    loaded: LoadedModel
    tflite: bytes
    float_tflite: bytes | None
    data: Dataset | None
    samples: tuple[Samples, ...]
    class_names: tuple[str, ...]
    """Of the classes that labels from 0 on stand for; empty where the data do not say them."""


def prepare(model: Path, options: ModelOptions, *, random_if_needed: bool = False) -> Prepared:
    """Load, read the data, quantize what is not quantized.

    `random_if_needed` quantizes with random data where a model needs some and none is given.
    """
    progress, data = options.progress, options.data

    def read(source: str, split: Split) -> Dataset:
        return read_data(
            source,
            loaded.inputs,
            seed=options.seed,
            image_range=options.image_range,
            split=split,
        )

    progress.stage(f"Opening {model.name}")
    loaded = loading.load(model, trust_model=options.trust_model)
    for attempt in loaded.attempts:
        progress.note(f"not opened by {attempt}")
    progress.note(f"opened by {loaded.loader}")
    dataset = None
    if data is None and loaded.tflite is None and random_if_needed:
        data = RANDOM
    if data is not None:
        progress.stage("Reading the data")
        dataset = read(data, "train")
        for warning in dataset.warnings:
            progress.warn(warning)
    elif loaded.tflite is None:
        raise no_data_error(loaded.inputs, model.name)
    tests = None if options.test is None else read(options.test, "test")
    names, said = agreed(dataset, tests)
    for warning in (*(tests.warnings if tests else ()), *said):
        progress.warn(f"test data: {warning}")
    samples = []
    if tests is not None:
        samples.append(Samples("test", tests.inputs, numbered_by(names, tests), limit=None))
    if dataset is not None:
        origin = "random data" if dataset.is_random else "data"
        samples.append(Samples(origin, dataset.inputs, numbered_by(names, dataset)))
    if loaded.tflite is not None:
        return Prepared(loaded, loaded.tflite, None, dataset, tuple(samples), names)
    assert dataset is not None  # a Keras model without data was refused above
    progress.stage(f"Quantizing to int8 with {len(dataset.inputs[0])} samples")
    from tinygen.quantize.keras import quantize

    quantized = quantize(loaded, dataset)
    return Prepared(
        loaded, quantized.tflite, quantized.float_tflite, dataset, tuple(samples), names
    )
