"""Train a small CNN on scikit-learn's handwritten digits: 1,797 real 8x8 images, 10 classes.

Writes, beside this file or into the folder given:

    digits.h5           the trained Keras model
    calibration.npz     training samples to quantize with
    test.npz            the samples it was not trained on, with their labels

The data comes with scikit-learn, so nothing is downloaded. Source: E. Alpaydin and C. Kaynak,
"Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tinygen.load.quiet import import_tensorflow, quiet

SEED = 1
EPOCHS = 40
CALIBRATION_SAMPLES = 200


def make_model() -> Any:
    """The network: 4,714 parameters; its int8 firmware fits 16 KB of RAM."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(8, 3, padding="same", use_bias=False, name="edges"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(
                3, padding="same", depth_multiplier=2, activation="relu", name="strokes"
            ),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 3, padding="same", activation="relu", name="shapes"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )


def main(folder: Path) -> None:
    """Train, evaluate and save."""
    digits = load_digits()
    images = (digits.images[..., np.newaxis] / 16.0).astype(np.float32)
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits.target, test_size=0.25, random_state=SEED, stratify=digits.target
    )
    folder.mkdir(parents=True, exist_ok=True)
    print(f"training on {len(train_x):,} images, {EPOCHS} epochs ...", flush=True)
    import_tensorflow()
    with quiet():  # TensorFlow logs, and Keras would rather save a .keras file
        import keras

        keras.utils.set_random_seed(SEED)
        model = make_model()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(train_x, train_y, batch_size=32, epochs=EPOCHS, verbose=0)
        _, accuracy = model.evaluate(test_x, test_y, verbose=0)
        model.save(folder / "digits.h5")
    np.savez(folder / "calibration.npz", x=train_x[:CALIBRATION_SAMPLES])
    np.savez(folder / "test.npz", x=test_x, y=test_y)
    print(
        f"digits: {model.count_params():,} parameters, "
        f"float accuracy {100 * accuracy:.2f} % on {len(test_x):,} images not trained on"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
