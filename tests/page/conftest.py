"""A project with all that can be measured of it, and a browser to look at its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import tinygen
from tests.device.planting import in_layer
from tests.runner import GOLDEN_MODEL
from tinygen import pio
from tinygen.boards import get_board
from tinygen.processes import which

BOARD = "qemu-cortex-m4"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the distribution has it."""
    program = which("chromium")
    assert program is not None, "scripts/setup.sh all installs it"
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built, verified, profiled, and looked into layer by layer."""
    folder = tmp_path_factory.mktemp("measured") / "digits"
    tinygen.build(GOLDEN_MODEL, board=BOARD, out=folder)
    try:
        tinygen.verify(folder)
        tinygen.verify_layers(folder, vectors=1)
        tinygen.profile(folder, vectors=1)
    finally:
        tinygen.stop(folder)
    return folder


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with an error in one layer, verified, and looked into."""
    folder = tmp_path_factory.mktemp("failing") / "digits"
    tinygen.build(GOLDEN_MODEL, board=BOARD, out=folder)
    in_layer(folder, 5, "((uint8_t *)model_arena_at(0))[96] ^= 0x18u")
    pio.build(folder, get_board(BOARD))
    try:
        tinygen.verify(folder)
        tinygen.verify_layers(folder, vectors=1)
    finally:
        tinygen.stop(folder)
    return folder
