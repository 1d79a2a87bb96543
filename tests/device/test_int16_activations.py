"""A Keras model with int16 activations, from the file to the emulated core, with both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict

keras = pytest.importorskip("keras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model with most operators that int16 has, and its data."""
    layers = keras.layers
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    y = layers.LeakyReLU()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.MaxPooling2D(2)(layers.Add()([x, y]))
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 8))(gate)])
    x = layers.Conv2DTranspose(4, 2, strides=2, activation="tanh")(x)
    classes = layers.Dense(5, activation="softmax")(layers.Flatten()(layers.AveragePooling2D(2)(x)))
    folder = tmp_path_factory.mktemp("int16")
    model, data = folder / "m.keras", folder / "x.npy"
    keras.Model(image, classes).save(model)
    rng = np.random.default_rng(0)
    np.save(data, rng.normal(size=(100, 8, 8, 3)).astype(np.float32))
    return model, data


@pytest.mark.parametrize(
    ("engine", "options", "codes"),
    [
        ("aot", {"activations": "int16"}, "int16"),
        ("tflm", {"activations": "int16"}, "int16"),
        ("aot", {"sqnr": 55.0}, "int8 and int16"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_from_keras_to_the_device(
    saved: tuple[Path, Path], engine: str, options: dict[str, Any], codes: str, tmp_path: Path
) -> None:
    model, data = saved
    project = tmp_path / "p"
    built = build(
        model, board="qemu-cortex-m4", engine=engine, data=str(data), out=project, jobs=1,
        **options,
    )  # fmt: skip
    (told,) = built.generated.fidelity
    assert told.text.startswith(f"{codes} against float on 60 samples")
    try:
        result = verify(project, vectors=20)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    header = (project / "lib/model/src/model.h").read_text()
    sides = ("input", "output") if codes == "int16" else ("output",)
    assert all(f"int16_t *model_{side}" in header for side in sides)
