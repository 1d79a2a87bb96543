"""Flashing hardware: which port the firmware is then met on. Nothing is uploaded here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tinygen.api import flash as module
from tinygen.api.built import Built
from tinygen.boards import Board, Serial, get_board
from tinygen.errors import DeviceError
from tinygen.progress import SILENT

HELLO = SimpleNamespace(model="m")


class Desk:
    """Records what is done, in order; the port `answers` opens at the second try."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
        self.done: list[str] = []
        self._answers = answers
        self._closed = True
        monkeypatch.setattr("tinygen.pio.upload", self._upload)
        monkeypatch.setattr(module, "find_port", self._find)
        monkeypatch.setattr(module, "wait_for_port", lambda board, _: self._find(board))
        monkeypatch.setattr(module, "_greet", self._greet)
        monkeypatch.setattr(module, "_AGAIN_SECONDS", 0.0)

    def _upload(self, _project: Path, _board: Board, port: str | None) -> None:
        self.done.append(f"upload {port}")

    def _find(self, _board: Board) -> str:
        self.done.append("find")
        return self._answers

    def _greet(self, port: str, _built: Built) -> object:
        self.done.append(f"greet {port}")
        if self._closed or port != self._answers:
            self._closed = False
            raise DeviceError("the port cannot be opened")
        return HELLO

    def flash(self, board_id: str, port: str | None = None) -> tuple[str, object]:
        project = cast(Any, SimpleNamespace(path=Path("p")))
        board = get_board(board_id)
        assert isinstance(board.device, Serial)
        built = Built(project, board, "0" * 32, None, None)
        return module._upload(built, board.device, port, SILENT)


def test_a_boot_loader_without_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, "/dev/ttyACM1")
    assert desk.flash("teensy41") == ("/dev/ttyACM1", HELLO)
    assert desk.done == ["upload None", *["find", "greet /dev/ttyACM1"] * 2]


def test_a_port_that_is_away_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, "/dev/ttyACM1")
    assert desk.flash("pico")[0] == "/dev/ttyACM1"
    assert desk.done == ["find", "upload /dev/ttyACM1", *["find", "greet /dev/ttyACM1"] * 2]


def test_a_port_that_was_said_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, "/dev/ttyACM7")
    assert desk.flash("teensy41", "/dev/ttyACM7")[0] == "/dev/ttyACM7"
    assert desk.done == ["upload /dev/ttyACM7", *["greet /dev/ttyACM7"] * 2]


def test_a_port_that_stays_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, "/dev/ttyACM0")
    with pytest.raises(DeviceError):
        desk.flash("nucleo_f446re")
    assert desk.done == ["find", "upload /dev/ttyACM0", "greet /dev/ttyACM0"]
