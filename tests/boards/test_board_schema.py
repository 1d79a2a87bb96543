"""The JSON schema of board files: it takes tinygen's own, and refuses what a build refuses."""

from __future__ import annotations

import tomllib
from typing import Any

import jsonschema
import pytest

from tinygen.boards import BOARD_IDS, board_text, get_board
from tinygen.boards.json_schema import board_schema
from tinygen.boards.loader import board_of
from tinygen.errors import InputError

SCHEMA = board_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_it_takes_a_board(board_id: str) -> None:
    VALIDATOR.validate(tomllib.loads(board_text(board_id)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("id", "../uno"),
        ("core", "cortex-m5"),
        ("stack_bytes", 0),
        ("stack_byte", 384),
        ("name", None),
        ("device.type", "usb"),
        ("device.usb_ids", ["2341:ABCD"]),
        ("platformio.build_flags", ["rm"]),
        ("memory.ram.bytes", "2 KB"),
    ],
)
def test_it_refuses_what_a_build_refuses(place: str, value: object) -> None:
    data = tomllib.loads(board_text("uno"))
    table: dict[str, Any] = data
    *tables, key = place.split(".")
    for name in tables:
        table = table[name]
    table[key] = value
    if value is None:
        del table[key]
    with pytest.raises(InputError):
        board_of(data, "uno.toml")
    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ESP32", "esp32"),
        ("esp32-s3", "esp32s3"),
        ("Nucleo-F446RE", "nucleo_f446re"),
        ("QEMU_cortex_M4", "qemu-cortex-m4"),
        ("Teensy 4.1", None),
    ],
)
def test_capitals_and_what_is_between_words_do_not_matter(typed: str, meant: str | None) -> None:
    if meant is not None:
        assert get_board(typed).id == meant
        return
    with pytest.raises(InputError) as error:
        get_board(typed)
    assert error.value.why == "did you mean teensy41?"
