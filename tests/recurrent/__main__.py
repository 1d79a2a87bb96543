"""Recurrent layers trained on speech, in flash and in instructions, against their unrolled form.

    python -m tests.recurrent aeon-1.6.0-py3-none-any.whl

The utterances are those of `examples/speaker`. A network of each kind is trained, built for the
emulated Cortex-M4 with the engine aot and verified; the table is printed. "Unrolled" is the same
network with each step for itself, its ranges and its kernels: what a converter leaves. "A frame" is
the same layer as one that remembers, with the same weights: one step.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import tinygen
from examples.speaker.train import FRAMES, utterances
from tinygen.data import Dataset
from tinygen.load import load
from tinygen.quantize import quantize

BOARD, UNITS, FEATURES, CLASSES = "qemu-cortex-m4", 32, 12, 9
EPOCHS = 60
"""Of training."""


def layers_of(keras: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Names, and what makes the layer."""
    ls = keras.layers
    yield "LSTM", lambda **how: ls.LSTM(UNITS, **how)
    yield "GRU", lambda **how: ls.GRU(UNITS, **how)
    yield "SimpleRNN", lambda **how: ls.SimpleRNN(UNITS, **how)
    yield "Bidirectional GRU", lambda **how: ls.Bidirectional(ls.GRU(UNITS // 2, **how))


def network(keras: Any, layer: Any, frames: int, *, streams: bool = False) -> Any:
    """The layer over so many frames, and what it says of the speaker."""
    source = keras.Input(batch_shape=(1 if streams else None, frames, FEATURES))
    said = keras.layers.Dense(CLASSES, activation="softmax")(layer(source))
    return keras.Model(source, said)


def built(model: Path, data: np.ndarray | None, folder: Path) -> tuple[Any, Any]:
    """What is said of the firmware, and whether it is right."""
    made = tinygen.build(model, board=BOARD, engine="aot", data=data, out=folder)
    verified = tinygen.verify(folder)
    tinygen.stop(folder)
    return made, verified


def unrolled(path: Path, data: np.ndarray, folder: Path) -> tuple[Any, Any]:
    """The same of the firmware with each step for itself."""
    apart = (
        patch("tinygen.quantize.file_worker.with_equal_ranges", bytes),
        patch("tinygen.passes.roll_steps", lambda graph: graph),
    )
    with apart[0], apart[1]:
        int8 = folder / "unrolled.tflite"
        int8.write_bytes(quantize(load(path), Dataset((data,), None, "frames", ())).tflite)
        return built(int8, None, folder / "unrolled")


def main() -> None:
    import keras

    wheel = Path(sys.argv[1])
    x, y = utterances(wheel, "TRAIN")
    test_x, test_y = utterances(wheel, "TEST")
    names, numbers = np.unique(y, return_inverse=True)
    print("| layer | verdict | float | device | flash / instructions | a frame | unrolled |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, make in layers_of(keras):
        keras.utils.set_random_seed(1)
        model = network(keras, make(), FRAMES)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, numbers, batch_size=16, epochs=EPOCHS, verbose=0)
        right = np.searchsorted(names, test_y)
        score = (model.predict(test_x, verbose=0).argmax(1) == right).mean()
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            model.save(folder / "model.keras")
            made, verified = built(folder / "model.keras", x, folder / "project")
            answers = tinygen.run(test_x, folder / "project").answers
            tinygen.stop(folder / "project")
            device = np.mean(
                [a.codes[0].argmax() == r for a, r in zip(answers, right, strict=True)]
            )
            every = network(keras, make(unroll=True), FRAMES)
            every.set_weights(model.get_weights())
            every.save(folder / "every.keras")
            apart, apart_verified = unrolled(folder / "every.keras", x, folder)
            once = ""
            if "Bidirectional" not in name:
                streams = network(keras, make(stateful=True), 1, streams=True)
                streams.set_weights(model.get_weights())
                streams.save(folder / "streams.keras")
                frames = x.reshape(-1, 1, FEATURES)
                step, step_verified = built(folder / "streams.keras", frames, folder / "streams")
                assert step_verified.verdict is tinygen.Verdict.MATCH
                once = f"{step.sizes.flash:,} / {step_verified.instructions:,}"
            print(
                f"| {name} | {verified.verdict.value} | {score:.1%} | {device:.1%} "
                f"| {made.sizes.flash:,} / {verified.instructions:,} | {once} "
                f"| {apart.sizes.flash:,} / {apart_verified.instructions:,} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
