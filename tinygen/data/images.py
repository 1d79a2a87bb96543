"""Folders of images: sub-folders are classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.data.arrays import several_inputs
from tinygen.data.raw import MAX_BYTES, Raw, too_large
from tinygen.data.table import numbered
from tinygen.errors import InputError
from tinygen.ir import Edge, format_shape

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_DEEP_MODES = ("I", "F")  # and I;16...: more than 8 bits per channel


def read_images(folder: Path, inputs: Sequence[Edge], image_range: tuple[float, float]) -> Raw:
    """The images of a folder, sorted by name, in the size and the channels of the model.

    Pixels 0..255 are mapped linearly to `image_range`. Images in sub-folders are labelled with
    the sub-folders' numbers in the order of their names; the folder itself then holds none.
    """
    if len(inputs) != 1:
        raise several_inputs(folder, inputs)
    height, width, channels = _image_shape(folder, inputs[0])
    classes = sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != "."
    )
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
            why="looked for " + " ".join(_SUFFIXES) + ", also in sub-folders",
            next_step="give a folder of images, one sub-folder per class if there are classes",
        )
    chosen = labelled or files
    size = len(chosen) * height * width * channels * 4
    if size > MAX_BYTES:
        raise too_large(folder, size)
    pixels = np.empty((len(chosen), height, width, channels), np.float32)
    resized = 0
    for index, (file, _) in enumerate(chosen):
        pixels[index], changed = _read_image(file, height, width, channels)
        resized += changed
    low, high = image_range
    if (low, high) != (0.0, 255.0):
        pixels = (low + pixels * ((high - low) / 255.0)).astype(np.float32)
    warnings = [_range_warning(low, high)]
    if resized:
        warnings.append(f"{resized} of {len(chosen)} images were resized to {width}x{height}")
    labels = None
    if labelled:
        labels = np.array([number for _, number in labelled], np.int64)
        warnings.append(f"class numbers are given to the sub-folders by name: {numbered(classes)}")
    return Raw((pixels,), labels, tuple(warnings), tuple(classes) if labelled else ())


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
        f"the folder '{folder}' cannot be the data of this model",
        why=f"images need an input of height x width with 1 or 3 channels; the model's is"
        f" {edge.name} {format_shape(edge.sample)}",
        next_step="give an .npz, .npy or .csv file",
    )


def _images_in(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in _SUFFIXES and file.name[0] != "." and file.is_file()
    )


def _read_image(file: Path, height: int, width: int, channels: int) -> tuple[np.ndarray, bool]:
    """The pixels 0..255 as float32, and whether the image had another size."""
    import PIL.Image

    try:
        with PIL.Image.open(file) as image:
            if image.mode.split(";")[0] in _DEEP_MODES:
                raise InputError(
                    f"the image '{file}' has more than 8 bits per channel",
                    why=f"its mode is {image.mode}; how to scale it is not known",
                    next_step="give the data as an .npy or .npz file",
                )
            picture = image.convert("L" if channels == 1 else "RGB")
            changed = picture.size != (width, height)
            if changed:
                picture = picture.resize((width, height), PIL.Image.Resampling.BILINEAR)
            return np.asarray(picture, np.float32).reshape(height, width, channels), changed
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise InputError(
            f"the image '{file}' cannot be read",
            why=str(error)[:200],
            next_step="mend or remove it",
        ) from error
