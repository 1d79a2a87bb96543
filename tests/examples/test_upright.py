"""The example that takes an ONNX file from a package: lines of text are drawn, half upside down."""

from __future__ import annotations

import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.runner import ROOT

SCRIPT = ROOT / "examples" / "upright" / "lines.py"


def test_lines_are_drawn_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "rapidocr.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(runpy.run_path(str(SCRIPT))["FILE"], b"a network")
    font = pytest.importorskip("matplotlib.font_manager").findfont("DejaVu Sans")
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(out), str(wheel), str(font)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert (out / "upright.onnx").read_bytes() == b"a network"
    with np.load(out / "test.npz") as data:
        x, y = data["x"], data["y"]
    assert x.shape == (200, 3, 48, 192)
    assert -1 <= x.min() < -0.3 < 0.6 < x.max() <= 1
    assert [int((y == name).sum()) for name in ("upright", "upside down")] == [100, 100]
    # Behind the text is nothing, also where that stands on its head.
    short = [one for one in x if not one[:, :, -40:].any()]
    assert short
    assert all(one[:, :, :40].any() for one in short)
