"""Espressif's Arduino core keeps 256 bytes of what arrives while the sketch is busy; the boards'
frames have up to 1,024 bytes of payload. On an ESP32-S3 the conversation stopped at the first input
of more than a few hundred bytes."""

from __future__ import annotations

import re

import pytest

from tinygen.boards import BOARD_IDS, Ticks, get_board
from tinygen.devices.link import frames
from tinygen.project.firmware import port_flags

ESPRESSIF = [i for i in BOARD_IDS if get_board(i).ticks is Ticks.ESP_CYCLES]


@pytest.mark.parametrize("board_id", ESPRESSIF)
def test_what_arrives_is_kept_whole(board_id: str) -> None:
    board = get_board(board_id)
    flags = " ".join([*port_flags(board), *board.platformio.build_flags])
    kept = re.search(r"-DTG_SERIAL_RX_BYTES=(\d+)U", flags)
    assert kept, flags
    longest = frames.request(frames.Kind.WRITE, 1, 1, bytes(6) + b"\1" * board.protocol_payload)
    assert int(kept[1]) >= board.serial.window * len(longest)
