"""What int8, mixed and int16 activations give and take, of two models of real data: a table.

    python -m scripts.mixed OUT aeon-1.6.0-py3-none-any.whl

`diabetes` predicts the course of the disease in 442 people a year on, from ten measurements
(scikit-learn's data set: Efron, Hastie, Johnstone and Tibshirani 2004, "Least Angle Regression").
`speaker` tells by the cepstra of two vowels which of nine men spoke (examples/speaker, which says
where its data come from). Each is trained here, quantized with its training samples, and built for
an emulated Cortex-M4 with both engines; the ratio is that of the device's outputs on samples that
nothing was trained or calibrated with. SEEDS of training and of the split are fixed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tinygen

ROOT = Path(__file__).parent.parent
BOARD = "qemu-cortex-m4"
SEED = 1
HELD_OUT = 92
MODELS = ("diabetes", "speaker")
WAY = 0.5
"""The goal of the mixed model, in dB: so much of the way from int8 to int16."""


@dataclass(frozen=True)
class Row:
    """One model, engine and choice of activations."""

    model: str
    engine: str
    activations: str
    layers: str
    sqnr_db: float
    flash: int
    arena: int
    instructions: int
    verdict: str
    vectors: int


def diabetes(folder: Path) -> None:
    """Train the regression; model, data and held-out data are left in the folder."""
    import keras
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(x))
    x, y = (x[order] * 20).astype(np.float32), y[order].astype(np.float32)[:, None] / 100
    keras.utils.set_random_seed(SEED)
    given = keras.Input((x.shape[1],))
    wide = keras.layers.Dense(32, activation="relu")(given)
    more = keras.layers.Dense(32, activation="relu")(wide)
    both = keras.layers.Add()([wide, more])
    last = keras.layers.Dense(16, activation="tanh")(both)
    model = keras.Model(given, keras.layers.Dense(1)(last), name="diabetes")
    model.compile(keras.optimizers.Adam(2e-3), "mse")
    model.fit(x[HELD_OUT:], y[HELD_OUT:], batch_size=32, epochs=60, verbose=0)
    model.save(folder / "diabetes.keras")
    np.savez(folder / "train.npz", x=x[HELD_OUT:])
    np.savez(folder / "test.npz", x=x[:HELD_OUT])
    error = float(np.mean((model.predict(x[:HELD_OUT], verbose=0) - y[:HELD_OUT]) ** 2))
    explained = 1 - error / float(np.var(y[:HELD_OUT]))
    print(f"diabetes: {model.count_params():,} parameters, R2 {explained:.2f} on {HELD_OUT} people")


def speaker(folder: Path, wheel: Path) -> None:
    """Train a network on the example's data, whose own takes a maximum over time: of that there is
    no int16 form. Likewise."""
    import keras

    train = ROOT / "examples" / "speaker" / "train.py"
    subprocess.run([sys.executable, train, folder, wheel, "--epochs", "1"], check=True)
    (x, y), (test_x, test_y) = (
        (file["x"], np.unique(file["y"], return_inverse=True)[1])
        for file in (np.load(folder / "train.npz"), np.load(folder / "test.npz"))
    )
    keras.utils.set_random_seed(SEED)
    given = keras.Input(x.shape[1:])
    first = keras.layers.Conv1D(32, 5, padding="same", activation="relu")(given)
    more = keras.layers.Conv1D(32, 5, padding="same", activation="relu")(first)
    both = keras.layers.MaxPooling1D(2)(keras.layers.Add()([first, more]))
    last = keras.layers.Conv1D(48, 5, padding="same", activation="relu")(both)
    mean = keras.layers.GlobalAveragePooling1D()(last)
    classes = keras.layers.Dense(9, activation="softmax")(keras.layers.Dropout(0.3)(mean))
    model = keras.Model(given, classes, name="speaker")
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, batch_size=32, epochs=60, verbose=0)
    model.save(folder / "speaker.keras")
    _, right = model.evaluate(test_x, test_y, verbose=0)
    print(f"speaker: {model.count_params():,} parameters, {right:.2%} of {len(test_x)} right")


def rows(name: str, folder: Path) -> Iterator[Row]:
    """The model with each engine and choice of activations, as the device computes it."""
    for engine in ("aot", "tflm"):
        int8 = row(name, folder, engine, "int8", {})
        int16 = row(name, folder, engine, "int16", {"activations": "int16"})
        goal = round(int8.sqnr_db + WAY * (int16.sqnr_db - int8.sqnr_db))
        yield from (int8, row(name, folder, engine, f"--sqnr {goal}", {"sqnr": float(goal)}), int16)


def row(name: str, folder: Path, engine: str, title: str, options: dict[str, Any]) -> Row:
    """Built, and proven on the held-out samples."""
    out = folder / f"{engine}-{'-'.join(options) or 'int8'}"
    built = tinygen.build(
        folder / f"{name}.keras",
        board=BOARD,
        engine=engine,
        data=folder / "train.npz",
        test=folder / "test.npz",
        out=out,
        **options,
    )
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    mix, distance = built.generated.mix, result.outputs[0].float_model
    assert distance is not None
    assert result.instructions is not None
    return Row(
        model=name,
        engine=engine,
        activations=title,
        layers="" if mix is None else f"{len(mix.chosen.layers)} of {mix.chosen.of}",
        sqnr_db=distance.sqnr_db,
        flash=built.sizes.flash,
        arena=built.sizes.arena,
        instructions=result.instructions,
        verdict=result.verdict.value,
        vectors=result.vectors,
    )


def table(found: list[Row]) -> Iterator[str]:
    """As Markdown."""
    yield "| model | engine | activations | on int16 | SQNR | flash | arena | instructions | |"
    yield "|---|---|---|---|--:|--:|--:|--:|---|"
    for row in found:
        yield (
            f"| {row.model} | `{row.engine}` | {row.activations} | {row.layers} "
            f"| {row.sqnr_db:.1f} dB | {row.flash:,} B | {row.arena:,} B | {row.instructions:,} "
            f"| {row.verdict} |"
        )


def main() -> None:
    """Train, build, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("wheel", type=Path, help="of aeon, for the speakers' data")
    told = parser.parse_args()
    folders = {name: told.out / name for name in MODELS}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    diabetes(folders["diabetes"])
    speaker(folders["speaker"], told.wheel.resolve())
    found = [row for name, folder in folders.items() for row in rows(name, folder)]
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
