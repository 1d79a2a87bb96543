"""Train one-dimensional convolutions to tell three movements of an accelerometer apart.

The movements are simulated, in g, at 64 Hz, with gravity along an axis that is nearly z:

    circle   two axes turn at 1 to 2 Hz, a quarter of a turn apart
    shake    one direction goes to and fro at 4 to 7 Hz
    rest     nothing but gravity

Each has its own tempo, strength, direction and noise. Writes, into the folder given:

    gesture.keras   the trained Keras model
    train.npz       samples to quantize with, with their labels
    test.npz        samples it was not trained on, with their labels
    one.npy         one sample: a circle
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

GESTURES = ("circle", "rest", "shake")
READINGS, HERTZ = 64, 64
SEED = 1
EACH = 300
EPOCHS = 12


def movement(gesture: str, generator: np.random.Generator) -> np.ndarray:
    """One second of a gesture, (readings, 3), in g."""
    turns = 2 * np.pi * np.arange(READINGS) / HERTZ
    start = generator.uniform(0, 2 * np.pi)
    moved = np.zeros((READINGS, 3))
    if gesture == "circle":
        phase = start + generator.uniform(1, 2) * turns * generator.choice((-1, 1))
        moved[:, 0], moved[:, 1] = np.sin(phase), np.cos(phase)
    elif gesture == "shake":
        direction = generator.normal(size=3)
        direction /= np.linalg.norm(direction)
        moved += np.sin(start + generator.uniform(4, 7) * turns)[:, np.newaxis] * direction
    gravity = np.array([0, 0, 1]) + generator.normal(0, 0.1, 3)
    noise = generator.normal(0, 0.05, moved.shape)
    made: np.ndarray = generator.uniform(0.4, 1.2) * moved + gravity + noise
    return made


def samples(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`count` of each gesture in no order: (samples, readings, 3), and their names."""
    names = generator.permutation(np.repeat(GESTURES, count))
    moved = np.stack([movement(name, generator) for name in names])
    return moved.astype(np.float32), names


def main(folder: Path) -> None:
    """Train, evaluate and save."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    train_x, train_names = samples(EACH, generator)
    test_x, test_names = samples(EACH // 5, generator)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((READINGS, 3), name="acceleration"),
            layers.Conv1D(8, 5, strides=2, activation="relu"),
            layers.Conv1D(16, 5, strides=2, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(len(GESTURES), activation="softmax", name="gesture"),
        ],
        name="gesture",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    numbers = {name: number for number, name in enumerate(GESTURES)}
    train_y, test_y = (np.array([numbers[n] for n in names]) for names in (train_names, test_names))
    model.fit(train_x, train_y, batch_size=16, epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(test_x, test_y, verbose=0)
    model.save(folder / "gesture.keras")
    np.savez(folder / "train.npz", x=train_x[:200], y=train_names[:200])
    np.savez(folder / "test.npz", x=test_x, y=test_names)
    np.save(folder / "one.npy", test_x[list(test_names).index("circle")])
    print(
        f"gesture: {model.count_params():,} parameters, float accuracy {100 * accuracy:.1f} % on "
        f"{len(test_x)} movements not trained on"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
