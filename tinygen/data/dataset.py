"""`--data` -> a data set that fits the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.data.arrays import read_npy, read_npz
from tinygen.data.checks import few_samples, fit, fits, oddities
from tinygen.data.images import read_image, read_images
from tinygen.data.keys import Split
from tinygen.data.label_file import read_label_file
from tinygen.data.labels import class_labels
from tinygen.data.pictures import SUFFIXES
from tinygen.data.raw import MAX_VALUES, Raw
from tinygen.data.table import read_csv
from tinygen.errors import InputError
from tinygen.ir import DType, Edge, Shape
from tinygen.paths import exists, missing_path
from tinygen.printable import printable, shell_word

RANDOM = "random"
RANDOM_SAMPLES = 200
_FORMATS = "an .npz, .npy or .csv file, or a folder of images"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples for calibration and for vectors.

    `inputs` holds one float32 array per model input, of the shape (samples, *input shape);
    `labels` are class numbers (int64, one per sample) or None. `source` is the file's name
    without its folder, or "random". `warnings` is what the user is to be told. `class_names` are
    the names of the classes from 0 on, `names` those of the samples, empty where the data does not
    say them. `targets` are labels that are no classes but values, float64 (samples, values).
    """

    inputs: tuple[np.ndarray, ...]
    labels: np.ndarray | None
    source: str
    warnings: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    targets: np.ndarray | None = None

    def first(self, count: int) -> Dataset:
        """The first samples, about which there is nothing to tell."""
        return Dataset(
            inputs=tuple(array[:count] for array in self.inputs),
            labels=None if self.labels is None else self.labels[:count],
            source=self.source,
            warnings=(),
            class_names=self.class_names,
            names=self.names[:count],
            targets=None if self.targets is None else self.targets[:count],
        )

    @property
    def is_random(self) -> bool:
        """Whether the data are made up, which every report has to say."""
        return self.source == RANDOM


def read_data(
    spec: str | Path,
    inputs: Sequence[Edge],
    *,
    seed: int = 0,
    image_range: tuple[float, float] = (0.0, 255.0),
    split: Split = "train",
    labels: Path | None = None,
    orders: Sequence[Shape] = (),
) -> Dataset:
    """Read and check what `--data` or `--test` names: a path, or the word `random`.

    `image_range` is what the pixels 0..255 of an image folder become. `split` is the part of a
    data set to take where a file holds several; only of the part that calibrates it is said that
    samples are few. `labels` is a file with the samples' labels, which then count instead of those
    of the data. `orders` are those of the inputs' axes in the file that the model was converted
    from (`checks.fit`). Raises InputError for data that cannot be used with the model.
    """
    if str(spec) == RANDOM:
        return _random(inputs, seed)
    path = Path(spec)
    if not exists(path):
        raise missing_path(path, "data")
    raw = _read(path, inputs, image_range, split)
    source = path.resolve().name
    arrays: list[np.ndarray] = []
    warnings = list(raw.warnings)
    # Pictures are read as the input has its axes.
    original = ((),) * len(inputs) if path.is_dir() or not orders else orders
    for array, edge, order in zip(raw.arrays, inputs, original, strict=True):
        values, said = fit(array, edge, source, order)
        arrays.append(values)
        warnings += said
    count = _count(arrays, inputs, source)
    told = class_labels(raw.labels if labels is None else _given(labels, count), count, source)
    warnings += told.said
    if split == "train":
        warnings += few_samples(count)
    for values, edge in zip(arrays, inputs, strict=True):
        # Of images the range is known and said already.
        warnings += [
            text
            for text in oddities(values, edge)
            if not (path.is_dir() and "looks unscaled" in text)
        ]
    # Names of files, of arrays and in cells are whoever's who made the data.
    own = raw.class_names if labels is None else ()
    names = tuple(map(printable, own or told.names))
    return Dataset(
        tuple(arrays),
        told.numbers,
        source,
        tuple(map(printable, warnings)),
        names,
        tuple(map(printable, raw.names)),
        told.targets,
    )


def _given(labels: Path, count: int) -> np.ndarray:
    found = read_label_file(labels)
    if found.ndim and len(found) == count:
        return found
    raise InputError(
        f"'{labels}' has {len(found) if found.ndim else 1} labels, the data have {count} samples",
        why="each sample needs one label; the names of the classes are given to `tinygen build`",
        next_step="give a file with a label for each sample, in their order",
    )


def read_samples(
    source: str | Path | np.ndarray | Mapping[str, np.ndarray],
    inputs: Sequence[Edge],
    *,
    image_range: tuple[float, float] = (0.0, 255.0),
) -> Dataset:
    """One sample or several, to be run as they are: what `read_data` reads, one image, or arrays,
    of a model with several inputs by their names. A single sample needs no samples' axis.

    Raises InputError for what does not fit the model.
    """
    names: tuple[str, ...] = ()
    if isinstance(source, str | Path):
        path = Path(source)
        if not exists(path):
            raise missing_path(path, "input")
        raw = _read(path, inputs, image_range, "test")
        arrays, title, names, said = raw.arrays, path.name, raw.names, list(raw.warnings)
    else:
        arrays, title, said = _by_name(source, inputs), "input", []
    fitted = []
    for array, edge in zip(arrays, inputs, strict=True):
        one = not fits(array.shape, edge) and fits((1, *array.shape), edge)
        values, told = fit(array[np.newaxis] if one else array, edge, title)
        fitted.append(values)
        said += told
    _count(fitted, inputs, title)
    own = tuple(map(printable, names))
    return Dataset(tuple(fitted), None, title, tuple(map(printable, said)), (), own)


def _count(arrays: Sequence[np.ndarray], inputs: Sequence[Edge], source: str) -> int:
    """How many samples there are; InputError where that differs between the inputs."""
    if len({len(array) for array in arrays}) == 1:
        return len(arrays[0])
    raise InputError(
        f"the data '{source}' has different numbers of samples for the inputs",
        why=", ".join(f"{edge.name} {len(a)}" for edge, a in zip(inputs, arrays, strict=True)),
        next_step="give as many samples for each input",
    )


def _by_name(
    source: np.ndarray | Mapping[str, np.ndarray], inputs: Sequence[Edge]
) -> tuple[np.ndarray, ...]:
    named = source if isinstance(source, Mapping) else {inputs[0].name: source}
    wanted = {edge.name for edge in inputs}
    if set(named) != wanted:
        raise InputError(
            f"arrays were given for {', '.join(sorted(map(printable, named)))}",
            why=f"the model's inputs are {', '.join(map(str, inputs))}",
            next_step="give an array for each input, by its name: {name: array}",
        )
    return tuple(np.asarray(named[edge.name]) for edge in inputs)


def _read(
    path: Path, inputs: Sequence[Edge], image_range: tuple[float, float], split: Split
) -> Raw:
    if path.is_dir():
        return read_images(path, inputs, image_range)
    if path.is_file():
        match path.suffix.lower():
            case ".npz":
                return read_npz(path, inputs, split)
            case ".npy":
                return read_npy(path, inputs)
            case ".csv" | ".tsv" | ".txt" | ".dat":
                return read_csv(path, inputs)
            case suffix if suffix in SUFFIXES:
                return read_image(path, inputs, image_range)
    raise InputError(
        f"the data '{path}' is of a kind that is not read",
        why=f"the suffix is '{path.suffix}'" if path.is_file() else "it is no regular file",
        next_step=f"give {_FORMATS}",
    )


def _random(inputs: Sequence[Edge], seed: int) -> Dataset:
    """200 samples, every element uniform on its own, from a PCG64 generator: in 0..1, or where
    numbers pick something among all that there is."""
    values = RANDOM_SAMPLES * sum(spec.elements for spec in inputs)
    if values > MAX_VALUES:
        raise InputError(
            "the model's inputs are too large for random data",
            why=f"{RANDOM_SAMPLES} samples would have {values:,} values; the limit is"
            f" {MAX_VALUES:,}",
            next_step="give a model with smaller inputs, or samples of your own with --data",
        )
    generator = np.random.default_rng(seed)
    arrays = tuple(_noise(edge, generator) for edge in inputs)
    spans = [f"{e.span[0]}..{e.span[1]}" if e.dtype is DType.INT32 else "0..1" for e in inputs]
    low_high = " and ".join(dict.fromkeys(spans))
    warning = (
        f"RANDOM DATA: {RANDOM_SAMPLES} samples of uniform noise in {low_high} (seed {seed})"
        " calibrate the quantization. The device can be verified, but accuracy means nothing: give"
        " real data for firmware that is to be used"
    )
    return Dataset(arrays, None, RANDOM, (warning,))


def _noise(edge: Edge, generator: np.random.Generator) -> np.ndarray:
    shape = RANDOM_SAMPLES, *edge.sample
    if edge.dtype is DType.INT32:
        return generator.integers(edge.span[0], edge.span[1] + 1, shape).astype(np.float32)
    return generator.random(shape, dtype=np.float32)


def no_data_error(inputs: Sequence[Edge], model: str = "MODEL") -> InputError:
    """The error when a model has to be quantized and no data was given."""
    shapes = "\n".join(
        f"  {e.name}: (samples, {', '.join(map(str, e.sample))}) as {e.dtype.value}" for e in inputs
    )
    keys = "x=x" if len(inputs) == 1 else ", ".join(f"{s.name}=..." for s in inputs)
    return InputError(
        f"'{model}' has to be quantized, and no data was given",
        why="int8 needs the range of every value in the model, which is measured on samples of"
        f" real data (100 or more, as the model was trained on):\n{shapes}\nAccepted are {_FORMATS}"
        " with one sub-folder per class, scaled as in training. Labels (y) are optional.",
        next_step=f"np.savez('data.npz', {keys}), then: tinygen build {shell_word(model)} "
        "--data data.npz (to try without data: --data random)",
    )
