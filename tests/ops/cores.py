"""Programs on emulated cores, compiled as the product compiles them: bare ones, and in QEMU's user
mode programs of Linux."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

from tinygen import boards
from tinygen.boards import ArenaPlace, Extension, Linux, Qemu, get_board
from tinygen.devices import user_mode
from tinygen.engines.aot.make import build_flags
from tinygen.engines.aot.program import Program
from tinygen.engines.aot.render import model_files
from tinygen.project.firmware import hal_files, platform_files
from tinygen.resources import firmware_dir
from tinygen.templates import Identity

HERE = Path(__file__).parent
KERNELS = firmware_dir() / "kernels"
MEMORY = firmware_dir() / "memory"
_SECONDS = 120
_FLAGS = ("-g", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror")
"""As in the emulated boards' development platform, apart from the optimization."""
_port_folders: list[TemporaryDirectory[str]] = []


@dataclass(frozen=True)
class Core:
    """An emulated board, and how a model is compiled for it."""

    board: str
    """Its id, or a board file."""
    optimization: str
    compile_for: str | None = None
    """A board with a simpler core, for which the model is compiled instead."""
    place: ArenaPlace = ArenaPlace.STATIC
    standard: str = "c11"
    """The language that the model is compiled as."""

    @property
    def name(self) -> str:
        core = self.target.id.removeprefix("qemu-")
        return f"{core} {self.optimization} {self.place.value} {self.standard}"

    @property
    def target(self) -> boards.Board:
        """The board that the model is compiled for."""
        return get_board(self.compile_for or self.board)

    @property
    def core(self) -> boards.Core:
        """The core that the model is compiled for."""
        return self.target.core

    @property
    def emulator(self) -> Qemu | Linux:
        emulator = get_board(self.board).device
        assert isinstance(emulator, Qemu | Linux)
        return emulator

    @property
    def program(self) -> str:
        """The emulator's name."""
        emulator = self.emulator
        name = emulator.program if isinstance(emulator, Qemu) else emulator.emulator
        assert name is not None
        return name

    @property
    def gcc(self) -> tuple[str, ...]:
        """The compiler and the core's flags."""
        toolchain = self.target.toolchain
        assert toolchain is not None
        return (f"{self.toolchain}-gcc", *toolchain.core_flags)

    @property
    def toolchain(self) -> str:
        """What its programs are named after."""
        assert self.target.toolchain is not None
        return self.target.toolchain.prefix

    def runs(self, extensions: Collection[Extension]) -> bool:
        """Whether code that takes these for granted runs there."""
        return self.target.runs(extensions)

    def missing_tool(self) -> str | None:
        """A program that it needs and that is not installed."""
        tools = (self.gcc[0], self.program)
        return next((tool for tool in tools if shutil.which(tool) is None), None)


def files(program: Program, place: ArenaPlace = ArenaPlace.STATIC) -> dict[str, str]:
    """The program's C files."""
    return model_files(program, Identity("cases", "aot", "test", "00" * 32, "test"), place)


def build(
    program: Program,
    core: Core,
    folder: Path,
    main: Path,
    *,
    flags: Sequence[str] = (),
    kernels: Sequence[Path] = (KERNELS,),
) -> Path:
    """The ELF of the program's model with a main, in `folder`; AssertionError where it does not
    compile. `main` may include model.c, and is then all that is compiled of it."""
    for name, text in files(program, core.place).items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = [main, *sorted(folder.glob("weights*.c"))]
    if '#include "model.c"' not in main.read_text("utf-8"):
        sources.append(folder / "model.c")
    if core.place is not ArenaPlace.STATIC:
        flags = ("-DARENA_FROM_HEAP", *flags)
    port = _port(core.board, core.gcc)
    _compile(
        *(*core.gcc, f"-std={core.standard}", core.optimization, *_FLAGS),
        *(*build_flags(program, core.target), *flags),
        *(f"-I{path}" for path in (folder, *kernels, HERE, port, MEMORY)),
        *("-fno-exceptions", "-x", core.standard.rstrip("0123456789")),
        *sources,
        *("-x", "none"),
        *sorted(port.glob("*.o")),
        *_linked(core, port),
        *("-Wl,--gc-sections", "-Wl,--fatal-warnings"),
        *("-lm", "-lc", "-lgcc", "-o", folder / "model.elf"),
    )
    return folder / "model.elf"


def _linked(core: Core, port: Path) -> tuple[str, ...]:
    """What links it with the port: by our script into the board's memories, or for Linux."""
    if isinstance(core.emulator, Linux):
        return ("-static",)
    memory = json.loads((port / "board.json").read_text("utf-8"))["build"]["memory"]
    places = (f"-Wl,--defsym={name}={value:#x}" for name, value in memory.items())
    return ("-nostartfiles", *places, "-T", str(port / "bare.ld"))


def until_full_stop(elf: Path, core: Core, folder: Path, *options: str) -> None:
    """Run it, in `folder`, until it says a full stop on its serial port; AssertionError where that
    does not come."""
    emulator = core.emulator
    own = emulator.options if isinstance(emulator, Qemu) else ()
    command = _emulator(elf, core, *own, *options)
    pipe, silent = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=silent) as process:
        watchdog = Timer(_SECONDS, process.kill)
        watchdog.start()
        assert process.stdout is not None
        said = process.stdout.read(1)
        watchdog.cancel()
        if isinstance(emulator, Linux):
            process.wait()  # it ends by itself, and only then says what was counted
        else:
            process.terminate()
    assert said == b".", f"{core.name}: ended, or not done in {_SECONDS} s"


def _emulator(elf: Path, core: Core, *options: str) -> list[str]:
    emulator = core.emulator
    if isinstance(emulator, Linux):
        return [*user_mode.command(emulator), *options, str(elf)]
    return [
        *(emulator.program, "-machine", emulator.machine),
        *(("-cpu", emulator.cpu) if emulator.cpu else ()),
        *("-display", "none", "-monitor", "none", "-serial", "stdio"),
        *(f"-{emulator.loader.value}", str(elf)),
        *options,
    ]


def run(elf: Path, core: Core, folder: Path, *options: str) -> None:
    """Run it, in `folder`, until it ends; AssertionError where that is not with 0."""
    bare = not isinstance(core.emulator, Linux)
    semihosting = ("-semihosting-config", "enable=on,target=native") if bare else ()
    command = _emulator(elf, core, *semihosting, *options)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise AssertionError(f"{core.name}: not done in {_SECONDS} s\n{said[-2000:]}") from error
    assert done.returncode == 0, f"{core.name}: ended with {done.returncode}\n{done.stderr[-2000:]}"


@cache
def _port(board_id: str, gcc: tuple[str, ...]) -> Path:
    """A folder with the board's start-up code compiled, its linker script and its numbers."""
    held = TemporaryDirectory(prefix="tinygen-port-")
    _port_folders.append(held)
    folder = Path(held.name)
    board = get_board(board_id)
    for path, content in {**hal_files(board), **platform_files(board)}.items():
        name = "board.json" if path.endswith(f"{board.id}.json") else Path(path).name
        (folder / name).write_bytes(content)
    numbers = json.loads((folder / "board.json").read_text("utf-8"))["build"]["defines"]
    defines = [f"-D{name}={value}" for name, value in numbers]
    for source in sorted(folder.glob("*.c")):
        flags = ("-std=c11", "-O2", *_FLAGS, *defines)
        _compile(*gcc, *flags, "-c", source, "-o", source.with_suffix(".o"))
    return folder


def _compile(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"does not compile\n{done.stderr[:6000]}"
