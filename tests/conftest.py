"""Fixtures that every kind of proof shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinygen.engines.tflm import TflmTree, installed, setup, source
from tinygen.pio import core

NO_SOURCES = "TensorFlow Lite Micro's sources are not in the cache: tinygen setup tflm"
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


@pytest.fixture(scope="session")
def tree() -> TflmTree:
    """The sources in the cache, or of TINYGEN_TFLM_SOURCE; nothing is downloaded for a test."""
    found = installed(core.cache_dir(), source.PINS)
    if found is None and os.environ.get(source.SETTING):
        found = setup(core.cache_dir())
    if found is None:
        pytest.skip(NO_SOURCES)
    return found


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of a run says what was left out because upstream's sources are not here."""
    there = installed(core.cache_dir(), source.PINS) or os.environ.get(source.SETTING)
    if not there and not hasattr(config, "workerinput"):
        print(f"left out: tests of the engine tflm. {NO_SOURCES}")
