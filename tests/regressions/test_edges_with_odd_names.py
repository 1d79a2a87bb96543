"""Names with spaces, quotes and letters of other alphabets, of several inputs and outputs: nobody
had held what becomes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.regressions.keras_models import keras_module
from tinygen.data import read_samples
from tinygen.errors import InputError
from tinygen.project import open_project
from tinygen.project.library import SOURCES

INPUTS = {"left eye (µm)": 4, 'größe;1"x"': 3}
OUTPUTS = ["what is it?", 'wie-groß = %d "']


def test_they_are_names_from_data_to_header(tmp_path: Path) -> None:
    keras = keras_module()
    ls = keras.layers
    inputs = [ls.Input((size,), name=name) for name, size in INPUTS.items()]
    inside = ls.Dense(4)(ls.Concatenate()(inputs))
    outputs = [ls.Dense(2, name=OUTPUTS[0])(inside), ls.Dense(1, name=OUTPUTS[1])(inside)]
    keras.Model(inputs, outputs).save(str(tmp_path / "odd names.keras"))
    numbers = np.random.default_rng(0)
    data = {name: numbers.random((9, size)).astype(np.float32) for name, size in INPUTS.items()}
    np.savez(tmp_path / "own.npz", **data)  # type: ignore[arg-type]
    np.savez(tmp_path / "plain.npz", left_eye_m=data["left eye (µm)"], gr_e_1_x=data['größe;1"x"'])
    for name in ("own", "plain"):
        made = tinygen.generate(
            tmp_path / "odd names.keras",
            board="qemu-cortex-m4",
            data=str(tmp_path / f"{name}.npz"),
            out=tmp_path / name,
        )
    assert made.model == "odd_names"
    model = open_project(tmp_path / "own").manifest.model
    assert [edge.name for edge in model.inputs] == list(INPUTS)
    assert [edge.name for edge in model.outputs] == OUTPUTS
    read = read_samples(data, model.inputs)
    for given, values in zip(data.values(), read.inputs, strict=True):
        np.testing.assert_array_equal(given, values)
    for path in (tmp_path / "own" / SOURCES).glob("*.[ch]"):
        text = path.read_text("ascii")
        assert text.count("/*") == text.count("*/")
    with pytest.raises(InputError, match="left_eye"):
        read_samples({"left_eye": data["left eye (µm)"]}, model.inputs)
