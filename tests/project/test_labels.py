"""Names of classes go from the data into the manifest, and from there to what is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.ir import DType, Edge
from tinygen.project import open_project
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import first_mismatch

NAMES = tuple(f"digit {number}" for number in range(10))


def test_sub_folders_name_the_elements_of_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        PIL.Image.new("L", (8, 8)).save(folder / "one.png")
    tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", test="images", out="named")
    (output,) = open_project(tmp_path / "named").manifest.model.outputs
    assert output.labels == NAMES
    tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", out="nameless")
    (output,) = open_project(tmp_path / "nameless").manifest.model.outputs
    assert output.labels == ()


def test_a_mismatch_is_named_by_its_class() -> None:
    edge = Edge("classes", (1, 3), DType.INT8, 0.5, 0, ("cat", "dog", "owl"), None)
    expected = np.zeros((2, 1, 3), np.int8)
    device = expected.copy()
    device[1, 0, 2] = 5
    vectors = Vectors(
        inputs=(np.zeros((2, 1, 1), np.int8),),
        expected=(expected,),
        oracle="o",
        origins=("data", "data"),
        labels=np.array([0, 1]),
    )
    found = first_mismatch([edge], vectors, [device])
    assert found is not None
    assert (found.vector, found.element, found.label, found.device) == (1, 2, "owl", 5)
