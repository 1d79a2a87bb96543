"""A Keras model whose input is uint8, built with --keep-edges, got an input of float32: four times
the bytes, and every application had to convert its camera's pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.regressions.keras_models import keras_module
from tinygen.project import VECTORS
from tinygen.project.library import SOURCES
from tinygen.proof.vectors import Vectors


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_they_stay_pixels(package: str, tmp_path: Path) -> None:
    keras = keras_module(package)
    ls = keras.layers
    image = ls.Input((8, 8, 3), dtype="uint8", name="camera")
    wave = ls.Input((6,), name="wave", dtype="int16")
    seen = ls.GlobalAveragePooling2D()(ls.Conv2D(4, 3)(ls.Rescaling(1 / 255)(image)))
    heard = ls.Dense(4)(ls.Rescaling(1e-4)(wave))
    keras.Model([image, wave], ls.Dense(2)(seen + heard)).save(str(tmp_path / "m.keras"))
    numbers = np.random.default_rng(0)
    np.savez(
        tmp_path / "x.npz",
        camera=numbers.integers(0, 250, (120, 8, 8, 3)).astype(np.uint8),
        wave=numbers.integers(-9000, 9000, (120, 6)).astype(np.int16),
    )
    out = tmp_path / "out"
    built = tinygen.build(
        tmp_path / "m.keras",
        board="qemu-cortex-m4",
        data=str(tmp_path / "x.npz"),
        out=out,
        keep_edges=True,
        jobs=1,
    )
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH, result.reason
    assert result.oracle.startswith("TensorFlow Lite Micro")
    assert built.generated.fidelity[0].distance.sqnr_db > 30
    checks = Vectors.from_bytes((out / VECTORS).read_bytes())
    assert [array.dtype.name for array in checks.inputs] == ["uint8", "int16"]
    header = (out / SOURCES / "tg_model.h").read_text("utf-8")
    assert "MODEL_UINT8" in header
    with np.load(tmp_path / "x.npz") as data:
        own = {row.tobytes() for row in data["camera"]}
    assert any(row.tobytes() in own for row in checks.inputs[0]), "pixels as they are"
