"""Writes docs/boards.md from the board files: `python -m tinygen.cli.board_table`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from tinygen.boards import Board, Device, Linux, Qemu, Serial, all_boards
from tinygen.boards.hints import all_keys
from tinygen.engines import kernel_sets

_HEAD = """# The boards

Generated from the board files by `python -m tinygen.cli.board_table > docs/boards.md`; a test holds
it against them. `tinygen boards NAME` shows all that is known of one. `--board` also takes the path
of a file of your own, in the form of those in `tinygen/boards`.

The engine named first is the board's default; in brackets are the kernel sets there are for it, of
which the first is taken. RAM and flash are what the firmware may use.
"Compiled" means by PlatformIO, with the board's own framework, but with the compiler that is named.

`engines.tflm_from` says where a project gets TensorFlow Lite Micro from: `sources`, unless the
framework brings it along. That is so for `idf_component` (the ESP32-C6) and for `arduino_core`,
such as pioarduino's core 3: a board file of yours for that has no kernel set but `esp_nn` or
`esp_nn_s3`. `memory.heap` is for arenas that are too large for a variable.

A firmware says what started the chip (power, its pin, low power, the watchdog, software, a fault,
sleep, a debugger). On the port arduino `reset_reason` says how it finds out: `esp` asks Espressif's
start-up code, `mbed` and `pico` their cores, `avr` reads MCUSR, `nrf` RESETREAS, `stm32` RCC's CSR
or RSR, `imxrt` SRC_SRSR; `unknown` where a boot loader or a core takes it away first, as an AVR's
often does. None of these ran on a chip here: the decoding is tested with the vendors' bits. The
emulated Arm and RISC-V boards know power-on and a fault by RAM that start-up leaves alone. There a
fault's registers outlive the reset too. On hardware the fault handlers are the frameworks' own:
what they say comes at once, if at all, and is not kept:

- `esp32`, `esp32s3`, `esp32c3`, `esp32c6`, `xiao_esp32s3`: the panic handler prints registers; the
  reason of the reset says panic. Their linker scripts have RAM for more (`.noinit`), not used.
- `nucleo_f446re`, `nucleo_h743zi`, `disco_l475vg_iot01a`, `pico2`: the core stops without a word
  until it is reset. There is RAM for more (`.noinit`, `.uninitialized_data`), not used.
- `pico`, `nano33ble`, `portenta_h7`: Mbed prints the fault, and keeps it in RAM of its own, which
  is not read. `teensy41`: the core keeps a report of its own, which is not read, and starts anew.
- `nrf52840_dk`, `feather_nrf52840`, `microbit`, `hifive1_revb`: their linker scripts have no such
  RAM.
- `uno`, `mega2560`: an AVR has no faults.
"""
_KEYS = """## A board file, key by key

Any other key, and any other value, is refused with the one that was probably meant. A key
of "(type qemu)" belongs to that type of device and may be left out. Some that may be left out are
wanted by a port, an engine or a platform; the error says so.

`tinygen boards esp32 --toml > mine.toml` is a file to start from (its id is its name), and
`--board mine.toml` takes it. `tinygen boards --schema > board.schema.json` is what an editor checks
it by: with the line `#:schema ./board.schema.json` at its top, for editors that know TOML.
"""
_SOURCES = """## Where the sizes of hardware boards come from

A package's description of a board is not what its linker takes. Where a linker script is named, its
region is the board's RAM, and a program with one array was linked by it until no larger array
would link; the check before a build never asks for more than that.

| board | RAM | flash | from |
|---|--:|--:|---|"""
_TITLES: Mapping[type[Device], str] = {
    Qemu: "Emulated boards",
    Linux: "Machines with Linux",
    Serial: "Hardware",
}


def board_table() -> str:
    """The whole page as Markdown."""
    return "\n".join(
        [_HEAD, *(line for kind in _TITLES for line in _section(kind)), *_sources(), *_keys()]
    )


def _section(kind: type[Device]) -> Iterator[str]:
    yield f"## {_TITLES[kind]}\n"
    yield "| board | what it is | core | RAM | flash | engines | PlatformIO | how far it was run |"
    yield "|---|---|---|--:|--:|---|---|---|"
    yield from (_row(board) for board in all_boards() if isinstance(board.device, kind))
    yield ""


def _sources() -> Iterator[str]:
    yield _SOURCES
    for board in all_boards():
        memory = board.memory
        if isinstance(board.device, Serial):
            sizes = f"{memory.ram.bytes:,} | {memory.flash.bytes:,}"
            yield f"| `{board.id}` | {sizes} | {memory.source} |"
    yield ""


def _keys() -> Iterator[str]:
    yield _KEYS
    yield "| key | needed | what it may be |"
    yield "|---|---|---|"
    for key in all_keys(Board):
        yield f"| `{key.path}` | {key.needed} | {key.may_be} |"
    yield ""


def _row(board: Board) -> str:
    engines = [f"{name} ({', '.join(sets)})" for name, sets in kernel_sets(board).items()]
    platform = board.platformio.platform
    if "://" in platform:
        platform = platform.split("/")[-1].partition("#")[0]
    return (
        f"| `{board.id}` | {board.name} | {board.core} | {board.memory.ram.bytes // 1024:,} KiB "
        f"| {board.memory.flash.bytes // 1024:,} KiB | {', '.join(engines)} "
        f"| {platform}, `{board.platformio.board}` | {board.proven} |"
    )


if __name__ == "__main__":
    sys.stdout.write(board_table())
