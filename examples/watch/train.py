"""Train a network to tell seven shoulder exercises apart by the watch on the wrist.

The recordings come in the wheel of the Python package seglearn, which need not be installed:
`pip download --no-deps seglearn`. Ten people did sets of exercises with a smartwatch on (Burns et
al. 2018, arXiv:1802.01489): 140 recordings of acceleration (x, y, z) and turning rate (x, y, z), 50
a second. The package, data included, is under the BSD licence, Copyright (c) 2018 David M. Burns.

A sample is two seconds. Who is tested was never trained with: people move each in their own way,
and windows of one recording are nearly alike.

    python train.py OUT seglearn-1.2.5-py3-none-any.whl [--epochs 30]

Writes, into the folder OUT:

    watch.keras    the trained Keras model
    train.npz      samples of seven people, with their labels
    test.npz       samples of the three others, with their labels
    one.npy        one sample
"""

from __future__ import annotations

import argparse
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

RECORDINGS = "seglearn/data/watch_dataset.npy"
READINGS = 100
"""Of a window: two seconds."""
TESTED = (8, 9, 10)
"""The people that no training sees."""
SEED = 1
NEEDED = {
    *(("numpy", name) for name in ("_reconstruct", "ndarray", "dtype", "scalar")),
    ("_codecs", "encode"),
}
"""What a pickle of arrays calls."""


class Arrays(pickle.Unpickler):
    """Opens arrays of numpy and nothing else: a pickle may name any function to call."""

    def find_class(self, module: str, name: str) -> Any:
        package = module.partition(".")[0]
        if (package, name) in NEEDED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def recordings(wheel: Path) -> dict[str, Any]:
    """What the wheel holds: X (recordings), y, subject, y_labels."""
    with zipfile.ZipFile(wheel) as file:
        content = io.BytesIO(file.read(RECORDINGS))
    version = np.lib.format.read_magic(content)
    read = np.lib.format.read_array_header_1_0
    (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(content)
    found: dict[str, Any] = Arrays(content).load().item()
    return found


def windows(found: dict[str, Any], people: set[int]) -> tuple[np.ndarray, np.ndarray]:
    """(windows, readings, 6) of these people, side by side and not overlapping, and their names."""
    x, y = [], []
    names = np.array(found["y_labels"])
    for recorded, exercise, person in zip(found["X"], found["y"], found["subject"], strict=True):
        if int(person) in people:
            count = len(recorded) // READINGS
            x.append(recorded[: count * READINGS].reshape(count, READINGS, -1))
            y += [names[int(exercise)]] * count
    order = np.random.default_rng(SEED).permutation(len(y))
    return np.concatenate(x).astype(np.float32)[order], np.array(y)[order]


def network(x: np.ndarray, classes: int) -> keras.Model:
    """One-dimensional convolutions over what is scaled as the samples are."""
    scale = layers.Normalization(name="scale")
    scale.adapt(x)
    parts: list[Any] = [keras.Input(x.shape[1:]), scale]
    for number, (filters, width) in enumerate(((24, 7), (48, 5), (48, 5), (64, 3))):
        parts += [
            layers.Conv1D(
                filters, width, strides=2, padding="same", use_bias=False, name=f"conv{number}"
            ),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    parts += [
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.3),
        layers.Dense(classes, activation="softmax"),
    ]
    return keras.Sequential(parts, name="watch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    told = parser.parse_args()
    found = recordings(told.wheel)
    everybody = {int(person) for person in found["subject"]}
    x, y = windows(found, everybody - set(TESTED))
    test_x, test_y = windows(found, set(TESTED))
    classes, numbers = np.unique(y, return_inverse=True)

    keras.utils.set_random_seed(SEED)
    model = network(x, len(classes))
    rate = keras.optimizers.schedules.CosineDecay(3e-3, told.epochs * -(-len(x) // 64))
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, numbers, batch_size=64, epochs=told.epochs, verbose=0)
    _, right = model.evaluate(test_x, np.searchsorted(classes, test_y), verbose=0)

    told.out.mkdir(parents=True, exist_ok=True)
    model.save(told.out / "watch.keras")
    np.savez_compressed(told.out / "train.npz", x=x, y=y)
    np.savez_compressed(told.out / "test.npz", x=test_x, y=test_y)
    np.save(told.out / "one.npy", test_x[0])
    print(f"{len(x):,} windows of {len(everybody) - len(TESTED)} people, {model.count_params():,}")
    print(f"parameters; {right:.2%} of {len(test_x):,} windows of {len(TESTED)} others right")
    print(f"classes: {', '.join(classes)}")


if __name__ == "__main__":
    main()
