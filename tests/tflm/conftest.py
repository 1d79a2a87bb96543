"""Fixtures of the tflm engine's tests: upstream's sources, where this machine has them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import skipping
from tinygen.engines.tflm import TflmTree
from tinygen.engines.tflm.upstream import Upstream

_ROOT = str(Path(__file__).resolve().parents[2])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)


@pytest.fixture(scope="session")
def upstream(tree: TflmTree) -> Upstream:
    """The sources, indexed."""
    return Upstream(tree)


@pytest.fixture(scope="session")
def baseline(models: Path) -> dict[str, Any]:
    """What TFLM needs on the emulated cores: model -> core -> kernels -> numbers."""
    path = models.parent / "facts" / "tflm_baseline.json"
    if not path.is_file():
        pytest.skip(skipping.reasons()["baseline"])
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["results"]
    return results
