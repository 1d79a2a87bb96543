"""Hardware that does not run the firmware that notes its layers: what it runs, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.test_built import BUILT, HELLO, MINE, OTHER
from tinygen.api import again as module
from tinygen.api.again import Again, require_noting
from tinygen.boards import Board, get_board
from tinygen.engines import ENGINES
from tinygen.errors import DeviceError

NOTED = replace(BUILT, build_id=OTHER, elf=None, stamp=None)
LAYERS = "tinygen flash build/p --layers, then this again"


@pytest.fixture(autouse=True)
def _ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "look", lambda *_: BUILT)


def made(board: Board) -> Again:
    job: Any = None
    return Again(BUILT.project, board, ENGINES["aot"], job, BUILT.project.manifest)


def test_the_projects_ordinary_firmware() -> None:
    hardware = replace(BUILT.board, device=get_board("uno").device)
    with pytest.raises(DeviceError, match="which notes nothing of its layers") as caught:
        require_noting(made(hardware), NOTED, replace(HELLO, build_id=MINE))
    assert caught.value.next_step == LAYERS


def test_firmware_of_another_model_is_named() -> None:
    hardware = replace(BUILT.board, device=get_board("uno").device)
    other = replace(HELLO, build_id="9" * 32, model="vww", model_sha256="d4" * 32)
    with pytest.raises(DeviceError, match="the device runs vww") as caught:
        require_noting(made(hardware), NOTED, other)
    assert "another model" in caught.value.why
    assert caught.value.next_step == LAYERS


def test_a_device_that_is_started_here_needs_no_port() -> None:
    with pytest.raises(DeviceError, match="which notes nothing of its layers") as caught:
        require_noting(made(get_board("qemu-cortex-m4")), NOTED, replace(HELLO, build_id=MINE))
    assert "leave --port out" in caught.value.next_step
