"""An operator that remembers, in whole firmware: its sequences match, and it forgets at a reset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.drawn_recurrent import svdf
from tests.ops.tflite_file import single_operator
from tinygen.api.own_data import stored_vectors
from tinygen.project import open_project


@pytest.mark.parametrize(("engine", "wide"), [("aot", False), ("tflm", True), ("tflm", False)])
@pytest.mark.usefixtures("tree")
def test_sequences_match(engine: str, wide: bool, tmp_path: Path) -> None:
    """CMSIS-NN computes a state of int8 without its zero point: the reference kernel is taken."""
    one = svdf(np.random.default_rng(7), 8, 4, 6, rank=2, wide=wide)
    model, out = tmp_path / "svdf.tflite", tmp_path / "project"
    model.write_bytes(
        single_operator("SVDF", one.io.inputs, one.io.outputs, one.options, one.op.memory)
    )
    tinygen.build(model, board="qemu-cortex-m4", engine=engine, out=out)
    checks = stored_vectors(open_project(out))
    assert checks.starts is not None
    assert len(np.unique(checks.expected[0])) > 20
    result = tinygen.verify(out)
    tinygen.stop(out)
    assert (result.verdict, result.vectors) == (tinygen.Verdict.MATCH, len(checks))
