"""Vela's answer for a model: its estimates are told as estimates, and nothing is called proven."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.tflite_file import single_operator, tensor
from tests.runner import GOLDEN_MODEL
from tests.runner import tinygen as command
from tinygen import tflite
from tinygen.api.npu import NOT_PROVEN
from tinygen.errors import InputError, ToolchainError
from tinygen.ir import DType
from tinygen.npu import vela

STREAM = "CUSTOM 'ethos-u'"


@pytest.fixture(scope="module")
def digits() -> vela.Compiled:
    return vela.compiled(GOLDEN_MODEL.read_bytes(), "ethos-u55-128")


def test_a_whole_network_is_one_command_stream(digits: vela.Compiled) -> None:
    """It reads and writes what the model did."""
    model = tflite.parse(GOLDEN_MODEL.read_bytes(), "digits")
    assert [call.kind for call in digits.file.calls] == [STREAM]
    assert (digits.streams, digits.on_processor) == (1, ())
    for ends in ("inputs", "outputs"):
        mine = [digits.file.tensors[i] for i in getattr(digits.file, ends)]
        theirs = [model.tensors[i] for i in getattr(model, ends)]
        assert [(t.shape, t.type) for t in mine] == [(t.shape, t.type) for t in theirs]
    one = digits.estimate
    assert one.npu == "ethos-u55-128"
    assert 0 < one.cycles < 1_000_000
    assert 0 < one.sram_bytes < 100_000
    assert one.clock_hz == 500_000_000


def test_another_npu_is_another_estimate(digits: vela.Compiled) -> None:
    less = vela.compiled(GOLDEN_MODEL.read_bytes(), "ethos-u55-32")
    assert less.estimate.cycles > digits.estimate.cycles
    assert less.content != digits.content


def test_what_it_cannot_do_is_left_to_the_processor(tmp_path: Path) -> None:
    source = tensor((1, 2, 3, 3), scale=0.1)
    path = tmp_path / "m.tflite"
    axis = tensor((1,), DType.INT32, data=np.array([1], np.int32))
    path.write_bytes(
        single_operator("REVERSE_V2", [source, axis], [tensor((1, 2, 3, 3), scale=0.1)])
    )
    found = tinygen.inspect(path, board="qemu-cortex-m55", npu="ethos-u55-64").npu
    assert found is not None
    assert [(o.operator, o.on_npu) for o in found.operators] == [("REVERSE_V2", False)]
    assert (found.streams, found.left) == (0, ("REVERSE_V2",))


def test_the_report_says_that_nothing_is_proven(tmp_path: Path) -> None:
    ran = command("inspect", GOLDEN_MODEL, "--npu", "ethos-u55-128", cwd=tmp_path)
    shown = " ".join(ran.out.split())
    assert NOT_PROVEN in shown
    assert "estimated cycles RAM flash" in shown
    assert "aot, qemu-cortex-m55" in shown
    assert "as 1 command stream." in shown
    assert "MATCH" not in shown


def test_its_words_when_it_is_missing_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="there is no NPU 'ethos-u99'"):
        vela.compiled(b"", "ethos-u99")
    with pytest.raises(ToolchainError) as failed:
        vela.compiled(b"no model at all", "ethos-u55-128")
    assert failed.value.why
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ToolchainError) as missing:
        vela.compiled(GOLDEN_MODEL.read_bytes(), "ethos-u55-128")
    assert missing.value.next_step == "pip install 'tinygen[npu]'"
