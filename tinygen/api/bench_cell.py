"""One cell of a bench: a model on a board by an engine, built, run and measured; or why not."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from tinygen import processes
from tinygen.api import kept
from tinygen.api.build import build_project
from tinygen.api.fingerprint import fingerprint
from tinygen.api.flash import flash, stop
from tinygen.api.verify import verify
from tinygen.api.versions import made_with
from tinygen.boards import Qemu, Serial, get_board
from tinygen.errors import InputError, TinygenError
from tinygen.options import BuildOptions
from tinygen.progress import Progress
from tinygen.proof.verdict import Verdict
from tinygen.resources import firmware_dir, templates_dir

VECTORS = 6
"""Vectors that are measured; the mean is over them."""


@dataclass(frozen=True)
class BenchRow:
    """A model on a board by one engine with one kernel set. Bytes, and per-inference cost in
    `unit`. What is None is not known, of a row that failed all figures."""

    engine: str
    kernel_set: str
    verdict: Verdict
    unit: str | None
    per_inference: int | None
    startup: int | None
    flash_code: int | None
    """Flash without the model's constants (aot) or its flatbuffer (tflm)."""
    flash_model: int | None
    static_ram: int | None
    """Variables without arena and stack."""
    arena: int | None
    stack_used: int | None
    model: str = ""
    model_sha256: str = ""
    board: str = ""
    failure: str = ""
    """Why it has no figures; empty where it has."""
    failure_code: int = 0
    """The exit code that the command has for that."""
    kept: bool = False
    """Whether it was measured before, of the very same."""

    @property
    def flash(self) -> int | None:
        """All that the firmware takes there."""
        if self.flash_code is None or self.flash_model is None:
            return None
        return self.flash_code + self.flash_model

    @property
    def instructions(self) -> int | None:
        """Per inference, where the device counts instructions."""
        return self.per_inference if self.unit == "instructions" else None


@dataclass(frozen=True)
class Cell:
    """What is to be measured: `options` are those of the build, `port` that of hardware."""

    model: Path
    options: BuildOptions
    port: str | None = None

    @property
    def title(self) -> str:
        """For people."""
        options = self.options
        engine = f"{options.engine}:{options.kernel_set}" if options.kernel_set else options.engine
        return f"{self.model.name} on {options.board} by {engine}"

    def failed(self, what: str, code: int) -> BenchRow:
        """The row where it cannot be measured."""
        nothing: dict[str, Any] = dict.fromkeys(
            (
                *("unit", "per_inference", "startup", "flash_code", "flash_model", "static_ram"),
                *("arena", "stack_used"),
            )
        )
        return BenchRow(
            engine=self.options.engine or "",
            kernel_set=self.options.kernel_set or "",
            verdict=Verdict.UNVERIFIED,
            model=self.model.stem,
            board=self.options.board,
            failure=what,
            failure_code=code,
            **nothing,
        )

    def measure(self, progress: Progress) -> BenchRow:
        """Build it, run it, and say what it takes. TinygenError where that cannot be."""
        board = get_board(self.options.board)
        hardware = isinstance(board.device, Serial)
        if hardware and self.port is None:
            raise InputError(
                f"{board.id} is not an emulated board",
                why="bench uploads to hardware only where its port is given",
                next_step=f"--port {board.id}=PORT",
            )
        built = build_project(self.model, replace(self.options, progress=progress))
        made = built.generated
        try:
            if hardware:
                flash(made.project, port=self.port, progress=progress)
            result = verify(made.project, port=self.port, vectors=VECTORS, progress=progress)
        finally:
            if not hardware:
                stop(made.project)
        return BenchRow(
            engine=made.engine,
            kernel_set=made.kernel_set,
            verdict=result.verdict,
            unit=None if result.cost is None else result.cost.unit,
            per_inference=None if result.cost is None else result.cost.mean,
            startup=result.startup,
            flash_code=built.sizes.flash - made.constant_bytes,
            flash_model=made.constant_bytes,
            static_ram=built.sizes.ram_static,
            arena=made.arena_bytes,
            stack_used=result.stack_used_bytes,
            model=made.model,
            model_sha256=made.model_sha256,
            board=board.id,
        )

    def row(self, progress: Progress) -> BenchRow:
        """As `measure`, where a failure is a row too."""
        try:
            return self.measure(progress)
        except TinygenError as error:
            why = error.why.splitlines()
            said = f"{error.what}: {why[0]}" if why else error.what
            return self.failed(said, error.exit_code)

    @property
    def key(self) -> str | None:
        """By what its row depends on, the name under which it is kept; None where it is not: of
        hardware, and of programs, whose time is another one each time."""
        board = get_board(self.options.board)
        if self.options.no_cache or not isinstance(board.device, Qemu):
            return None
        if board.device.icount_shift is None:
            return None
        made_of = fingerprint(self.model, self.options, random_if_needed=False)
        if made_of is None:
            return None
        told = {
            f.name: getattr(self.options, f.name)
            for f in fields(BuildOptions)
            if f.compare and f.name not in ("out", "jobs", "data", "test", "labels")
        }
        versions = made_with(board, quantized=True)
        tools = (board.device.program, *_compiler(board.toolchain))
        programs = [_stamp(processes.which(tool)) for tool in tools]
        said = [made_of, sorted(told.items()), board, sorted(versions.items()), programs]
        said += [_sources(), VECTORS]
        return f"{hashlib.sha256(repr(said).encode()).hexdigest()}-bench"

    def recall(self) -> BenchRow | None:
        """What was measured before, of the very same."""
        key, store = self.key, kept.store()
        entry = None if key is None or store is None else store.get(key)
        if entry is None:
            return None
        try:
            return replace(msgspec.msgpack.decode(entry.content, type=BenchRow), kept=True)
        except msgspec.MsgspecError:
            return None

    def keep(self, row: BenchRow) -> None:
        """Keep a row for `recall`; not one of a failure, which another time may not come."""
        key, store = self.key, kept.store()
        if key is not None and store is not None and not row.failure:
            store.put(key, msgspec.msgpack.encode(row))


def _compiler(toolchain: Any) -> tuple[str, ...]:
    return () if toolchain is None else (f"{toolchain.prefix}-gcc",)


@functools.cache
def _sources() -> str:
    """The C that projects are made of."""
    digest = hashlib.sha256()
    for folder in (firmware_dir(), templates_dir()):
        for path in sorted(p for p in folder.rglob("*") if p.suffix in _SOURCES and p.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


_SOURCES = (".c", ".h", ".cpp", ".cc", ".S", ".ld", ".j2", ".py", ".json")


def _stamp(path: str | None) -> tuple[int, int] | None:
    """A program's size and time of change: another version has others."""
    if path is None:
        return None
    state = Path(path).resolve().stat()
    return state.st_size, state.st_mtime_ns
