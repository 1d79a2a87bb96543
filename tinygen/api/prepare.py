"""Any model file -> a full int8 .tflite, with the data it was quantized and will be tested on.

What was made of the same files before is taken from the cache, without TensorFlow.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tinygen import load as loading
from tinygen import passes, tflite
from tinygen.api import kept
from tinygen.api.classes import Classes, agreed, numbered_by, told, with_labels
from tinygen.api.fingerprint import fingerprint
from tinygen.api.mix import mixed
from tinygen.api.prepared import Calibration, Prepared
from tinygen.convert import convert
from tinygen.data import RANDOM, Dataset, Split, no_data_error, read_class_names, read_data
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Graph, Int8Model, format_shape, output_edges
from tinygen.load import FloatFile, FloatModel, Int8File, LoadedModel, Opened, Origin
from tinygen.load.devices import calibrated_on
from tinygen.options import ACTIVATIONS, Data, ModelOptions
from tinygen.printable import printable
from tinygen.progress import Progress
from tinygen.proof.vectors import Samples

_FOR_A_LOOK = 4
"""Random samples that quantize a model of which only sizes are asked."""


@contextlib.contextmanager
def by_layers(ready: Prepared, options: ModelOptions) -> Iterator[None]:
    """Tell what is not compiled of a model that was quantized here by its layers."""
    try:
        yield
    except UnsupportedModel as error:
        opened = ready.opened
        if opened.is_int8:
            raise
        if type(opened) is Opened:  # from the cache: its layers are in the file alone
            opened = _load(opened.path, options)
        raise _of_layer(opened, error, ready.model.graph) from error


def prepare(path: Path, options: ModelOptions, *, random_if_needed: bool = False) -> Prepared:
    """Load, read the data, quantize what is not quantized; or take what came of the same before.

    `random_if_needed` quantizes with random data where a model needs some and none is given.
    """

    def print_of_files() -> str | None:
        return fingerprint(path, options, random_if_needed=random_if_needed)

    key = None if options.no_cache else print_of_files()

    def read(content: bytes) -> Prepared:
        return Prepared.from_bytes(content, path, key, keep_edges=options.keep_edges)

    title = f"Opening {printable(path.name)}"
    ready = kept.recall(_name(key), title, options.progress, read)
    if ready is not None:
        return ready
    told = kept.Told(options.progress)
    ready = _anew(path, replace(options, progress=told), random_if_needed=random_if_needed)
    # A file that changed while it was read is kept under no name.
    if key is None or print_of_files() != key:
        return ready
    kept.keep(_name(key), ready.to_bytes(), told)
    return replace(ready, key=key)


def _name(key: str | None) -> str | None:
    return None if key is None else f"{key}-model"


def _anew(path: Path, options: ModelOptions, *, random_if_needed: bool) -> Prepared:
    progress = options.progress
    given = () if options.labels is None else read_class_names(Path(options.labels))
    progress.stage(f"Opening {path.name}")
    loaded = _load(path, options)
    for attempt in loaded.attempts:
        progress.note(f"not opened by {attempt}")
    progress.note(f"opened by {loaded.loader}")
    source = options.data
    if source is None and random_if_needed and not isinstance(loaded, Int8File):
        source = RANDOM
    if source is None and not isinstance(loaded, Int8File):
        raise no_data_error(loaded.inputs, path.name)
    data = _read(source, loaded, options, "train")
    if data is not None and source != options.data:
        data = data.first(_FOR_A_LOOK)
    test = _read(options.test, loaded, options, "test")
    stated = tflite.output_labels(loaded.content) if isinstance(loaded, Int8File) else {}
    names, said = agreed(data, test, given=given, stated=stated)
    for warning in () if data is None else told(data, names):
        progress.warn(warning)
    for warning in () if test is None else told(test, names):
        progress.warn(f"test data: {warning}")
    for warning in said:
        progress.warn(warning)
    samples = []
    if test is not None:
        samples.append(Samples("test", test.inputs, numbered_by(names, test), None, test.targets))
    if data is not None:
        origin = "random data" if data.is_random else "data"
        labels = numbered_by(names, data)
        samples.append(Samples(origin, data.inputs, labels, targets=data.targets))
    model, float_tflite = _quantized(loaded, data, options)
    mix = None
    if options.sqnr is not None:
        assert isinstance(loaded, FloatModel)  # else refused before
        assert data is not None
        assert float_tflite is not None
        content, mix = mixed(loaded, data, options, model, float_tflite, samples)
        written = tflite.read(content, model.name)
        model = simplified(content, written, progress, keep_edges=options.keep_edges)
    classes = Classes(names, options.labels, stated)
    outputs, said = with_labels(output_edges(model.graph), classes, samples)
    for warning in said:
        progress.warn(warning)
    return Prepared(
        opened=loaded,
        model=model,
        mix=mix,
        float_tflite=float_tflite,
        origin=_origin(loaded),
        data=None if data is None else _said_of(data),
        samples=tuple(
            replace(sample, ordered=bool(model.graph.states)).thinned() for sample in samples
        ),
        outputs=outputs,
        image_range=options.image_range,
        key=None,
    )


def _said_of(data: Dataset) -> Calibration:
    return Calibration(data.source, data.is_random, len(data.inputs[0]), data.warnings)


def _load(path: Path, options: ModelOptions) -> LoadedModel:
    return loading.load(
        path,
        trust_model=options.trust_model,
        shapes=options.input_shapes,
        signature=options.signature,
        convert=convert,
        # The converter has no LSTM on int16 in one piece.
        unroll=options.activations == "int16" or options.sqnr is not None,
    )


def _read(
    spec: Data | None, loaded: LoadedModel, options: ModelOptions, split: Split
) -> Dataset | None:
    if spec is None:
        return None
    assert isinstance(spec, str | Path)  # else written by api.in_memory
    options.progress.stage("Reading the data")
    return read_data(
        spec,
        loaded.inputs,
        seed=options.seed,
        image_range=options.image_range,
        split=split,
        orders=[one.order for one in origin.inputs] if (origin := _origin(loaded)) else (),
    )


def _origin(loaded: LoadedModel) -> Origin | None:
    return loaded.origin if isinstance(loaded, FloatFile) else None


def _quantized(
    loaded: LoadedModel, data: Dataset | None, options: ModelOptions
) -> tuple[Int8Model, bytes | None]:
    """The int8 model, and the float one that it was made of."""
    progress, keep = options.progress, options.keep_edges
    if isinstance(loaded, Int8File):
        _require_float(loaded, options)
        return simplified(loaded.content, loaded.graph, progress, keep_edges=keep), None
    assert data is not None  # else refused before
    if isinstance(loaded, FloatFile) and loaded.scales is not None:
        _require_float(loaded, options)
        progress.stage("Taking over the scales of the file")
    else:
        progress.stage(f"Quantizing to {options.activations} with {len(data.inputs[0])} samples")
    from tinygen.quantize.keras import quantize

    made = quantize(loaded, data, float_edges=keep, activations=options.activations)
    if not isinstance(loaded, FloatFile) and (where := calibrated_on()):
        progress.note(where)
    try:
        model = simplified(made.tflite, made.graph, progress, keep_edges=keep)
    except UnsupportedModel as error:
        raise _of_layer(loaded, error, made.graph) from error
    return model, made.float_tflite


def _require_float(loaded: Int8File | FloatFile, options: ModelOptions) -> None:
    """InputError where other activations are asked for than those of a file that is quantized."""
    tensors = loaded.graph.tensors.values() if isinstance(loaded, Int8File) else ()
    types = {tensor.dtype.value for tensor in tensors if not tensor.constant}
    option = "--sqnr" if options.sqnr is not None else "--activations"
    asked = options.activations
    if options.sqnr is not None or asked not in (ACTIVATIONS[0], *types):
        value = asked if options.sqnr is None else f"{options.sqnr:g}"
        raise InputError(
            f"{option} {value} was given for '{loaded.path.name}'",
            why="it is quantized already, and compiled as it is",
            next_step=f"leave {option} out, or give the float model that it was made of",
        )


def _of_layer(loaded: Opened, error: UnsupportedModel, graph: Graph) -> UnsupportedModel:
    from tinygen.quantize.diagnosis import of_layer

    assert isinstance(loaded, FloatModel)
    return of_layer(loaded, error, graph)


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
