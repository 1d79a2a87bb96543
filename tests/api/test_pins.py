"""What is pinned in two places is the same in both."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tinygen.proof.oracle import TFLM_WHEEL

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_of_the_oracle() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (wheel,) = project["optional-dependencies"]["oracle"]
    assert wheel.split(";")[0].strip() == f"tflite-micro=={TFLM_WHEEL}"
