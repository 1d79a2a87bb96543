"""Fixtures of what runs on the stand-in: import them where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tflm import stand_in
from tinygen.engines.tflm import TflmTree, setup


@pytest.fixture(scope="session")
def stand_in_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that only the stand-in was ever put into."""
    return tmp_path_factory.mktemp("stand-in")


@pytest.fixture
def stand_in_tree(stand_in_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TflmTree]:
    """The stand-in, obtained as upstream's sources would be, in a cache of its own."""
    monkeypatch.setenv("TINYGEN_CACHE", str(stand_in_cache))
    with stand_in.in_place():
        yield setup(stand_in_cache, str(stand_in.TREES))


@pytest.fixture
def pools(tmp_path: Path) -> Path:
    """A model whose tensors need not all live at once."""
    path = tmp_path / "pools.tflite"
    path.write_bytes(stand_in.pools((16, 16, 4), (8, 8, 4), (4, 4, 4)))
    return path
