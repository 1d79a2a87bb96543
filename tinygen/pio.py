"""The only runner of PlatformIO: as a subprocess, in a core folder of tinygen's own."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tinygen.boards import Board, Toolchain
from tinygen.elf import check_fit, sizes, too_large
from tinygen.errors import DeviceError, DoesNotFit, InputError, TinygenError, ToolchainError
from tinygen.reach import any_answers

_LOG_LINES = 400
_WHY_LINES = 25

_INSTALL = {
    "arm-none-eabi": "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "avr": "sudo apt-get install gcc-avr avr-libc arduino-core-avr",
    "riscv64-unknown-elf": "sudo apt-get install gcc-riscv64-unknown-elf "
    "picolibc-riscv64-unknown-elf",
    "xtensa-lx106-elf": "sudo apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
}

_INSTALL_CXX = {
    "arm-none-eabi": "sudo apt-get install libstdc++-arm-none-eabi-newlib",
}

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
_LINKED_TOO_LARGE = "program exceeds memory space"  # Teensy's own tool, which says no sum
_NO_NETWORK = re.compile(r"^(HTTPClientError|InternetConnectionError)")
_INSTALLING = re.compile(r"Manager: Installing (?P<what>\S+.*)")
_URL = re.compile(r"[a-z+]+://(?:[^/@]*@)?(?P<host>[^/:]+)")
_UPLOADING = re.compile(r"^(Uploading |Configuring upload|Looking for upload)")
_NETWORK_SECONDS = 3.0
_NOISE = re.compile(
    r"^(Compiling |Archiving |Indexing |Verbose mode|LDF|CONFIGURATION:|Found \d+ compat|Scanning "
    r"|No dependencies|Building |Linking |Checking size |Advanced Memory |(RAM|Flash): +\["
    r"|Processing |PLATFORM: |HARDWARE: |DEBUG: |PACKAGES: ?$| - [\w-]+ @ "
    r"|Configuring upload |AVAILABLE: |CURRENT: |-+$|\s*$)"
)


@dataclass(frozen=True)
class UploadResult:
    """A finished upload: wall time in seconds, the last lines of PlatformIO and its uploader."""

    seconds: float
    log_tail: tuple[str, ...]


@dataclass(frozen=True)
class BuildResult:
    """A finished build: the linked firmware, wall time in seconds, PlatformIO's last lines."""

    elf: Path
    seconds: float
    log_tail: tuple[str, ...]


def build(
    project: Path,
    board: Board,
    *,
    env: str | None = None,
    jobs: int | None = None,
    on_line: Callable[[str], None] | None = None,
) -> BuildResult:
    """Build the PlatformIO project in the folder `project`.

    `env` is the environment in platformio.ini (by default the board's id), `jobs` how many
    compilers run at once (by default one per processor); `on_line` gets each line of output.
    ToolchainError if PlatformIO or the compiler fails, DoesNotFit if the linker runs out of memory.
    """
    require_toolchain(board)
    env = env or board.id
    command = ["run", "-d", str(project), "-e", env]
    if jobs is not None:
        command += ["-j", str(jobs)]
    started = time.monotonic()
    code, log = _run(command, on_line, _object_cache(board))
    seconds = time.monotonic() - started
    elf = project / ".pio" / "build" / env / "firmware.elf"
    if code != 0:
        if any(_LINKED_TOO_LARGE in line for line in log) and elf.is_file():
            check_fit(sizes(elf, board.memory), board)
        raise _failure(log, board, project)
    if not elf.is_file():
        raise ToolchainError(
            "PlatformIO reported success but left no firmware",
            why=f"there is no {elf}",
            next_step=f"pio run -d {project}",
        )
    return BuildResult(elf=elf, seconds=seconds, log_tail=tuple(log[-_WHY_LINES:]))


def upload(
    project: Path,
    board: Board,
    port: str | None = None,
    *,
    env: str | None = None,
    on_line: Callable[[str], None] | None = None,
) -> UploadResult:
    """Put the built firmware of `project` on the hardware `board`, with the board's protocol.

    `port` is the serial port; a board that is reached through a probe or a USB boot loader needs
    none. InputError if it is missing, ToolchainError if PlatformIO or its uploader fails.
    """
    if board.upload is None:
        raise InputError(
            f"{board.id} is not a board that firmware is uploaded to",
            why="its board file has no [upload]",
            next_step="tinygen flash",
        )
    if port is None and board.upload.needs_port:
        raise InputError(
            f"uploading to {board.id} needs its serial port",
            why=f"the protocol {board.upload.protocol} goes through it",
            next_step="tinygen flash --port PORT",
        )
    command = ["run", "-d", str(project), "-e", env or board.id, "-t", "upload"]
    if port is not None and board.upload.needs_port:
        command += ["--upload-port", port]
    started = time.monotonic()
    code, log = _run(command, on_line)
    if code != 0:
        raise _upload_failure(log, board, project, port)
    return UploadResult(seconds=time.monotonic() - started, log_tail=tuple(log[-_WHY_LINES:]))


def _upload_failure(log: list[str], board: Board, project: Path, port: str | None) -> TinygenError:
    started = next((i for i, line in enumerate(log) if _UPLOADING.match(line)), None)
    if started is None:
        return _failure(log, board, project)
    where = f" on {port}" if port else ""
    return DeviceError(
        f"the firmware could not be uploaded to {board.id}{where}",
        why="\n".join(_telling(log[started:])),
        next_step="is the board plugged in, and no serial monitor open? "
        f"To see more: pio run -d {project} -t upload -v",
    )


def cache_dir() -> Path:
    """Where tinygen keeps what can be made again: TINYGEN_CACHE, or the user's cache folder."""
    return Path(
        os.environ.get("TINYGEN_CACHE") or platformdirs.user_cache_dir("tinygen")
    ).absolute()


def core_dir() -> Path:
    """PlatformIO's core folder for this version, ready to build with no network."""
    version = importlib.metadata.version("platformio")
    core = cache_dir() / f"platformio-{version}"
    if not (core / "packages" / "tool-scons").is_dir():
        _prepare_scons(core)
    if not (core / "appstate.json").exists():
        # Without a last version PlatformIO greets a newcomer in the middle of the output.
        _write_atomically(core / "appstate.json", json.dumps({"last_version": version}))
    return core


def environment() -> dict[str, str]:
    """The environment PlatformIO runs in: the user's, without the user's PlatformIO settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PLATFORMIO_")}
    return kept | {
        "LC_ALL": "C.UTF-8",  # the messages looked for are English
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ beside the project's platform
        "PLATFORMIO_CORE_DIR": str(core_dir()),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_NO_ANSI": "true",
        "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }


def _object_cache(board: Board) -> dict[str, str]:
    """The setting that lets projects share compiled objects: a folder per compiler, because SCons
    tells flags and sources apart but not compilers. Empty where PlatformIO brings the compiler."""
    if board.toolchain is None:
        return {}
    compiler = f"{board.toolchain.prefix}-gcc"
    asked = subprocess.run([compiler, "--version"], capture_output=True, check=False)
    key = hashlib.sha256(asked.stdout).hexdigest()[:16]
    return {"PLATFORMIO_BUILD_CACHE_DIR": str(cache_dir() / "objects" / f"{compiler}-{key}")}


def _run(
    arguments: Sequence[str],
    on_line: Callable[[str], None] | None,
    settings: Mapping[str, str] | None = None,
) -> tuple[int, list[str]]:
    """Exit code and last lines of `python -m platformio` with these arguments."""
    log: deque[str] = deque(maxlen=_LOG_LINES)
    with subprocess.Popen(
        [sys.executable, "-m", "platformio", *arguments],
        env=environment() | dict(settings or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for text in process.stdout:
                line = text.rstrip()
                log.append(line)
                if on_line is not None:
                    on_line(line)
                if match := _INSTALLING.search(line):
                    _require_network(match["what"])
        except BaseException:
            process.terminate()
            raise
    return process.returncode, list(log)


def _require_network(package: str) -> None:
    """ToolchainError if `package` cannot be downloaded; PlatformIO would try for a minute."""
    import platformio

    address = _URL.search(package)
    hosts = [address["host"]] if address else platformio.__registry_mirror_hosts__
    if not any_answers(hosts, _NETWORK_SECONDS):
        raise _no_network(package, f"{' and '.join(hosts)} did not answer")


def _no_network(package: str, why: str) -> ToolchainError:
    return ToolchainError(
        f"PlatformIO could not download {package}",
        why=why,
        next_step="the project is complete: connect to the network (or set HTTPS_PROXY) and build "
        "again; an emulated board needs no network",
    )


def _failure(log: list[str], board: Board, project: Path) -> TinygenError:
    """The error that PlatformIO's last lines mean."""
    needs = _needs(log, board)
    if needs:
        flash, ram = needs.get("flash", 0), needs.get("ram", 0)
        detail = ""
        if ram and board.platformio.framework:
            detail = f"not counting all of the {board.stack_bytes} bytes for the stack"
        return too_large(board, flash=flash, ram=ram, detail=detail)
    if no_room := [line for line in log if _NO_ROOM.search(line)]:
        return DoesNotFit(
            f"the firmware does not fit {board.id}",
            why="\n".join(dict.fromkeys(line.rpartition("ld: ")[2] for line in no_room)),
            next_step="use a board with more memory, or a smaller model",
        )
    if any(_NO_NETWORK.match(line) for line in log):
        wanted = [match["what"] for line in log if (match := _INSTALLING.search(line))]
        return _no_network(wanted[-1] if wanted else "a package", "\n".join(_telling(log)))
    return ToolchainError(
        "PlatformIO could not build the firmware",
        why="\n".join(_telling(log)),
        next_step=f"pio run -d {project} -v",
    )


def _needs(log: list[str], board: Board) -> dict[str, int]:
    """Bytes the linker wanted of the memories it found too small, as far as it tells."""
    needs: dict[str, int] = {}

    def want(memory: str, count: int) -> None:
        if 0 < count < _ABSURD:
            needs[memory] = max(count, needs.get(memory, 0))

    for line in log:
        if match := _OVERFLOW.search(line):
            memory = _memory_of(match["region"])
            want(memory, getattr(board.memory, memory).bytes + int(match["bytes"]))
        elif match := _OUTSIDE.search(line):
            memory = _memory_of(match["region"])
            want(memory, int(match["end"], 16) - getattr(board.memory, memory).origin)
        elif (match := _BACKWARDS.search(line)) and board.memory.ram.origin:
            want("ram", int(match["end"], 16) - board.memory.ram.origin)
        elif match := _TOO_LARGE.search(line):
            want("flash" if match["what"] == "program" else "ram", int(match["needs"]))
    return needs


def _memory_of(region: str) -> str:
    """Which memory of a board the linker's region is; every platform has names of its own."""
    name = region.lower()
    ram = name == "data" or "tcm" in name or ("ram" in name and "iram" not in name)
    return "ram" if ram else "flash"


def _telling(log: list[str]) -> list[str]:
    """The last lines, without progress, from the first error on if that is among them."""
    lines = [line for line in log if not _NOISE.match(line)]
    errors = [i for i, line in enumerate(lines) if re.search(r"\berror\b", line, re.IGNORECASE)]
    if errors and len(lines) - errors[0] > _WHY_LINES:
        return [*lines[errors[0] : errors[0] + _WHY_LINES // 2], "...", *lines[-_WHY_LINES // 2 :]]
    return lines[-_WHY_LINES:]


def require_toolchain(board: Board, *, cxx: bool = False) -> None:
    """ToolchainError unless the compiler the board needs on PATH is there, with its C library; with
    `cxx` that of C++ too.

    A board whose platform brings its own compiler needs nothing here. Takes milliseconds.
    """
    toolchain = board.toolchain
    if toolchain is None:
        return
    compiler = f"{toolchain.prefix}-gcc"
    next_step = _INSTALL.get(toolchain.prefix, f"install {compiler} and put it on PATH")
    path = shutil.which(compiler)
    if path is None:
        raise ToolchainError(
            f"the compiler {compiler} is not installed",
            why="it is not on PATH",
            next_step=next_step,
        )
    found = subprocess.run(
        [path, *toolchain.core_flags, "-E", "-include", "string.h", "-x", "c", os.devnull],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        raise ToolchainError(
            f"the C library of {compiler} is not installed",
            why=found.stderr.strip() or f"{compiler} does not compile for the board's core",
            next_step=next_step,
        )
    if cxx:
        _require_cxx(toolchain)
    if toolchain.arduino_core and not Path(toolchain.arduino_core).is_dir():
        raise ToolchainError(
            "the Arduino core is not installed",
            why=f"there is no folder {toolchain.arduino_core}",
            next_step=next_step,
        )


def _require_cxx(toolchain: Toolchain) -> None:
    compiler = f"{toolchain.prefix}-g++"
    path = shutil.which(compiler)
    command = ["-E", "-include", "cstdint", "-x", "c++", os.devnull]
    found = path and subprocess.run(
        [path, *toolchain.core_flags, *command], capture_output=True, text=True, check=False
    )
    if not found or found.returncode != 0:
        raise ToolchainError(
            f"the C++ library of {compiler} is not installed",
            why="TensorFlow Lite Micro is C++; "
            + (found.stderr.strip().splitlines()[0] if found else f"{compiler} is not on PATH"),
            next_step=_INSTALL_CXX.get(toolchain.prefix, f"install the C++ library of {compiler}"),
        )


def _prepare_scons(core: Path) -> None:
    """Put SCons, as installed from PyPI, where PlatformIO expects its package tool-scons.

    PlatformIO takes a package in this folder as its own if name, version and owner are right, and
    then downloads nothing. Built aside and renamed, so that two processes may do it at once.
    """
    from platformio.dependencies import get_core_dependencies

    version = get_core_dependencies()["tool-scons"].lstrip("~^>=")
    spec = {"owner": "platformio", "id": None, "name": "tool-scons"}
    files = {
        "package.json": {"name": "tool-scons", "version": version},
        ".piopm": {
            "type": "tool",
            "name": "tool-scons",
            "version": version,
            "spec": spec | {"requirements": None, "uri": None},
        },
    }
    packages = core / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="tool-scons-", dir=core))
    aside.chmod(0o755)
    for name, content in files.items():
        (aside / name).write_text(json.dumps(content), encoding="utf-8")
    (aside / "scons.py").write_text("from SCons.Script import main\n\nmain()\n", encoding="utf-8")
    try:
        aside.rename(packages / "tool-scons")
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not (packages / "tool-scons").is_dir():
            raise


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    with contextlib.suppress(OSError):
        Path(name).replace(path)
