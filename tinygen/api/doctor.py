"""doctor(): what tinygen needs of this machine, whether it is there, and what mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packaging.requirements import Requirement

from tinygen import processes
from tinygen.api.cache import cache
from tinygen.api.kept import MODELS
from tinygen.api.shown import Shown
from tinygen.boards import Board, Linux, Qemu, Serial, all_boards
from tinygen.devices import qemu, usb, user_mode
from tinygen.devices.link import Session, open_device, open_transport
from tinygen.engines.tflm import source
from tinygen.environments import ENVIRONMENTS, is_there
from tinygen.errors import DeviceError, ToolchainError
from tinygen.pio import core, network, run, toolchain
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.proof import oracle

_NETWORK_SECONDS = 5.0
_HELLO_SECONDS = 2.0
_MIB = 1 << 20
_GIB = 1 << 30
_ROOM = 2 * _GIB
"""What a vendor's compiler and framework take, roughly; TensorFlow Lite Micro takes 0.1 GiB."""
_NAMED = ("tensorflow", "tf-keras", "keras", "platformio")
"""Packages with a line of their own; what they do is what people ask about."""


_DISPENSABLE = {
    "ai-edge-litert": "reports lack LiteRT's second opinion",
    "tensorflow": "int8 .tflite files can be built, Keras files and what is float cannot",
    "tf-keras": "files of Keras 2 cannot be built",
}
"""Packages that a light install leaves out, and what is missing then."""


class State(StrEnum):
    """Of one thing: fine, in the way of something, or in the way of everything."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and the command that mends it."""

    subject: str
    state: State
    found: str
    mend: str = ""


@dataclass(frozen=True, repr=False)
class DoctorResult(Shown):
    """All that was looked at, in the order in which a newcomer needs it."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 unless something is in the way of everything."""
        bad = any(check.state is State.BAD for check in self.checks)
        return ToolchainError.exit_code if bad else 0


def doctor(*, progress: Progress = SILENT) -> DoctorResult:
    """Look at Python, packages, compilers, emulators, sources, registries, ports and the disk.

    Changes nothing; asks the network twice, for 5 seconds at most, and each serial port what is on
    it, which restarts many boards.

    Parameters
    ----------
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    DoctorResult
        A line for each thing looked at: good, a warning or bad, and what mends it.

    Examples
    --------
    >>> import tinygen
    >>> "Python" in [check.subject for check in tinygen.doctor().checks]
    True
    """
    checks: list[Check] = []
    for stage, look in (
        ("Looking at Python and its packages", _packages),
        ("Looking for compilers and emulators", _programs),
        ("Asking the network", _sources),
        ("Looking for environments", _environments),
        ("Asking the serial ports", _ports),
        ("Looking at the disk", _disk),
    ):
        progress.stage(stage)
        checks += look()
    return DoctorResult(tuple(checks))


def _packages() -> Iterator[Check]:
    yield Check("Python", State.GOOD, f"{platform.python_version()}, {sys.executable}")
    wanted = [Requirement(text) for text in importlib.metadata.requires("tinygen") or ()]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong, others = 0, 0
    for one in wanted:
        version = _version(one.name)
        if version is None or not one.specifier.contains(version, prereleases=True):
            wrong += 1
            yield _wrong_package(one, version)
        elif one.name not in _NAMED:
            others += 1
    for name in _NAMED:
        if version := _version(name):
            yield Check(name, State.GOOD, version)
    yield Check("other packages", State.GOOD, f"{others} of {others}, each in a version that fits")
    found = _version("tflite-micro")
    if found == oracle.TFLM_WHEEL:
        yield Check("oracle", State.GOOD, f"TensorFlow Lite Micro {found}")
    else:
        yield Check(
            "oracle",
            State.WARNING,
            f"TensorFlow Lite Micro's wheel is {found or 'not installed'}: the numpy reference "
            "serves, and reports say so",
            _pip("tinygen[oracle]"),
        )


def _wrong_package(wanted: Requirement, version: str | None) -> Check:
    mend = _pip(f"{wanted.name}{wanted.specifier}")
    if version is None and wanted.name in _DISPENSABLE:
        said = f"not installed: {_DISPENSABLE[wanted.name]}"
        return Check(wanted.name, State.WARNING, said, mend)
    said = f"{version or 'not installed'}; it has to be {wanted.specifier or 'there'}"
    return Check(wanted.name, State.BAD, said, mend)


def _pip(package: str) -> str:
    return f"{shell_word(sys.executable)} -m pip install {shell_word(package)}"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _programs() -> Iterator[Check]:
    by_prefix: dict[str, list[Board]] = {}
    by_emulator: dict[str, list[Board]] = {}
    for board in all_boards():
        if board.toolchain is not None:
            by_prefix.setdefault(board.toolchain.prefix, []).append(board)
        if isinstance(board.device, Qemu):
            by_emulator.setdefault(board.device.program, []).append(board)
        elif isinstance(board.device, Linux) and board.device.emulator is not None:
            by_emulator.setdefault(board.device.emulator, []).append(board)
    for prefix, boards in sorted(by_prefix.items()):
        yield _compiler(f"{prefix}-gcc", boards)
    for program, boards in sorted(by_emulator.items()):
        yield _emulator(program, boards)


def _compiler(name: str, boards: list[Board]) -> Check:
    try:
        for board in boards:
            toolchain.require_toolchain(board)
    except ToolchainError as error:
        return Check(name, State.WARNING, f"{error.what}; {_for(boards)}", error.next_step)
    path = processes.which(name) or name
    return Check(name, State.GOOD, _first_line(path, "-dumpfullversion", "-dumpversion"))


def _emulator(program: str, boards: list[Board]) -> Check:
    device = boards[0].device
    try:
        path = qemu.require(device) if isinstance(device, Qemu) else user_mode.require(program)
    except ToolchainError as error:
        return Check(program, State.WARNING, f"{error.what}; {_for(boards)}", error.next_step)
    return Check(program, State.GOOD, _first_line(path, "--version"))


def _for(boards: list[Board]) -> str:
    return f"needed for {', '.join(board.id for board in boards)}"


def _first_line(program: str, *options: str) -> str:
    try:
        said = processes.run([program, *options]).stdout.decode("utf-8", "replace").splitlines()
    except OSError as error:
        return str(error)
    return said[0] if said else program


def _sources() -> Iterator[Check]:
    registry = network.any_answers(run.registry_hosts(), _NETWORK_SECONDS)
    yield Check(
        "PlatformIO's registry",
        State.GOOD if registry else State.WARNING,
        "answers"
        if registry
        else "does not answer: hardware boards' compilers come from there; "
        "emulated boards need nothing of it",
        "" if registry else "connect to the network, or set HTTPS_PROXY",
    )
    missing = [pin.name for pin in source.PINS if source.installed(core.cache_dir(), [pin]) is None]
    if not missing:
        yield Check("TensorFlow Lite Micro", State.GOOD, f"in {core.cache_dir()}")
        return
    host = urllib.parse.urlsplit(source.PUBLIC).hostname or ""
    reached = network.any_answers([host], _NETWORK_SECONDS)
    how = f"is fetched when the engine tflm is first used, {host} answers"
    if not reached:
        how = f"not obtained, and {host} does not answer; the engine aot needs none of it"
    yield Check(
        "TensorFlow Lite Micro",
        State.GOOD if reached else State.WARNING,
        f"{how}; missing: {', '.join(missing)}",
        "" if reached else "tinygen setup tflm --source FOLDER-OR-URL",
    )


def _environments() -> Iterator[Check]:
    for one in ENVIRONMENTS:
        said = ", ".join(one.requirements)
        there = is_there(one, core.cache_dir())
        where = f"in {one.folder(core.cache_dir())}"
        wanted = f"not set up; {one.purpose} needs it: tinygen setup {one.name}"
        yield Check(f"environment {one.name}", State.GOOD, f"{said}, {where}" if there else wanted)


def _ports() -> Iterator[Check]:
    ports = [port for port in usb.serial_ports() if port.vid is not None]
    if not ports:
        yield Check("serial ports", State.GOOD, "none is plugged in; emulated boards need none")
    for port in ports:
        boards = [
            board
            for board in all_boards()
            if isinstance(board.device, Serial) and usb.usb_id(port) in board.device.usb_ids
        ]
        looks = f"looks like {', '.join(board.id for board in boards)}" if boards else "unknown"
        name = f"{usb.usb_id(port)} {port.description}, {looks}"
        if not os.access(port.device, os.R_OK | os.W_OK) and os.name == "posix":
            yield Check(
                port.device,
                State.BAD,
                f"{name}; you may not open it",
                f'sudo usermod -aG {_group(port.device)} "$USER"  (then log in again)',
            )
        else:
            yield Check(port.device, State.GOOD, f"{name}; {_answer(port.device, boards)}")


def _group(device: str) -> str:
    try:
        return Path(device).group()
    except (KeyError, OSError):
        return "dialout"


def _answer(port: str, boards: list[Board]) -> str:
    """What is on the port, asked in the way of the board that it may be."""
    try:
        transport = open_device(boards[0], port) if boards else open_transport(port)
        with Session(transport) as session:
            hello = session.hello(_HELLO_SECONDS)
    except DeviceError as error:
        return f"no firmware of tinygen answered: {error.what}"
    return f"runs {hello.model} for {hello.board}, build {hello.build_id[:12]}"


def _disk() -> Iterator[Check]:
    folder = core.cache_dir()
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    enough = free >= _ROOM
    yield Check(
        "disk",
        State.GOOD if enough else State.WARNING,
        f"{free / _GIB:,.1f} GiB free for {folder}",
        "" if enough else "tinygen cache --prune, or set TINYGEN_CACHE to a folder with more room",
    )
    if not os.access(there, os.W_OK):
        yield Check("cache", State.BAD, f"{there} cannot be written", "set TINYGEN_CACHE")
        return
    kept = {part.name: part.bytes for part in cache().parts}
    yield Check(
        "cache",
        State.GOOD,
        f"{sum(kept.values()) / _MIB:,.0f} MiB in {folder}, {kept.get(MODELS, 0) / _MIB:,.0f} MiB "
        "of it int8 models and vectors; tinygen cache shows the rest",
    )
