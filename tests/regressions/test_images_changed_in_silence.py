"""Of a folder of images, unknown suffixes, EXIF orientation and alpha passed without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from tests.regressions.data_files import refused, said
from tinygen.data import read_data
from tinygen.ir import Edge

COLOUR = Edge.real("photo", (1, 4, 6, 3))
GREY = Edge.real("photo", (1, 4, 6, 1))
PIXELS = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)


def save(path: Path, image: PIL.Image.Image, **options: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    image.save(path, **options)


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "a.png", PIL.Image.fromarray(PIXELS))
    save(tmp_path / "cat" / "deeper" / "b.png", PIL.Image.fromarray(PIXELS))
    for name in ("c.heic", "d.heic", "notes.txt", ".hidden", "Thumbs.db"):
        (tmp_path / "cat" / name).write_bytes(b"x")
    (tmp_path / "dog").mkdir()
    data = read_data(tmp_path, [COLOUR])
    assert len(data.inputs[0]) == 1
    assert said(data, "3 files are not read, as their suffix is none of images: 2 .heic, 1 .txt")
    assert said(data, "cat/deeper")
    assert said(data, "1 classes have no images: dog")
    assert data.class_names == ("cat", "dog")
    only = tmp_path / "only"
    only.mkdir()
    (only / "a.heic").write_bytes(b"x")
    assert "1 .heic" in refused(only, COLOUR).why


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, orientation: int) -> None:
    upright = PIL.Image.fromarray(PIXELS)
    # How a camera stores the picture that has to be turned this way to stand upright.
    turns = {
        2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
        3: PIL.Image.Transpose.ROTATE_180,
        4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
        5: PIL.Image.Transpose.TRANSPOSE,
        6: PIL.Image.Transpose.ROTATE_90,
        7: PIL.Image.Transpose.TRANSVERSE,
        8: PIL.Image.Transpose.ROTATE_270,
    }
    kept = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / "a.png", kept, exif=exif)
    data = read_data(tmp_path, [COLOUR])
    assert np.array_equal(data.inputs[0][0], PIXELS)
    assert said(data, "1 of 1 images are turned") == (orientation != 1)
    assert not said(data, "resized")


def test_alpha(tmp_path: Path) -> None:
    alpha = np.full((4, 6, 1), 255, np.uint8)
    opaque = PIL.Image.fromarray(np.concatenate([PIXELS, alpha], axis=2))
    save(tmp_path / "a.png", opaque)
    assert not said(read_data(tmp_path, [COLOUR]), "transparen")
    alpha[0, 0] = 0
    save(tmp_path / "b.png", PIL.Image.fromarray(np.concatenate([PIXELS, alpha], axis=2)))
    data = read_data(tmp_path, [COLOUR])
    assert said(data, "1 of 2 images have transparent parts")
    assert np.array_equal(data.inputs[0][1], PIXELS)


def test_palettes(tmp_path: Path) -> None:
    palette = PIL.Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6)).convert("P")
    palette.putpalette([value for index in range(256) for value in (index, 0, 255 - index)])
    save(tmp_path / "a.png", palette)
    data = read_data(tmp_path, [COLOUR])
    assert data.inputs[0][0, 0, 5].tolist() == [5, 0, 250]
    assert not said(data, "transparen")
    save(tmp_path / "a.png", palette, transparency=3)
    assert said(read_data(tmp_path, [COLOUR]), "1 of 1 images have transparent parts")


def test_other_changes_are_said(tmp_path: Path) -> None:
    save(tmp_path / "a.png", PIL.Image.new("RGB", (12, 9)))
    save(tmp_path / "b.png", PIL.Image.new("L", (12, 8)))
    frames = [PIL.Image.new("L", (6, 4), value) for value in (10, 20)]
    save(tmp_path / "c.gif", frames[0], save_all=True, append_images=frames[1:])
    data = read_data(tmp_path, [GREY])
    assert said(data, "1 of 3 images have several frames")
    assert said(data, "images are in colour and become grey")
    assert said(data, "2 of 3 images were resized to 6x4")
    assert said(data, "1 of 3 images were resized without keeping their proportions")


def test_sixteen_bits_in_colour_are_said(tmp_path: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    line = b"\x00" + b"\x12\x34" * 18
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 4, 16, 2, 0, 0, 0))
    (tmp_path / "a.png").write_bytes(
        png + chunk(b"IDAT", zlib.compress(line * 4)) + chunk(b"IEND", b"")
    )
    data = read_data(tmp_path, [COLOUR])
    assert said(data, "1 of 1 images have 16 bits per channel")
    assert bool((data.inputs[0] == 0x12).all())


def test_decoders_that_run_programs_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 6 4\nshowpage\n")
    assert "cannot be read" in refused(tmp_path, COLOUR).what


def test_hostile_images(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save(path, PIL.Image.fromarray(PIXELS))
    whole = path.read_bytes()
    for content in (
        b"",
        whole[:-40],
        whole[:20],
        b"GIF89a",
        b"II*\x00\xff\xff\xff\xff",
        b"P6\n9 9\n",
    ):
        path.write_bytes(content)
        refused(tmp_path, COLOUR)
    PIL.Image.new("1", (20_000, 20_000)).save(path)
    assert "exceeds limit" in refused(tmp_path, COLOUR).why


def test_grey_of_sixteen_bits_is_refused(tmp_path: Path) -> None:
    for mode in ("I;16", "I", "F"):
        path = tmp_path / "a.tif"
        PIL.Image.new(mode, (6, 4)).save(path)
        assert mode[0] in refused(tmp_path, COLOUR).why
