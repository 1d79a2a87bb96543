"""A model that TensorFlow Lite Micro refuses ended in "does not run in an arena of 2,097,152
bytes", as if it were for want of memory: what the interpreter itself said reached nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen.api.build import generate
from tinygen.engines.tflm import TflmTree, render
from tinygen.engines.tflm.arena import DoesNotRun
from tinygen.errors import ToolchainError


def test_what_it_said_is_the_reason(
    tmp_path: Path, tree: TflmTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tree
    whole = render.data_files

    def without_the_last(registered: Sequence[Any], *others: Any) -> Any:
        return whole(registered[:-1], *others)  # so that it does not know an operator

    monkeypatch.setattr(render, "data_files", without_the_last)
    with pytest.raises(ToolchainError, match="does not run the model") as caught:
        generate(GOLDEN_MODEL, board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p")
    assert "Didn't find op for builtin opcode 'SOFTMAX'" in caught.value.why
    assert "arena" not in caught.value.what


def test_silence_leaves_the_error_as_it_is() -> None:
    error = DoesNotRun("in an arena of 5 bytes")
    assert error.because("") is error
    assert error.because("no such operator").why == "no such operator"
