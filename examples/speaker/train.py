"""Train a network to tell by sound features which of nine men spoke.

The features come in the wheel of the Python package aeon, which need not be installed:
`pip download --no-deps aeon`. Nine speakers of Japanese say two vowels, /ae/; of each 6.4 ms there
are 12 cepstrum coefficients of a linear prediction, 7 to 29 times an utterance (Kudo, Toyama and
Shimbo 1999, "Multidimensional Curve Classification Using Passing-Through Regions", Pattern
Recognition Letters 20). It is UCI's data set Japanese Vowels, doi:10.24432/C5NS47.

    python train.py OUT aeon-1.6.0-py3-none-any.whl [--epochs 60]

Writes, into the folder OUT:

    speaker.keras  the trained Keras model
    train.npz      270 utterances, with their speakers
    test.npz       370 others of the same speakers at other times
    one.npy        one utterance
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

FRAMES = 29
"""Of the longest utterance; shorter ones are followed by zeros."""
SEED = 1


def utterances(wheel: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """(utterances, frames, 12) and the speakers. A line of the file has the coefficients, between
    colons, each with its values in time, and then the speaker's number."""
    with zipfile.ZipFile(wheel) as file:
        text = file.read(f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts").decode()
    lines = text[text.lower().index("@data") :].splitlines()[1:]
    x, y = [], []
    for line in filter(None, lines):
        *series, speaker = line.split(":")
        values = np.array([one.split(",") for one in series], np.float32).T
        x.append(np.pad(values, ((0, FRAMES - len(values)), (0, 0))))
        y.append(f"speaker {speaker.strip()}")
    order = np.random.default_rng(SEED).permutation(len(y))
    return np.stack(x)[order], np.array(y)[order]


def network(classes: int) -> keras.Model:
    """Two one-dimensional convolutions, and what they saw at most at any time."""
    parts: list[Any] = [keras.Input((FRAMES, 12))]
    for number, filters in enumerate((32, 48)):
        parts += [
            layers.Conv1D(filters, 5, padding="same", use_bias=False, name=f"conv{number}"),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    parts += [
        layers.GlobalMaxPooling1D(),
        layers.Dropout(0.3),
        layers.Dense(classes, activation="softmax"),
    ]
    return keras.Sequential(parts, name="speaker")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--epochs", type=int, default=60)
    told = parser.parse_args()
    x, y = utterances(told.wheel, "TRAIN")
    test_x, test_y = utterances(told.wheel, "TEST")
    classes, numbers = np.unique(y, return_inverse=True)

    keras.utils.set_random_seed(SEED)
    model = network(len(classes))
    rate = keras.optimizers.schedules.CosineDecay(3e-3, told.epochs * -(-len(x) // 64))
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, numbers, batch_size=64, epochs=told.epochs, verbose=0)
    _, right = model.evaluate(test_x, np.searchsorted(classes, test_y), verbose=0)

    told.out.mkdir(parents=True, exist_ok=True)
    model.save(told.out / "speaker.keras")
    np.savez_compressed(told.out / "train.npz", x=x, y=y)
    np.savez_compressed(told.out / "test.npz", x=test_x, y=test_y)
    np.save(told.out / "one.npy", test_x[0])
    print(f"{model.count_params():,} parameters, {right:.2%} of {len(test_x):,} utterances right")
    print(f"classes: {', '.join(classes)}")


if __name__ == "__main__":
    main()
