"""What PlatformIO's output means: the errors behind a failed build or upload."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tinygen.boards import Board, Port
from tinygen.boards.fit import Shortage, does_not_fit
from tinygen.errors import DeviceError, DoesNotFit, InputError, TinygenError, ToolchainError
from tinygen.pio.elf import FIRMWARE_HELPS

WHY_LINES = 25
"""The most lines of PlatformIO's that an error shows."""

_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes")
_OUTSIDE = re.compile(
    r"address (?P<end>0x[0-9a-f]+) of .* is not within region [`'](?P<region>\w+)'"
)
_BACKWARDS = re.compile(r"cannot move location counter backwards \(from (?P<end>[0-9a-f]+) to ")
_NO_ROOM = re.compile(r"will not fit in region|region \w+ overflowed|overflowed into stack")
_ABSURD = 1 << 26
"""Bytes that no board has: the board file does not say where a memory starts, or a linker script
aligned the heap's end far beyond it."""

_TOO_LARGE = re.compile(
    r"The (?P<what>program|data) size \((?P<needs>\d+) bytes\) is greater than maximum allowed"
)
LINKED_TOO_LARGE = "program exceeds memory space"
"""Teensy's own tool says so, and no sum."""

_DISK = re.compile(
    "No space left on device|Disk quota exceeded|Read-only file system|File too large"
    "|Input/output error"
)
"""What the system says of a disk. It comes first, because what fails after it tells nothing."""

DAMAGED_OBJECT = re.compile(
    r"file ((format )?not recognized|truncated|too short|in wrong format)"
    r"|malformed archive|bad value"
)
"""What a linker says of what an earlier build left."""

_NO_HEAP = re.compile(
    r"undefined reference to [`'](operator new(\[\])?\(|_?sbrk|__heap_(start|end|size))"
)
"""What a linker misses where memory is asked for at run time and nothing gives any."""

_NO_NETWORK = re.compile(r"^(HTTPClientError|InternetConnectionError)")
INSTALLING = re.compile(r"Manager: Installing (?P<what>\S+.*)")
"""What is downloaded next."""

_NO_UPLOAD = re.compile(r"Warning! Unknown upload protocol")
"""With this PlatformIO uploads nothing and succeeds."""

_UPLOADING = re.compile(r"^(Uploading |Configuring upload|Looking for upload)")
_NOISE = re.compile(
    r"^(Compiling |Retrieved |Archiving |Indexing |Verbose mode|LDF|CONFIGURATION:"
    r"|Found \d+ compat|Scanning |No dependencies|Building |Linking |Checking size "
    r"|Advanced Memory |(RAM|Flash): +\["
    r"|Processing |PLATFORM: |HARDWARE: |DEBUG: |PACKAGES: ?$| - [\w-]+ @ "
    r"|Configuring upload |AVAILABLE: |CURRENT: |-+$|\s*$)"
)


def failure(log: Sequence[str], board: Board, project: Path) -> TinygenError:
    """The error that PlatformIO's last lines mean."""
    if short := _shortages(log, board):
        detail = ""
        # Freedom Metal's linker script keeps the stack; others keep less than it, or nothing.
        whole = not board.platformio.framework or board.port is Port.METAL
        if not whole and any(shortage.memory == "RAM" for shortage in short):
            detail = f"not counting all of the {board.stack_bytes:,} bytes for the stack"
        return does_not_fit(board, "the firmware", short, FIRMWARE_HELPS, detail)
    if no_room := [line for line in log if _NO_ROOM.search(line)]:
        return DoesNotFit(
            f"the firmware does not fit {board.id}",
            why="\n".join(dict.fromkeys(line.rpartition("ld: ")[2] for line in no_room)),
            next_step="use a board with more memory, or a smaller model",
        )
    if disk := next((match for line in log if (match := _DISK.search(line))), None):
        return ToolchainError(
            f"the firmware could not be built: {disk[0].lower()}",
            why="\n".join(telling(log)),
            next_step="make room, or move the project or tinygen's cache (TINYGEN_CACHE)",
        )
    if board.port.bare and (missed := [line for line in log if _NO_HEAP.search(line)]):
        return ToolchainError(
            f"the program asks for memory at run time, and {board.id} has no heap",
            why="\n".join(dict.fromkeys(missed)),
            next_step="make the objects static, or local to a function",
        )
    if any(_NO_NETWORK.match(line) for line in log):
        wanted = [match["what"] for line in log if (match := INSTALLING.search(line))]
        return no_network(wanted[-1] if wanted else "a package", "\n".join(telling(log)))
    return ToolchainError(
        "PlatformIO could not build the firmware",
        why="\n".join(telling(log)),
        next_step=f"pio run -d {project} -v",
    )


def _shortages(log: Sequence[str], board: Board) -> list[Shortage]:
    """The memories that the linker found too small, as far as it tells."""
    has = {"flash": board.memory.flash, "RAM": board.memory.ram}
    needs: dict[str, int] = {}

    def want(memory: str, count: int) -> None:
        if 0 < count < _ABSURD:
            needs[memory] = max(count, needs.get(memory, 0))

    for line in log:
        if match := _OVERFLOW.search(line):
            memory = _memory_of(match["region"])
            want(memory, has[memory].bytes + int(match["bytes"]))
        elif match := _OUTSIDE.search(line):
            memory = _memory_of(match["region"])
            want(memory, int(match["end"], 16) - has[memory].origin)
        elif (match := _BACKWARDS.search(line)) and has["RAM"].origin:
            want("RAM", int(match["end"], 16) - has["RAM"].origin)
        elif match := _TOO_LARGE.search(line):
            want("flash" if match["what"] == "program" else "RAM", int(match["needs"]))
    return [Shortage(name, needs[name], has[name].bytes) for name in has if name in needs]


def _memory_of(region: str) -> str:
    """Which memory of a board the linker's region is; every platform has names of its own."""
    name = region.lower()
    ram = name == "data" or "tcm" in name or ("ram" in name and "iram" not in name)
    return "RAM" if ram else "flash"


def telling(log: Sequence[str]) -> list[str]:
    """The last lines, without progress, from the first error on if that is among them."""
    lines = [line for line in log if not _NOISE.match(line)]
    errors = [i for i, line in enumerate(lines) if re.search(r"\berror\b", line, re.IGNORECASE)]
    if errors and len(lines) - errors[0] > WHY_LINES:
        return [*lines[errors[0] : errors[0] + WHY_LINES // 2], "...", *lines[-WHY_LINES // 2 :]]
    return lines[-WHY_LINES:]


def no_network(package: str, why: str) -> ToolchainError:
    """The error for a package that cannot be downloaded."""
    return ToolchainError(
        f"PlatformIO could not download {package}",
        why=why,
        next_step="the project is complete: connect to the network (or set HTTPS_PROXY) and build "
        "again; an emulated board needs no network",
    )


def uploaded_nothing(log: Sequence[str], board: Board) -> InputError | None:
    """The error where PlatformIO succeeded without an upload."""
    if not any(_NO_UPLOAD.search(line) for line in log):
        return None
    return InputError(
        f"nothing was uploaded to {board.id}",
        why="\n".join(line for line in log if _NO_UPLOAD.search(line) or "AVAILABLE:" in line),
        next_step="mend device.upload.protocol, and platformio.options.upload_protocol if it is "
        "there, in the board file",
    )


def upload_failure(
    log: Sequence[str], board: Board, project: Path, port: str | None
) -> TinygenError:
    """The error that the last lines of an upload mean."""
    started = next((i for i, line in enumerate(log) if _UPLOADING.match(line)), None)
    if started is None:
        return failure(log, board, project)
    where = f" on {port}" if port else ""
    return DeviceError(
        f"the firmware could not be uploaded to {board.id}{where}",
        why="\n".join(telling(log[started:])),
        next_step="is the board plugged in, and no serial monitor open? "
        f"To see more: pio run -d {project} -t upload -v",
    )
