"""A model that TensorFlow Lite Micro refuses ended in "does not run in an arena of 2,097,152
bytes", as if it were for want of memory: what the interpreter itself said reached nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.ops.tflite_file import single_operator, tensor
from tests.runner import GOLDEN_MODEL
from tinygen.api.build import generate
from tinygen.api.verify import _next_step
from tinygen.devices.link.faults import Failed
from tinygen.engines.tflm import TflmTree, render
from tinygen.engines.tflm.arena import DoesNotRun
from tinygen.errors import UnsupportedModel
from tinygen.proof.verdict import Verdict


def test_what_it_said_is_the_reason(
    tmp_path: Path, tree: TflmTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tree
    whole = render.data_files

    def without_the_last(registered: Sequence[Any], *others: Any) -> Any:
        return whole(registered[:-1], *others)  # so that it does not know an operator

    monkeypatch.setattr(render, "data_files", without_the_last)
    with pytest.raises(UnsupportedModel, match="does not run the model") as caught:
        generate(GOLDEN_MODEL, board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p")
    assert "Didn't find op for builtin opcode 'SOFTMAX'" in caught.value.why
    assert "arena" not in caught.value.what


def test_silence_leaves_the_error_as_it_is() -> None:
    error = DoesNotRun("in an arena of 5 bytes")
    assert error.because("") is error
    assert error.because("no such operator").why == "no such operator"


def test_with_a_given_arena_the_host_says_it(tmp_path: Path, tree: TflmTree) -> None:
    """Only the device said that it failed, without a reason: TFLM's SQRT is of floats."""
    assert tree
    model = tmp_path / "root.tflite"
    model.write_bytes(
        single_operator("SQRT", [tensor((1, 8), scale=0.1)], [tensor((1, 8), scale=0.1)])
    )
    with pytest.raises(UnsupportedModel, match="does not run the model") as caught:
        generate(model, board="qemu-cortex-m4", engine="tflm", arena=65536, out=tmp_path / "p")
    assert "INT8 != FLOAT32" in caught.value.why
    assert "--arena" not in caught.value.next_step


def test_a_model_that_fails_is_not_another_firmware() -> None:
    """The advice was to flash the firmware that belongs to the model."""
    failed = Failed("the model failed on the device", next_step="flash it")
    project = cast("Any", SimpleNamespace())
    project.manifest = SimpleNamespace(engine="tflm")
    assert "--debug" in _next_step(project, Verdict.UNVERIFIED, failed)
    failed.words = ("it said why",)
    assert _next_step(project, Verdict.UNVERIFIED, failed) == "build with --engine aot"
