"""Fixtures of the regressions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import skipping

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of inputs that once ended wrong; the test is skipped where it is absent."""
    folder = Path(os.environ.get("TINYGEN_CASES", ROOT.parent / "shared" / "cases"))
    if not folder.is_dir():
        pytest.skip(skipping.reasons()["cases"])
    return folder
