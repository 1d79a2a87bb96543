"""The tflm engine as the driver uses it: TensorFlow Lite Micro, obtained once and built."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen import emit, emulator, pio, pio_core
from tinygen.api.job import Job, Made
from tinygen.boards import Board
from tinygen.engines import tflm
from tinygen.engines.tflm.source import TFLITE_MICRO
from tinygen.errors import InputError
from tinygen.progress import SILENT, Progress
from tinygen.toolchain import require_toolchain


@dataclass(frozen=True)
class SetupResult:
    """What was obtained: its revision, and where it is kept."""

    what: str
    revision: str
    folder: Path


def setup(
    what: str = "tflm", *, source: str | None = None, progress: Progress = SILENT
) -> SetupResult:
    """Obtain TensorFlow Lite Micro's sources at the pinned revision, checked by hash, for offline
    use afterwards. `source` is a checkout, a bare git folder, a folder of them, an archive or
    another URL. Raises InputError and ToolchainError.
    """
    if what != "tflm":
        raise InputError(
            f"there is nothing to set up for '{what}'",
            why="only the engine tflm needs something that does not come along",
            next_step="tinygen setup tflm",
        )
    progress.stage("Obtaining TensorFlow Lite Micro")
    tree = tflm.setup(pio_core.cache_dir(), source, progress)
    return SetupResult(what, TFLITE_MICRO.revision, tree.root)


def make(job: Job) -> Made:
    """The model with TFLM's interpreter."""
    kernels = tflm.kernel_set(job.board, job.kernel_set)
    require_toolchain(job.board, cxx=True)
    cache = pio_core.cache_dir()
    needed = tflm.pins(kernels)
    tree = tflm.installed(cache, needed)
    if tree is None:
        job.progress.stage("Obtaining TensorFlow Lite Micro")
        tree = tflm.setup(cache, progress=job.progress, pins=needed)
    firmware = tflm.compile_model(
        job.content,
        job.board,
        kernels,
        tree,
        _Workshop(job.identity),
        cache,
        job.identity,
        arena_bytes=job.arena_bytes,
        debug=job.debug,
        progress=job.progress,
    )
    arena = firmware.arena
    best = None if arena.measured is None else arena.measured.best
    return Made(
        files=firmware.files,
        kernel_set=kernels.value,
        layers=len(firmware.graph.nodes),
        macs=sum(n.op.macs(firmware.graph.operands(n)) for n in firmware.graph.nodes),
        constant_bytes=firmware.model_bytes,
        arena_bytes=arena.bytes,
        arena_minimum_bytes=None if arena.estimated else arena.needed,
        arena_place=arena.place,
        arena_overhead_bytes=None if best is None else best.bytes - best.used,
        build_flags=firmware.build_flags,
        options=firmware.options,
        notes=tuple(_notes(arena)),
    )


def _notes(arena: tflm.Arena) -> Iterator[str]:
    measured = arena.measured
    if arena.asked:
        yield f"arena of {arena.bytes:,} bytes as asked for"
    if measured is None:
        yield "how much it needs was not measured"
        return
    margin = "" if arena.asked else f", margin {arena.bytes - measured.best.bytes:,} bytes"
    guess = ", an ESTIMATE: the device's core is another" if arena.estimated else ""
    yield f"{measured.best.bytes:,} bytes measured on {measured.board}{margin}{guess}"
    used = "used" if measured.offline_plan else "not used"
    yield (
        f"with our memory plan {measured.planned.bytes:,} bytes ({used}), "
        f"with TFLM's own {measured.greedy.bytes:,} bytes"
    )


class _Workshop:
    """What the engine needs of the layers above it: templates, PlatformIO, the emulator."""

    def __init__(self, identity: emit.Identity) -> None:
        self._identity = identity

    def render(self, template: str, **values: Any) -> str:
        return emit.render(template, **values)

    def platformio_ini(
        self, board: Board, flags: Sequence[str], options: Sequence[tuple[str, str]]
    ) -> str:
        return emit.platformio_files(board, self._identity, flags, options)["platformio.ini"]

    def build(self, project: Path, board: Board) -> Path:
        return pio.build(project, board).elf

    @contextmanager
    def run(self, board: Board, elf: Path) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="tinygen-run-") as folder:
            state = Path(folder)
            try:
                yield emulator.start(board, elf, state).url
            finally:
                emulator.stop(state)
