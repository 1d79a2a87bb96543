"""Keyword spotters on real sound, as streams: equal to the model on every window of 1,000 frames,
and what a hop takes of a window, on an emulated Cortex-M4.

python -m tests.streaming /usr/share/sounds/alsa    (apt install alsa-utils)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

import tinygen
from tests.streaming.spotters import SPOTTERS, WINDOW, heard, windows
from tinygen import passes, tflite
from tinygen.api.stream import hops
from tinygen.ir import Array, Int8Model, input_edges
from tinygen.proof import oracle
from tinygen.report.text import print_report, stream_report

BOARD = "qemu-cortex-m4"
FRAMES = 1_000
EPOCHS = 4


def main(sounds: Path, frames: int = FRAMES) -> None:
    """Train, make streams, compare and measure."""
    found, words, names = heard(sounds)
    print(f"{len(found)} frames of sound, {len(names)} words")
    mean, spread = found.mean(), found.std()
    found = ((found - mean) / spread).astype(np.float32)
    inputs, answers = windows(found), words[WINDOW - 1 :]
    for make in SPOTTERS:
        keras.utils.set_random_seed(1)
        model = make(len(names))
        shaped = inputs.reshape(-1, *model.input_shape[1:])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(shaped, answers, epochs=EPOCHS, batch_size=32, verbose=0)
        with tempfile.TemporaryDirectory() as folder:
            _shown(model, shaped, found[:frames], Path(folder))


def _shown(model: keras.Model, shaped: Array, frames: Array, folder: Path) -> None:
    """One spotter, on the board by both engines, and on frames of sound."""
    window = folder / f"{model.name}.keras"
    model.save(window)
    data = shaped[:: max(1, len(shaped) // 200)]
    result = tinygen.stream(
        window, data=data, out=folder / "stream.tflite", board=BOARD, engines=("aot", "tflm")
    )
    print(f"\n== {model.name}: {model.count_params():,} parameters")
    print_report(stream_report(result))
    made = tinygen.generate(window, data=data, board=BOARD, out=folder / "window")
    batch, stream = (int8_model(path) for path in (made.project / "model.tflite", result.path))
    count, different = compared(batch, stream, frames, result.hop)
    print(f"equal to the model on {count} windows of sound; {different} different outputs")
    out = folder / "project"
    tinygen.build(result.path, board=BOARD, out=out)
    shape = (-1, *result.input.shape[1:])
    proven = tinygen.verify(
        out, data=frames[: len(frames) // result.hop * result.hop].reshape(shape)
    )
    tinygen.stop(out)
    print(f"{proven.verdict.value} on {BOARD}, {proven.vectors} hops of sound in a row")


def int8_model(path: Path) -> Int8Model:
    """The model of a .tflite file."""
    content = path.read_bytes()
    written = tflite.read(content, path.stem)
    return Int8Model(content, written, passes.simplify(written))


def compared(batch: Int8Model, stream: Int8Model, frames: Array, hop: int) -> tuple[int, int]:
    """How many windows gave the same, hop by hop, and how many different outputs there were among
    them; AssertionError where one did not. `frames` are real numbers (frames, bands)."""
    (edge,), tensor = input_edges(batch.graph), batch.graph.tensors[batch.graph.inputs[0]]
    codes = edge.quantize(frames).reshape(1, len(frames), *tensor.shape[2:])
    news, wholes = hops(codes, tflite.start(tensor), 1, hop)
    starts = np.arange(len(news)) == 0
    got, want = oracle.expected(stream, [news], starts), oracle.expected(batch, [wholes])
    assert got.name == want.name
    np.testing.assert_array_equal(got.outputs[0], want.outputs[0])
    return len(news), len(np.unique(got.outputs[0].reshape(len(news), -1), axis=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
