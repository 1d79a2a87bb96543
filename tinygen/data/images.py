"""Folders of images: sub-folders are classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tinygen.data.arrays import several_inputs
from tinygen.data.labels import numbered
from tinygen.data.pictures import SUFFIXES, Change, read_picture, told
from tinygen.data.raw import MAX_VALUES, Raw, too_large
from tinygen.errors import InputError
from tinygen.ir import Edge, format_shape

_HIDDEN = ("thumbs.db", "desktop.ini", "__macosx")


def read_images(folder: Path, inputs: Sequence[Edge], image_range: tuple[float, float]) -> Raw:
    """The images of a folder, sorted by name, in the size and the channels of the model.

    Pixels 0..255 are mapped linearly to `image_range`. Images in sub-folders are labelled with
    the sub-folders' numbers in the order of their names; the folder itself then holds none.
    """
    try:
        return _read_folder(folder, inputs, image_range)
    except OSError as error:
        raise InputError(
            f"the folder '{folder}' cannot be read",
            why=str(error)[:200],
            next_step="check the folder's permissions",
        ) from error


def _read_folder(folder: Path, inputs: Sequence[Edge], image_range: tuple[float, float]) -> Raw:
    if len(inputs) != 1:
        raise several_inputs(folder, inputs)
    height, width, channels = _image_shape(folder, inputs[0])
    classes = [entry.name for entry in _visible(folder) if entry.is_dir()]
    files = [(file, None) for file in _images_in(folder)]
    labelled = [
        (file, number) for number, name in enumerate(classes) for file in _images_in(folder / name)
    ]
    if files and labelled:
        raise InputError(
            f"the folder '{folder}' holds images and sub-folders with images",
            why="sub-folders are taken for classes; the images beside them would have none",
            next_step="move the images into sub-folders, or give one sub-folder",
        )
    if not files and not labelled:
        raise InputError(
            f"the folder '{folder}' holds no images",
            why="\n".join(
                (
                    "looked for " + " ".join(SUFFIXES) + ", also in sub-folders",
                    *_left_out(folder, classes),
                )
            ),
            next_step="give a folder of images, one sub-folder per class if there are classes",
        )
    chosen = labelled or files
    size = len(chosen) * height * width * channels
    if size > MAX_VALUES:
        raise too_large(folder, size)
    pixels, said = _pixels([file for file, _ in chosen], (height, width, channels), image_range)
    warnings = [*said, *_left_out(folder, classes)]
    labels = None
    if labelled:
        labels = np.array([number for _, number in labelled], np.int64)
        warnings.append(f"class numbers are given to the sub-folders by name: {numbered(classes)}")
    names = tuple(file.relative_to(folder).as_posix() for file, _ in chosen)
    return Raw((pixels,), labels, tuple(warnings), tuple(classes) if labelled else (), names)


def read_image(file: Path, inputs: Sequence[Edge], image_range: tuple[float, float]) -> Raw:
    """One image, as those of a folder are read."""
    if len(inputs) != 1:
        raise several_inputs(file, inputs)
    pixels, said = _pixels([file], _image_shape(file, inputs[0]), image_range)
    return Raw((pixels,), None, said, (), (file.name,))


def _pixels(
    files: Sequence[Path], shape: tuple[int, int, int], image_range: tuple[float, float]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The images' pixels as the model gets them, (images, *shape), and what was done to them."""
    height, width, channels = shape
    pixels = np.empty((len(files), *shape), np.float32)
    changes: Counter[Change] = Counter()
    for index, file in enumerate(files):
        pixels[index], made = read_picture(file, height, width, channels)
        changes.update(made)
    low, high = image_range
    if (low, high) != (0.0, 255.0):
        pixels *= (high - low) / 255.0
        pixels += low
    return pixels, (_range_warning(low, high), *told(changes, len(files), height, width))


def _range_warning(low: float, high: float) -> str:
    said = f"image pixels are given to the model as {low:g}..{high:g}"
    if (low, high) == (0.0, 255.0):
        said += (
            ", not scaled: right for a model that scales them itself (a Rescaling layer); for"
            " one that was trained on 0..1 or -1..1, say so: --image-range 0 1"
        )
    return said


def _image_shape(folder: Path, edge: Edge) -> tuple[int, int, int]:
    if len(edge.sample) == 2:
        return edge.sample[0], edge.sample[1], 1
    if len(edge.sample) == 3 and edge.sample[2] in (1, 3):
        return edge.sample[0], edge.sample[1], edge.sample[2]
    raise InputError(
        f"'{folder}' cannot be the data of this model",
        why=f"images need an input of height x width with 1 or 3 channels; the model's is"
        f" {edge.name} {format_shape(edge.sample)}",
        next_step="give an .npz, .npy or .csv file",
    )


def _visible(folder: Path) -> list[Path]:
    """What is in a folder by name, without what programs hide there."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.name[0] != "." and entry.name.lower() not in _HIDDEN
    )


def _images_in(folder: Path) -> list[Path]:
    return [
        entry for entry in _visible(folder) if entry.suffix.lower() in SUFFIXES and entry.is_file()
    ]


def _left_out(folder: Path, classes: Sequence[str]) -> Iterator[str]:
    """What lies in the folder and is not read, which may be a mistake."""
    inside = [(folder / name, _visible(folder / name)) for name in classes]
    files = [entry for entry in _visible(folder) if not entry.is_dir()]
    files += [entry for _, entries in inside for entry in entries if not entry.is_dir()]
    suffixes = Counter(
        file.suffix.lower() or file.name for file in files if file.suffix.lower() not in SUFFIXES
    )
    if suffixes:
        listed = ", ".join(f"{count} {suffix[:20]}" for suffix, count in suffixes.most_common(5))
        yield f"{suffixes.total()} files are not read, as their suffix is none of images: {listed}"
    deeper = [entry for _, entries in inside for entry in entries if entry.is_dir()]
    if deeper:
        yield (
            f"{len(deeper)} folders inside the classes' folders are not read, among them"
            f" '{deeper[0].relative_to(folder)}'"
        )
    empty = [path.name for path, _ in inside if not _images_in(path)]
    if empty and len(empty) < len(classes):
        yield f"{len(empty)} classes have no images: {', '.join(empty[:5])}"
