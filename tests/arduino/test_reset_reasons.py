"""What the Arduino port makes of each core's word for what started the chip.

No chip here has these registers: their bits are those of the vendors' headers, under their names.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.arduino.test_arduino_port import FAKE, FIRMWARE, HEADERS, INCLUDES, WARNINGS
from tinygen.boards import Port, ResetReason, all_boards
from tinygen.devices.link.hello import RESETS

UNKNOWN, POWER, BROWN_OUT, PIN, SOFTWARE, WATCHDOG, FAULT, SLEEP, DEBUG = range(9)
_F4, _L4, _H7 = ("stm32", "-DSTM32F4"), ("stm32", "-DSTM32L4"), ("stm32", "-DSTM32H7")
_ADAFRUIT = ("nrf", "-DARDUINO_NRF52_ADAFRUIT")

CASES = {
    ("unknown",): {0: UNKNOWN},
    ("avr",): {
        0: UNKNOWN,  # the boot loader cleared it
        1: POWER,
        2: PIN,
        4: BROWN_OUT,
        5: BROWN_OUT,
        8: WATCHDOG,
        0xA: WATCHDOG,
    },
    ("esp",): dict(
        enumerate(
            (
                *(UNKNOWN, POWER, PIN, SOFTWARE, FAULT, WATCHDOG, WATCHDOG, WATCHDOG),
                *(SLEEP, BROWN_OUT, UNKNOWN),
            )
        )
    ),
    ("imxrt",): {
        1: POWER,
        3: SOFTWARE,
        9: PIN,
        0x11: WATCHDOG,
        0x81: WATCHDOG,
        0x21: DEBUG,
        0x100: UNKNOWN,
    },
    ("mbed",): dict(
        enumerate(
            (
                *(POWER, PIN, BROWN_OUT, SOFTWARE, WATCHDOG, FAULT, SLEEP, FAULT),
                *(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            )
        )
    ),
    ("nrf",): {
        0: POWER,
        1: PIN,
        2: WATCHDOG,
        4: SOFTWARE,
        8: FAULT,
        1 << 16: SLEEP,
        1 << 18: DEBUG,
        1 << 20: SLEEP,
    },
    _ADAFRUIT: {0: POWER, 1: PIN, 4: SOFTWARE},
    ("pico",): dict(
        enumerate((UNKNOWN, POWER, PIN, SOFTWARE, WATCHDOG, DEBUG, BROWN_OUT, BROWN_OUT))
    ),
    _F4: {
        0x0E000000: POWER,  # power sets the flags of its brown-out and of the pin too
        0x06000000: BROWN_OUT,
        0x04000000: PIN,
        0x14000000: SOFTWARE,
        0x24000000: WATCHDOG,
        0x44000000: WATCHDOG,
        0x84000000: SLEEP,
        0: UNKNOWN,
    },
    _L4: {0x0C000000: POWER, 0x04000000: PIN, 0x14000000: SOFTWARE},
    _H7: {
        0x00FE0000: POWER,
        0x00600000: BROWN_OUT,
        0x00400000: PIN,
        0x01400000: SOFTWARE,
        0x04400000: WATCHDOG,
        0x10400000: WATCHDOG,
    },
}

# What is written back, of what was read, so that the next start is not told the same.
_CLEARS: dict[tuple[str, ...], Callable[[int], int]] = {
    ("avr",): lambda _: 0,
    ("imxrt",): lambda flags: flags,
    ("mbed",): lambda flags: flags,
    ("nrf",): lambda flags: flags,
    _F4: lambda flags: flags | 1 << 24,
    _L4: lambda flags: flags | 1 << 23,
    _H7: lambda flags: flags | 1 << 16,
}


def test_every_way_to_find_out_is_here() -> None:
    assert {way[0] for way in CASES} == {reason.value for reason in ResetReason}
    folder = FIRMWARE / "hal" / "arduino"
    files = {path.name for path in folder.glob("reset_*.cpp")}
    assert files == {f"reset_{reason.value}.cpp" for reason in ResetReason}
    asked = {board.reset_reason for board in all_boards() if board.port is Port.ARDUINO}
    assert asked == set(ResetReason)
    assert set(RESETS) == set(range(1, 10))


@pytest.mark.parametrize("way", CASES, ids=" ".join)
@pytest.mark.parametrize("standard", ["c++11", "c++17"])
def test_a_reset_is_told(way: tuple[str, ...], standard: str, tmp_path: Path) -> None:
    name, *defines = way
    program = tmp_path / "reset"
    resets = FAKE / "resets"
    files = [FIRMWARE / "hal" / "arduino" / f"reset_{name}.cpp", resets / "main.cpp"]
    flags = [f"-std={standard}", *WARNINGS, *defines, f"-I{resets}", f"-I{HEADERS}", *INCLUDES]
    subprocess.run(["g++", *flags, *files, "-o", program], check=True)
    for flags_read, reason in CASES[way].items():
        told = subprocess.run(
            [program, str(flags_read)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert int(told[0]) == reason, f"{flags_read:#x}"
        if way in _CLEARS:
            assert int(told[1]) == _CLEARS[way](flags_read)
