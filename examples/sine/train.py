"""Train three dense layers on the sine of a number from 0 to 2 pi.

Writes, into the folder given:

    sine.keras      the trained Keras model
    samples.npz     numbers to quantize with
    half_pi.npy     one number, whose sine is 1
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

SEED = 1
SAMPLES = 2000
EPOCHS = 120


def main(folder: Path) -> None:
    """Train and save."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    x = np.random.default_rng(SEED).uniform(0, 2 * np.pi, (SAMPLES, 1)).astype(np.float32)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((1,), name="angle"),
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, name="sine"),
        ],
        name="sine",
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(x, np.sin(x), batch_size=64, epochs=EPOCHS, verbose=0)
    error = model.evaluate(x, np.sin(x), verbose=0)
    model.save(folder / "sine.keras")
    np.savez(folder / "samples.npz", x=x[:200])
    np.save(folder / "half_pi.npy", np.array([np.pi / 2], np.float32))
    print(f"sine: {model.count_params():,} parameters, mean squared error {error:.5f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
