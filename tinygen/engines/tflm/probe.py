"""Runs a model on an emulated core to see how small its arena may be.

One firmware with a large arena; how much of it the interpreter gets is said at run time.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tinygen import pio
from tinygen.boards import Board, Linux, Qemu, TflmFrom, all_boards
from tinygen.devices import qemu, user_mode
from tinygen.devices.link import Transport, open_device
from tinygen.devices.link.faults import Disconnected
from tinygen.engines.tflm import arena
from tinygen.engines.tflm.arena import Measured, Need, Trial
from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.engines.tflm.library import UNITS, Library
from tinygen.engines.tflm.source import content_hash
from tinygen.errors import ToolchainError
from tinygen.ir import DType, Edge
from tinygen.options import BuildOptions
from tinygen.pio.toolchain import require_toolchain
from tinygen.printable import printable
from tinygen.progress import Progress
from tinygen.project import firmware
from tinygen.project.platformio import platformio_files
from tinygen.resources import firmware_dir
from tinygen.store import Store
from tinygen.templates import Identity, render

_START_SECONDS = 20.0
_ALLOCATE_SECONDS = 15.0
_COMPUTE_SECONDS = 120.0
_KEPT_BYTES = 8 << 20
_LINE_SECONDS = 0.2


def emulated_core(board: Board) -> Board:
    """The emulated board of the board's core, else the plainest one with pointers as wide.

    That is of a 32-bit chip the Cortex-M3, which also stands for the Cortex-M0: neither has DSP
    instructions, so kernels ask for the same scratch, and the emulated Cortex-M0 has too little RAM
    to try.
    """
    if isinstance(board.device, Linux):
        return _program_here(board)
    emulated = [
        b for b in all_boards() if isinstance(b.device, Qemu) and "tflm" in b.engines.available
    ]
    same = [b for b in emulated if b.core == board.core and not b.core.startswith("cortex-m0")]
    plain = [b for b in emulated if b.core == "cortex-m3"]
    return max(same or plain, key=lambda b: b.memory.ram.bytes)


def _program_here(board: Board) -> Board:
    """The board itself where this machine starts its programs, else its twin in user mode."""
    assert isinstance(board.device, Linux)
    if user_mode.runs_here(board.device):
        return board
    return next(
        b
        for b in all_boards()
        if isinstance(b.device, Linux)
        and b.device.emulator is not None
        and b.toolchain is not None
        and board.toolchain is not None
        and b.toolchain.prefix == board.toolchain.prefix
    )


def store(cache: Path) -> Store:
    """Where it is kept what was measured."""
    return Store(cache / "tflm-arenas", _KEPT_BYTES)


def recall(files: Mapping[str, bytes], kept: Store | None) -> Measured | None:
    """What was measured of the probe project `files` before."""
    entry = None if kept is None else kept.get(content_hash(files))
    if entry is None:
        return None
    try:
        return msgspec.json.decode(entry.content, type=Measured)
    except msgspec.DecodeError:  # an older tinygen's
        return None


def missing(board: Board) -> ToolchainError | None:
    """What there is not on this machine to run a probe on the emulated `board`."""
    try:
        require_toolchain(board, cxx=True)
        if isinstance(board.device, Qemu):
            qemu.require(board.device)
    except ToolchainError as error:
        return error
    return None


def measure(
    board: Board,
    files: Mapping[str, bytes],
    kept: Store | None,
    options: BuildOptions,
    *,
    runs: bool = True,
) -> Measured:
    """The arena that the model in the probe project `files` needs on the emulated `board`, which
    only allocates what it cannot run.

    The result is kept.
    """
    with tempfile.TemporaryDirectory(prefix="tinygen-probe-") as folder:
        options.progress.stage(f"Compiling what finds the smallest arena on {board.id}")
        elf = _built(board, files, Path(folder), options.jobs)
        found = _run(board, elf, options.progress, arena.INVOKES if runs else 0)
    if kept is not None:
        kept.put(content_hash(files), msgspec.json.encode(found))
    return found


def project(
    board: Board,
    model_files: Mapping[str, str],
    inputs: Sequence[Edge],
    library: Library,
    original: int,
    kernels: KernelSet,
    identity: Identity,
) -> dict[str, bytes]:
    """The probe as a PlatformIO project: path -> content."""
    folder = firmware_dir()
    header = render(
        "tflm_probe.h.j2",
        original=original,
        arena_bytes=_ceiling(board),
        limits=", ".join(f"{edge.limit or 0}u" for edge in inputs),
        floats=", ".join(str(edge.dtype is DType.FLOAT32).lower() for edge in inputs),
    )
    ini = platformio_files(board, identity, library.build_flags, library.scripts)["platformio.ini"]
    return {
        "platformio.ini": ini.encode(),
        "src/probe.c": (folder / "tflm" / "probe.c").read_bytes(),
        f"{UNITS}/tg_probe.h": header.encode(),
        **glue_files(board, kernels),
        **{
            f"src/protocol/{name}": (folder / "protocol" / name).read_bytes()
            for name in ("tg_crc32.c", "tg_crc32.h")
        },
        **{name: text.encode() for name, text in model_files.items()},
        **firmware.hal_files(board),
        **firmware.platform_files(board),
        **library.files,
    }


def _ceiling(board: Board) -> int:
    """Bytes of the largest arena that is tried: the other half of RAM is for all else."""
    return board.memory.ram.bytes // 2 // arena.STEP * arena.STEP


def glue_files(board: Board, kernels: KernelSet) -> dict[str, bytes]:
    """What is fixed between the interpreter and C."""
    folder = firmware_dir() / "tflm"
    names = ["tg_tflm.h", "tg_tflm.cc"]
    if board.engines.tflm_from is TflmFrom.SOURCES:  # else messages go where the framework says
        names.append("tg_tflm_log.cc")
    if not board.platformio.framework:  # a framework brings its vendor's headers along
        names += VENDORS[kernels].stand_ins if kernels in VENDORS else ()
    return {f"{UNITS}/{name}": (folder / name).read_bytes() for name in names}


def words(board: Board, files: Mapping[str, bytes], jobs: int | None = None) -> str:
    """What TensorFlow Lite Micro says as it fails to run the model in the largest arena.

    `files` are a probe project that keeps its error texts.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tinygen-probe-") as folder,
        _Device(board, _built(board, files, Path(folder), jobs)) as device,
    ):
        device.attempt(1, _ceiling(board), 1)
        return "\n".join(dict.fromkeys(line for line in device.said if line))


def _built(board: Board, files: Mapping[str, bytes], folder: Path, jobs: int | None) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return pio.build(folder, board, jobs=jobs).elf


def _run(board: Board, elf: Path, progress: Progress, invokes: int) -> Measured:
    ceiling = _ceiling(board)
    most = 2 * arena.most_trials(ceiling)
    progress.stage(f"Running it in arenas of different sizes, {most} times at the most")
    tried = 0
    with _Device(board, elf) as device:

        def need(model: int) -> Need:
            def attempt(size: int, invokes: int) -> Trial:
                nonlocal tried
                tried += 1
                progress.count(tried, most)
                return device.attempt(model, size, invokes)

            return arena.smallest(attempt, ceiling, invokes)

        found = Measured(planned=need(0), greedy=need(1), board=board.id)
    progress.note(f"the smallest arenas were found in {tried} runs")
    return found


@contextlib.contextmanager
def _running(board: Board, elf: Path) -> Iterator[str]:
    """The firmware on an emulated board, which is started by opening it where it is a program; the
    port it is at."""
    if isinstance(board.device, Linux):
        yield str(elf)
        return
    with tempfile.TemporaryDirectory(prefix="tinygen-run-") as folder:
        state = Path(folder)
        try:
            yield qemu.start(board, elf, state).url
        finally:
            qemu.stop(state)


class _Device:
    """The probe on its emulated board; restarted after a fault."""

    def __init__(self, board: Board, elf: Path) -> None:
        self._board = board
        self._elf = elf
        self._stack = ExitStack()
        self._port: Transport | None = None
        self._heard = b""
        self.said: list[str] = []
        """Lines of the last attempt that are not the probe's own."""

    def __enter__(self) -> _Device:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def attempt(self, model: int, size: int, invokes: int) -> Trial:
        """Start model 0 (planned) or 1 in `size` bytes and run it."""
        port = self._port or self._start()
        port.write(f"{model} {size} {invokes}\n".encode())
        self.said = []
        deadline = time.monotonic() + (_COMPUTE_SECONDS if invokes else _ALLOCATE_SECONDS)
        while time.monotonic() < deadline:
            try:
                line = self._line(port)
            except Disconnected as error:  # a program that crashed has ended
                self.said.append(printable(error.why))
                break
            words = line.split()
            if words[:2] == ["tg_probe", str(size)] and len(words) == 6:
                status, used, outputs, ticks = (int(word) for word in words[2:])
                return Trial(status == 0, used, outputs, ticks)
            if "tg_probe" not in line:
                self.said.append(printable(line.strip()))
            if "tg_fault" in line:
                break
        self._stack.close()
        self._port = None
        return Trial(ok=False)

    def _start(self) -> Transport:
        place = self._stack.enter_context(_running(self._board, self._elf))
        port = open_device(self._board, place)
        self._stack.callback(port.close)
        self._port, self._heard = port, b""
        deadline = time.monotonic() + _START_SECONDS
        # What is sent before the firmware has opened its port may be lost: ask until it answers.
        while time.monotonic() < deadline:
            port.write(b"\n")
            if "tg_probe?" in self._line(port):
                return port
        raise ToolchainError(
            f"the arena probe does not answer on {self._board.id}",
            why=f"it was silent for {_START_SECONDS:.0f} s",
            next_step="--arena BYTES sets a size without measuring",
        )

    def _line(self, port: Transport) -> str:
        """A whole line as it comes, empty where none does in a while."""
        end = time.monotonic() + _LINE_SECONDS
        while b"\n" not in self._heard and (left := end - time.monotonic()) > 0:
            self._heard += port.read(left)
        if b"\n" not in self._heard:
            return ""
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode("ascii", "replace")
