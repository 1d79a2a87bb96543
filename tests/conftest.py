"""Fixtures that every kind of proof shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def models_dir() -> Path:
    """Where the real models of the benchmark lie: TINYGEN_MODELS, else beside the checkout."""
    return Path(os.environ.get("TINYGEN_MODELS", ROOT.parent / "shared" / "models"))


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of real models; the test is skipped where it is absent."""
    folder = models_dir()
    if not (folder / "kws_ref_model.tflite").is_file():
        pytest.skip("the benchmark models are not here (set TINYGEN_MODELS to their folder)")
    return folder
