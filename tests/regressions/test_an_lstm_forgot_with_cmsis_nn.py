"""An LSTM that remembers was a MISMATCH from its second inference on in the engine tflm, whose
CMSIS-NN kernel begins anew with each. It has the reference kernel now; one that is to forget has
CMSIS-NN's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.drawn_recurrent import lstm
from tests.ops.tflite_file import single_operator
from tinygen import tflite
from tinygen.engines.tflm.kernel_sets import refused


def _file(*, wide: bool = False) -> bytes:
    one = lstm(np.random.default_rng(3), 1, 4, 5, wide=wide)
    return single_operator(one.op.kind, one.io.inputs, one.io.outputs, one.options, one.op.memory)


@pytest.mark.usefixtures("tree")
def test_it_remembers(tmp_path: Path) -> None:
    model, out = tmp_path / "lstm.tflite", tmp_path / "project"
    model.write_bytes(_file())
    tinygen.build(model, board="qemu-cortex-m4", engine="tflm", out=out)
    result = tinygen.verify(out)
    tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH


def test_one_that_forgets_keeps_the_faster_kernel() -> None:
    assert refused(tflite.read(_file(), "m")) == {"UNIDIRECTIONAL_SEQUENCE_LSTM"}
    assert not refused(tflite.read(tflite.forgetting(_file()), "m"))


def test_one_of_int16_never_has_it() -> None:
    """Its sums are of 64 bits, of which CMSIS-NN keeps 32 on some cores."""
    assert refused(tflite.read(tflite.forgetting(_file(wide=True)), "m"))
