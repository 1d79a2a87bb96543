"""`verify --layers` of a model with a layer called `schicht_ä` said that the device's layers are
others than the project's: its table has the name as C can have it."""

from __future__ import annotations

from pathlib import Path

import tinygen
from tests.ops.tflite_file import single_operator, tensor


def test_a_name_outside_of_ascii(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    source = tensor((1, 8), scale=0.05)
    target = tensor((1, 8), scale=1 / 128, name='net/schicht_ä"\\?/Tanh')
    model.write_bytes(single_operator("TANH", [source], [target]))
    tinygen.build(model, board="linux-x86_64", out=tmp_path / "p")
    result = tinygen.verify_layers(tmp_path / "p", vectors=2)
    assert (result.verdict, result.layers) == (tinygen.Verdict.MATCH, 1), result.reason
