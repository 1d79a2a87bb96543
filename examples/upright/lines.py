"""Take a network that tells upright text from text upside down from a package, and lines to read.

The network is PaddleOCR's classifier of text direction (Apache 2.0), a MobileNetV3 of an eighth of
the width, as an ONNX file in the wheel of the Python package rapidocr-onnxruntime (Apache 2.0),
which need not be installed. The lines are drawn here, from words, by fonts of this machine, since
no package was found that brings photographs of text with their direction.

    pip download --no-deps rapidocr-onnxruntime
    python lines.py OUT rapidocr_onnxruntime-*.whl FONT.ttf...

Writes, into the folder OUT:

    upright.onnx  the network
    train.npz     200 lines for calibration, half of them upside down, channels first
    test.npz      200 others
    labels.txt    what its two scores stand for
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FILE = "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
HEIGHT, WIDTH = 48, 192
NAMES = ("upright", "upside down")
WORDS = (
    *(
        "open",
        "the",
        "door",
        "before",
        "noon",
        "exit",
        "platform",
        "four",
        "please",
        "ring",
        "twice",
    ),
    *(
        "total",
        "amount",
        "due",
        "keep",
        "dry",
        "this",
        "way",
        "up",
        "handle",
        "with",
        "care",
        "best",
    ),
    *("before", "no", "parking", "mind", "the", "gap", "room", "27", "invoice", "fragile"),
)
SEED = 1


def line(generator: np.random.Generator, fonts: list[Path]) -> np.ndarray:
    """(48, 192, 3) in 0..255: a few words on a plain ground, as wide as they are, then zeros."""
    font = ImageFont.truetype(str(generator.choice(fonts)), int(generator.integers(22, 34)))  # type: ignore[arg-type]
    text = " ".join(generator.choice(WORDS, generator.integers(2, 4)))
    text = text.upper() if generator.random() < 0.3 else text.capitalize()
    ground = generator.integers(150, 256, 3)
    ink = generator.integers(0, 90, 3)
    box = font.getbbox(text)
    size = (int(box[2]) + 12, int(box[3]) + 12)
    picture = Image.new("RGB", size, tuple(int(v) for v in ground))
    ImageDraw.Draw(picture).text((6, 4), text, tuple(int(v) for v in ink), font=font)
    if generator.random() < 0.5:
        picture = picture.rotate(float(generator.uniform(-2, 2)), fillcolor=tuple(map(int, ground)))
    width = min(WIDTH, round(HEIGHT * size[0] / size[1]))
    scaled = np.asarray(picture.resize((width, HEIGHT), Image.Resampling.BILINEAR), np.float32)
    return scaled + generator.normal(0, 4, scaled.shape)


def lines(count: int, fonts: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """(count, 3, 48, 192) in -1..1, blue first, zero behind the text; every second is upside
    down."""
    generator = np.random.default_rng(SEED)
    x = np.zeros((count, 3, HEIGHT, WIDTH), np.float32)
    y = np.arange(count) % 2
    for number in range(count):
        drawn = line(generator, fonts)
        drawn = drawn[::-1, ::-1] if y[number] else drawn
        x[number, :, :, : drawn.shape[1]] = drawn[:, :, ::-1].transpose(2, 0, 1) / 127.5 - 1
    return x.clip(-1, 1), y


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("wheel", type=Path, help="that of rapidocr-onnxruntime")
    parser.add_argument("fonts", type=Path, nargs="+", help="TrueType files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(options.wheel) as file:
        (options.out / "upright.onnx").write_bytes(file.read(FILE))
    x, y = lines(400, options.fonts)
    names = np.array(NAMES)[y]
    for part, chosen in (("train", slice(200)), ("test", slice(200, 400))):
        np.savez(options.out / f"{part}.npz", x=x[chosen], y=names[chosen])
    (options.out / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
