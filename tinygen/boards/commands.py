"""What in a board file could run programs on this machine, or touch its files.

A board is data, but PlatformIO, the compiler and QEMU take some of it as orders: scripts, flags
that load plugins, options that open files. Values of the forms below cannot do that; of any other
the user is asked first, unless the board is one of tinygen's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from tinygen.boards.schema import LOCAL_PLATFORM, Board, Linux, Qemu

_OPTIONS = {
    "board_build.arduino.flash_layout",
    "board_build.arduino.ldscript",
    "board_build.arduino.memory_type",
    "board_build.f_cpu",
    "board_build.f_flash",
    "board_build.filesystem_size",
    "board_build.flash_mode",
    "board_build.freedom-e-sdk.heap_size",
    "board_build.freedom-e-sdk.stack_size",
    "board_build.partitions",
    "board_build.psram_type",
    "board_upload.flash_size",
    "board_upload.maximum_ram_size",
    "board_upload.maximum_size",
    "lib_archive",
    "monitor_speed",
    "upload_protocol",
    "upload_speed",
}
"""Keys of platformio.ini that name sizes, speeds, and files of the framework's own."""

_VALUE = re.compile(r"[A-Za-z0-9_.,-]+")
_RUNS_A_COMMAND = {("upload_protocol", "custom")}

_VERSION = re.compile(r"[0-9A-Za-z.^~<>=,+-]*")

_FLAG = re.compile(
    r"-[DU]\w+(=[\w.+-]*)?"
    r"|-O\w*|-g\d?|-w|-pipe|-ansi|-pedantic"
    r"|-m[\w.+-]+(=[\w.+-]+)?"
    r"|-f(?!plugin|dump|profile|auto-profile|save|stack-usage|callgraph|module|offload)[\w-]+(=[\w.-]+)?"
    r"|-W[a-z][\w+-]*(=[\w.-]+)?"
    r"|-std=[\w+]+"
    r"|-(nostdlib|nostartfiles|nodefaultlibs|nostdinc|static)"
    r"|--?specs=(nano|nosys|rdimon|picolibc)\.specs"
    r"|-Wl,(--gc-sections|--defsym[=,]\w+=\w+|-u,?\w+|-z,[\w=-]+|--relax|--no-warn-rwx-segments)"
    r"|-u\w+|-l(c|m|gcc|nosys)"
)
"""Flags that say how code is made, and name no program, no plugin and no file."""

_FOLDER = re.compile(r"[\w./-]+")
_QEMU_NAME = re.compile(r"[\w.-]+(,[\w-]+=(on|off|true|false|\d+))*")


def commands(board: Board, platforms: Collection[str]) -> tuple[str, ...]:
    """The values of `board` that could run programs, as `key = value`; empty for a harmless one.

    `platforms` are those of the boards that are tinygen's own.
    """
    return tuple(f"{key} = {value}" for key, value in _dangerous(board, platforms))


def opens_files(board: Board) -> bool:
    """Whether the firmware itself can open files of this machine, as it can by semihosting, and as
    a process."""
    device = board.device
    if isinstance(device, Linux):
        return True
    return isinstance(device, Qemu) and any("semihosting" in o for o in device.options)


def platform_name(platform: str) -> str:
    """A platform without its version; one that a URL names is as a whole what it is."""
    return platform if "://" in platform else platform.partition("@")[0]


def _dangerous(board: Board, platforms: Collection[str]) -> Iterator[tuple[str, str]]:
    pio = board.platformio
    _, _, version = pio.platform.partition("@")
    known = platform_name(pio.platform) in {LOCAL_PLATFORM, *platforms}
    if not known or ("://" not in pio.platform and not _VERSION.fullmatch(version)):
        yield "platformio.platform", pio.platform
    for key, value in pio.options.items():
        harmless = key in _OPTIONS and _VALUE.fullmatch(value)
        if not harmless or (key, value) in _RUNS_A_COMMAND:
            yield f"platformio.options.{key}", value
    yield from _flags("platformio.build_flags", pio.build_flags)
    yield from _flags("platformio.build_unflags", pio.build_unflags)
    if board.toolchain is not None:
        yield from _flags("toolchain.core_flags", board.toolchain.core_flags)
        yield from _flags("toolchain.link_flags", board.toolchain.link_flags)
        core = board.toolchain.arduino_core
        if core is not None and not _FOLDER.fullmatch(core):
            yield "toolchain.arduino_core", core
    if isinstance(board.device, Qemu):
        for key, name in (("machine", board.device.machine), ("cpu", board.device.cpu)):
            if name is not None and not _QEMU_NAME.fullmatch(name):
                yield f"device.{key}", name
        for option in board.device.options:
            yield "device.options", option


def _flags(key: str, flags: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((key, flag) for flag in flags if not _FLAG.fullmatch(flag))
