"""Any model file -> a full int8 .tflite, with the data it was quantized and will be tested on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygen import load as loading
from tinygen import passes, tflite
from tinygen.api.classes import Classes, agreed, numbered_by
from tinygen.data import RANDOM, Dataset, Split, no_data_error, read_class_names, read_data
from tinygen.errors import UnsupportedModel
from tinygen.ir import Graph, Int8Model, format_shape
from tinygen.load import Int8File, LoadedModel
from tinygen.options import ModelOptions
from tinygen.progress import Progress
from tinygen.proof.vectors import Samples


@dataclass(frozen=True, eq=False)
class Prepared:
    """`float_tflite` is the model before quantization, None where only int8 is known; `classes`
    are the names of its classes, where somebody says them; `image_range` is what the pixels 0 and
    255 are to it."""

    loaded: LoadedModel
    model: Int8Model
    float_tflite: bytes | None
    data: Dataset | None
    samples: tuple[Samples, ...]
    classes: Classes
    image_range: tuple[float, float]


def prepare(path: Path, options: ModelOptions, *, random_if_needed: bool = False) -> Prepared:
    """Load, read the data, quantize what is not quantized.

    `random_if_needed` quantizes with random data where a model needs some and none is given.
    """
    progress = options.progress
    given = () if options.labels is None else read_class_names(Path(options.labels))
    progress.stage(f"Opening {path.name}")
    loaded = loading.load(
        path,
        trust_model=options.trust_model,
        shapes=options.input_shapes,
        signature=options.signature,
    )
    for attempt in loaded.attempts:
        progress.note(f"not opened by {attempt}")
    progress.note(f"opened by {loaded.loader}")
    source = options.data
    if source is None and random_if_needed and not isinstance(loaded, Int8File):
        source = RANDOM
    if source is None and not isinstance(loaded, Int8File):
        raise no_data_error(loaded.inputs, path.name)
    data = _read(source, loaded, options, "train")
    for warning in () if data is None else data.warnings:
        progress.warn(warning)
    test = _read(options.test, loaded, options, "test")
    stated = tflite.output_labels(loaded.content) if isinstance(loaded, Int8File) else {}
    names, said = agreed(data, test, given=given, stated=stated)
    for warning in () if test is None else test.warnings:
        progress.warn(f"test data: {warning}")
    for warning in said:
        progress.warn(warning)
    samples = []
    if test is not None:
        samples.append(Samples("test", test.inputs, numbered_by(names, test), limit=None))
    if data is not None:
        origin = "random data" if data.is_random else "data"
        samples.append(Samples(origin, data.inputs, numbered_by(names, data)))
    model, float_tflite = _quantized(loaded, data, options)
    classes = Classes(names, options.labels, stated)
    return Prepared(loaded, model, float_tflite, data, tuple(samples), classes, options.image_range)


def _read(
    spec: str | None, loaded: LoadedModel, options: ModelOptions, split: Split
) -> Dataset | None:
    if spec is None:
        return None
    options.progress.stage("Reading the data")
    return read_data(
        spec,
        loaded.inputs,
        seed=options.seed,
        image_range=options.image_range,
        split=split,
    )


def _quantized(
    loaded: LoadedModel, data: Dataset | None, options: ModelOptions
) -> tuple[Int8Model, bytes | None]:
    """The int8 model, and the float one that it was made of."""
    progress, keep = options.progress, options.keep_edges
    if isinstance(loaded, Int8File):
        return simplified(loaded.content, loaded.graph, progress, keep_edges=keep), None
    assert data is not None  # else refused before
    progress.stage(f"Quantizing to int8 with {len(data.inputs[0])} samples")
    from tinygen.quantize.keras import quantize

    made = quantize(loaded, data, float_edges=keep)
    with by_layers(loaded):
        model = simplified(made.tflite, made.graph, progress, keep_edges=keep)
    return model, made.float_tflite


@contextlib.contextmanager
def by_layers(loaded: LoadedModel) -> Iterator[None]:
    """Tell what is not compiled of a model that was quantized here by its layers."""
    try:
        yield
    except UnsupportedModel as error:
        if isinstance(loaded, Int8File):
            raise
        from tinygen.quantize.diagnosis import of_layer

        raise of_layer(loaded, error) from error


def simplified(
    content: bytes, written: Graph, progress: Progress, *, keep_edges: bool
) -> Int8Model:
    """The model, its shapes worked out and written into the file, whose every reader then sees
    the same: the oracle, the engine and we."""
    known = passes.fold_constants(written).tensors
    shapes = {i: known[i].shape for i, t in written.tensors.items() if known[i].shape != t.shape}
    if shapes:
        content = tflite.with_shapes(content, shapes)
        written = tflite.read(content, written.name)
        names = ", ".join(f"'{known[i].name}' {format_shape(s)}" for i, s in shapes.items())
        progress.note(f"shapes that the file leaves open, worked out: {names}")
    return Int8Model(content, written, passes.simplify(written, keep_edges=keep_edges))
