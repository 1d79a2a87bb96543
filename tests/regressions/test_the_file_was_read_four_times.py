"""A build read the .tflite file four times, with two readers that could differ about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tflite

import tinygen
from tests.runner import GOLDEN_MODEL


def test_a_file_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = []
    original = tflite.Model.GetRootAs.__func__

    def get_root(cls: type, content: bytes, offset: int = 0) -> object:
        opened.append(content)
        return original(cls, content, offset)

    monkeypatch.setattr(tflite.Model, "GetRootAs", classmethod(get_root))
    monkeypatch.chdir(tmp_path)
    tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", out="out")
    # Which models are in it is looked at before; the one that is taken is read once.
    assert opened == [GOLDEN_MODEL.read_bytes()] * 2
