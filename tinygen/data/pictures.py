"""One image file -> the pixels that the model gets, and what was done to them."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinygen.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

# Only what decodes pixels by itself: the decoder of EPS, for one, runs Ghostscript. Contents, not
# suffixes, decide between these.
_DECODERS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000")
_SUFFIXES = ".png .apng .jpg .jpeg .jpe .jfif .bmp .gif .webp .tif .tiff .ppm .pgm .pbm .pnm .jp2"
SUFFIXES = tuple(_SUFFIXES.split())
"""Files of other names are not looked at."""
_SIXTEEN_BITS = re.compile(r"\b(RGB|RGBA|RGBX|LA);16")  # how Pillow calls such pixels in a file
_DEEP_MODES = ("I", "F")  # and I;16...: more than 8 bits per channel


class Change(Enum):
    """What is done to an image before the model gets it, as a sentence about some of them."""

    TURNED = "{n} of {of} images are turned as their EXIF orientation says"
    ALPHA = (
        "{n} of {of} images have transparent parts: transparency is left out, and the colours"
        " under it are used"
    )
    FIRST_FRAME = "{n} of {of} images have several frames: the first is used"
    REDUCED = "{n} of {of} images have 16 bits per channel: the upper 8 are used"
    GREY = "{n} of {of} images are in colour and become grey, as the model has one channel"
    RESIZED = "{n} of {of} images were resized to {width}x{height}"
    STRETCHED = "{n} of {of} images were resized without keeping their proportions"


def read_picture(
    file: Path, height: int, width: int, channels: int
) -> tuple[np.ndarray, frozenset[Change]]:
    """The pixels 0..255 as float32 (height, width, channels), and what was done to the image.

    Raises InputError for a file that is no image, or one whose scale is not known.
    """
    import PIL.Image

    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it says of damaged files is told
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A warning below, an error above twice its limit: here both are too much memory.
            warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(file, formats=_DECODERS) as image:
                if image.mode.split(";")[0] in _DEEP_MODES:
                    raise InputError(
                        f"the image '{file}' has more than 8 bits per channel",
                        why=f"its mode is {image.mode}; how to scale it is not known",
                        next_step="convert it to 8 bits, or give the data as an .npy or .npz file",
                    )
                return _pixels(image, height, width, channels)
    except InputError:
        raise
    except Exception as error:  # the decoders raise many types on damaged files
        raise InputError(
            f"the image '{file}' cannot be read",
            why=" ".join(str(error).split())[:200] or type(error).__name__,
            next_step="mend or remove it",
        ) from error


def _pixels(
    image: Image, height: int, width: int, channels: int
) -> tuple[np.ndarray, frozenset[Change]]:
    import PIL.Image
    import PIL.ImageOps

    changes = set(_found(image))
    upright = PIL.ImageOps.exif_transpose(image)
    if upright.size != image.size or image.getexif().get(0x0112, 1) not in (0, 1):
        changes.add(Change.TURNED)
    if channels == 1 and upright.mode not in ("1", "L", "LA", "La"):
        changes.add(Change.GREY)
    picture = upright.convert("L" if channels == 1 else "RGB")
    if picture.size != (width, height):
        changes.add(Change.RESIZED)
        if picture.width * height != picture.height * width:
            changes.add(Change.STRETCHED)
        picture = picture.resize((width, height), PIL.Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32).reshape(height, width, channels), frozenset(changes)


def _found(image: Image) -> Iterator[Change]:
    """What the file has that the model does not get."""
    if any(_SIXTEEN_BITS.search(str(tile)) for tile in getattr(image, "tile", ())):
        yield Change.REDUCED
    if getattr(image, "is_animated", False):
        yield Change.FIRST_FRAME
    if _is_transparent(image):
        yield Change.ALPHA


def _is_transparent(image: Image) -> bool:
    if image.mode.upper() not in ("LA", "PA", "RGBA") and "transparency" not in image.info:
        return False
    return bool((np.asarray(image.convert("RGBA").getchannel("A")) < 255).any())


def told(counts: Mapping[Change, int], of: int, height: int, width: int) -> Iterator[str]:
    """A sentence for each change that was made."""
    for change in Change:
        if counts.get(change):
            yield change.value.format(n=counts[change], of=of, height=height, width=width)
