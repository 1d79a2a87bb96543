"""The boards people own, held against facts collected from PlatformIO's own sources (facts.json, a
row per board with its framework and platform, November 2026)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tinygen.boards import Board, Connection, Extension, Serial, all_boards, get_board

FACTS = Path(__file__).with_name("facts.json")
HARDWARE = [board.id for board in all_boards() if isinstance(board.device, Serial)]

# What the linker gives a sketch is not what PlatformIO's board file says.
RAM = {
    "esp32": 0x2C200 - 0xDB5C,  # dram0_0_seg less the Bluetooth reserve
    "esp32c3": 321_296 - 55_808,  # dram0_0_seg less the code that runs from RAM
    "esp32s3": 345_856 - 37_712,
    "xiao_esp32s3": 345_856 - 37_712,
    "feather_nrf52840": 0x40000 - 0x6000,  # the SoftDevice keeps the first 24 KB
    "pico": 0x40000,  # without the two banks of 4 KB at its end
    "nano33ble": 0x40000 - 0x200,  # vectors and crash data lie before
    "portenta_h7": 0x80000,  # all of AXI RAM
}
FLASH = {
    "esp32": 0x300000,  # huge_app.csv
    "esp32s3": 0x330000,  # default_8MB.csv
    "esp32c3": 0x300000,
    "esp32c6": 1500 * 1024,  # partitions_singleapp_large.csv
    "xiao_esp32s3": 0x330000,
    "hifive1_revb": 0x6A120,  # metal.default.lds, though the board has 4 MB
    "pico2": 0x400000 - 0x1000,  # the core's EEPROM is the last 4 KB
}


LINKERS = json.loads(Path(__file__).with_name("linkers.json").read_text("utf-8"))
"""What each core's linker script, at the release that the board's package has, was found to take:
its region for variables, what of that it keeps, and the largest array that it linked beside four
bytes of a program without anything else (arm-none-eabi-ld and riscv64-unknown-elf-ld 2.40)."""


def _device(board: Board) -> Serial:
    assert isinstance(board.device, Serial)
    return board.device


def _row(board: Board) -> dict[str, Any]:
    """The one row of facts about the board as we build it."""
    pio = board.platformio
    (row,) = (
        row
        for row in json.loads(FACTS.read_text("utf-8"))
        if (row["platform"], row["board"], row["framework"])
        == (pio.platform, pio.board, pio.framework)
    )
    assert isinstance(row, dict)
    return row


def test_the_boards_that_were_asked_for() -> None:
    asked = """esp32 esp32s3 esp32c3 esp32c6 xiao_esp32s3 pico pico2 nano33ble portenta_h7
        nucleo_f446re nucleo_h743zi disco_l475vg_iot01a teensy41 nrf52840_dk feather_nrf52840
        hifive1_revb microbit uno mega2560"""
    assert sorted(HARDWARE) == sorted(asked.split())


@pytest.mark.parametrize("board_id", HARDWARE)
def test_a_board_is_what_the_facts_say(board_id: str) -> None:
    board = get_board(board_id)
    row = _row(board)
    assert board.memory.ram.bytes == RAM.get(board_id, row["ram"])
    assert board.memory.flash.bytes == FLASH.get(board_id, row["flash"])
    assert board.memory.flash.bytes <= row["flash"]
    native = _device(board).connection is Connection.USB
    assert native == ("native" in row["usb"].split(";")[-1][:8])


@pytest.mark.parametrize("board_id", HARDWARE)
def test_the_ram_is_the_linkers(board_id: str) -> None:
    """No firmware passes the check of a board's room that the linker then refuses."""
    memory, stack = get_board(board_id).memory, get_board(board_id).stack_bytes
    assert memory.source, "where the numbers are from"
    if board_id not in LINKERS:
        return
    linker = LINKERS[board_id]
    assert memory.ram.bytes == linker["region"]
    assert 0 <= linker["region"] - linker["kept"] - linker["largest_array"] - 4 < 32  # alignment
    assert stack >= linker["kept"]


@pytest.mark.parametrize("board_id", HARDWARE)
def test_the_upload_is_what_the_facts_say(board_id: str) -> None:
    board = get_board(board_id)
    row = _row(board)
    upload = _device(board).upload
    chosen = board.platformio.options.get("upload_protocol", row["upload_protocol"])
    assert upload.protocol == chosen
    # A touch at 1200 baud needs the port, and the boot loader behind it may have another one.
    assert not row["touch1200"] or (upload.needs_port and upload.returns)
    # The ids PlatformIO knows; the HiFive1's are those of its first revision.
    known = {":".join(x[2:].lower() for x in pair) for pair in row["hwids"] or ()}
    if board_id not in ("hifive1_revb", "esp32s3"):
        assert known <= set(_device(board).usb_ids) or board.platformio.framework == "espidf"


@pytest.mark.parametrize("board_id", HARDWARE)
def test_the_language_and_the_engines_are_what_the_facts_say(board_id: str) -> None:
    board = get_board(board_id)
    row = _row(board)
    tflm = row["tflm"] != "NO"
    assert ("tflm" in board.engines.available) == tflm
    assert board.engines.default == ("tflm" if tflm else "aot")
    assert (Extension.DSP in board.extensions) == ("DSP" in row["simd"])
    assert (Extension.PIE in board.extensions) == ("PIE" in row["simd"])
    assert (Extension.MAC16 in board.extensions) == ("Xtensa" in row["core"])
    # GCC before 10 lacks DSP intrinsics.
    old = re.search(r"GCC [5-9]\.", row["compiler"]) is not None
    dsp = "DSP" in row["simd"] and not old
    assert ("cmsis_nn" in board.engines.tflm_kernel_sets) == dsp
    assert ("esp_nn" in board.engines.tflm_kernel_sets) == row["mcu"].startswith("esp32")


@pytest.mark.parametrize("board_id", HARDWARE)
def test_opening_the_port_is_what_the_facts_say(board_id: str) -> None:
    board = get_board(board_id)
    row = _row(board)
    told = row["reset_on_open"]
    expected = "none"
    if row["mcu"].startswith("esp32"):
        expected = "esp32"
    elif row["mcu"].startswith("atmega"):
        expected = "avr"
    elif "DTR=0" in told or "DTR gates" in told or told == "as pico":
        expected = "keep-dtr"
    assert _device(board).reset == expected
