"""build(): a model file in, a built PlatformIO project out. Reads top to bottom."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from tinygen import passes, pio, project, tflite
from tinygen.api.board import board_files
from tinygen.api.built import look
from tinygen.api.classes import with_labels
from tinygen.api.keywords import by_keywords
from tinygen.api.prepare import Prepared, prepare
from tinygen.boards import ArenaPlace, Board, get_board
from tinygen.engines import choose_engine
from tinygen.engines.engine import Job, Made
from tinygen.ir import Edge, Graph
from tinygen.options import BuildOptions
from tinygen.pio import elf
from tinygen.pio.elf import Sizes
from tinygen.pio.toolchain import require_toolchain
from tinygen.progress import Progress
from tinygen.project import build_id, manifest, sources
from tinygen.project.manifest import Manifest
from tinygen.project.platformio import platformio_files
from tinygen.proof import oracle, vectors
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import RealDistance, real_distance
from tinygen.templates import Identity


@dataclass(frozen=True)
class Fidelity:
    """How far one int8 output is from the float model, on the user's data."""

    output: str
    samples: int
    distance: RealDistance

    @property
    def text(self) -> str:
        """In one line."""
        same = self.distance.argmax_agreement
        agree = "" if same is None else f", same argmax in {100 * same:.1f} %"
        return (
            f"int8 against float on {self.samples} samples, output {self.output}: "
            f"SQNR {self.distance.sqnr_db:.1f} dB{agree}"
        )


@dataclass(frozen=True)
class GenerateResult:
    """A project on disk, not built yet. Sizes in bytes."""

    project: Path
    model: str
    model_sha256: str
    loader: str
    board: str
    engine: str
    kernel_set: str
    data: str | None
    """Where the calibration data came from: a file's name, `random`, or None for a .tflite."""
    warnings: tuple[str, ...]
    macs: int
    constant_bytes: int
    arena_bytes: int
    arena_minimum_bytes: int | None
    arena_place: ArenaPlace
    layers: int
    notes: tuple[str, ...]
    """What the engine has to say."""
    vectors: int
    oracle: str
    fidelity: tuple[Fidelity, ...]
    classes: tuple[str, ...]
    """Names of the classes from 0 on, as the data say them; empty where they do not."""


@dataclass(frozen=True)
class BuildResult:
    """A built project: what was generated, the ELF file, its build id and its sizes in bytes."""

    generated: GenerateResult
    elf: Path
    build_id: str
    sizes: Sizes
    flash_available: int
    ram_available: int
    seconds: float


def build_project(model: Path, options: BuildOptions) -> BuildResult:
    """Quantize, generate, build with PlatformIO, and hold the sizes against the board.

    `board` is an id or a path to a board file; left out, the board and the engine decide `engine`,
    `kernel_set` and `arena` (bytes). Raises InputError, DoesNotFit and ToolchainError.
    """
    started = time.monotonic()
    target = get_board(options.board)
    require_toolchain(target)
    generated = generate_project(model, options)
    options.progress.stage("Building with PlatformIO")
    compiling = _Compiling(generated.project, options.progress)
    built = pio.build(generated.project, target, jobs=options.jobs, on_line=compiling.line)
    sizes = elf.sizes(built.elf, target.memory)
    elf.check_fit(sizes, target)
    current = project.open_project(generated.project)
    now = look(current, target)
    now.require_current()
    firmware = manifest.Firmware(
        elf=built.elf.relative_to(generated.project).as_posix(),
        sha256=hashlib.sha256(built.elf.read_bytes()).hexdigest(),
        bytes=sizes,
    )
    project.remember(project.built(current, firmware))
    return BuildResult(
        generated=generated,
        elf=built.elf,
        build_id=now.build_id,
        sizes=sizes,
        flash_available=target.memory.flash.bytes,
        ram_available=target.memory.ram.bytes,
        seconds=time.monotonic() - started,
    )


class _Compiling:
    """Counts the sources as PlatformIO compiles them; what is up to date is not compiled."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._total = sum(1 for path in (folder / "src").rglob("*.c*"))
        self._done = 0
        self._progress = progress

    def line(self, text: str) -> None:
        if text.startswith("Compiling ") and self._done < self._total:
            self._done += 1
            self._progress.count(self._done, self._total)


def generate_project(model: Path, options: BuildOptions) -> GenerateResult:
    """Render the project without building it. Raises InputError and DoesNotFit."""
    progress = options.progress
    target = get_board(options.board)
    chosen = choose_engine(target, options.engine)
    chosen.check(options, target)
    ready = prepare(model, options)
    progress.stage(f"Compiling for {target.id}")
    graph = passes.simplify(tflite.read(ready.tflite, ready.loaded.name))
    edges = [Edge.of(graph.tensors[i]) for i in graph.outputs]
    outputs, said = with_labels(edges, ready.class_names, ready.samples)
    for warning in said:
        progress.warn(warning)
    identity = Identity(
        name=ready.loaded.name,
        engine=chosen.name,
        board=target.id,
        sha256=hashlib.sha256(ready.tflite).hexdigest(),
        version=metadata.version("tinygen"),
        labels=tuple(edge.labels for edge in outputs),
    )
    made = chosen.make(Job(target, graph, ready.tflite, identity, options))
    for note in made.notes:
        progress.note(note)
    progress.stage("Computing the expected outputs on the host")
    checks = _vectors(ready, graph, options)
    fidelity = _fidelity(outputs, checks)
    for report in fidelity:
        progress.note(report.text)
    folder = Path(options.out or Path("build", f"{ready.loaded.name}-{target.id}"))
    scripts = (build_id.SCRIPT, *made.scripts)
    ini = platformio_files(target, identity, made.build_flags, scripts)
    files = {
        **sources.project_files(target, made.arena_place),
        **made.files,
        **{name: text.encode() for name, text in ini.items()},
        **board_files(options.board, target),
        project.MODEL: ready.tflite,
        project.VECTORS: checks.to_bytes(),
    }
    inputs = tuple(Edge.of(graph.tensors[i]) for i in graph.inputs)
    described = _manifest(ready, inputs, outputs, made, target, identity, checks, fidelity)
    project.remember(project.write(folder, files, described))
    return GenerateResult(
        project=folder,
        model=identity.name,
        model_sha256=identity.sha256,
        loader=ready.loaded.loader,
        board=target.id,
        engine=chosen.name,
        kernel_set=made.kernel_set,
        data=None if ready.data is None else ready.data.source,
        warnings=() if ready.data is None else ready.data.warnings,
        macs=made.macs,
        constant_bytes=made.constant_bytes,
        arena_bytes=made.arena_bytes,
        arena_minimum_bytes=made.arena_minimum_bytes,
        arena_place=made.arena_place,
        layers=made.layers,
        notes=made.notes,
        vectors=len(checks),
        oracle=checks.oracle,
        fidelity=fidelity,
        classes=next((edge.labels for edge in outputs if edge.labels), ()),
    )


def _vectors(ready: Prepared, graph: Graph, options: BuildOptions) -> Vectors:
    inputs = [graph.tensors[i] for i in graph.inputs]
    chosen = vectors.choose(inputs, oracle.quantize, ready.samples, options.seed)
    truth = oracle.expected(ready.tflite, graph, chosen.quantized)
    if truth.note:
        options.progress.warn(f"the oracle is the {truth.name}: {truth.note}")
    real = None
    if ready.float_tflite is not None:
        real = oracle.float_outputs(ready.float_tflite, chosen.real)
    return Vectors(
        inputs=chosen.quantized,
        expected=truth.outputs,
        oracle=truth.name,
        origins=chosen.origins,
        labels=chosen.labels,
        litert=oracle.second_opinion(ready.tflite, graph, chosen.quantized),
        real_outputs=real,
    )


def _fidelity(outputs: Sequence[Edge], checks: Vectors) -> tuple[Fidelity, ...]:
    """int8 (as the oracle computes it) against the float model, on samples of the user's data."""
    if checks.real_outputs is None:
        return ()
    picks = [i for i, o in enumerate(checks.origins) if o in ("data", "test", "random data")]
    if not picks:
        return ()
    return tuple(
        Fidelity(t.name, len(picks), real_distance(t, real[picks], expected[picks]))
        for t, real, expected in zip(outputs, checks.real_outputs, checks.expected, strict=True)
    )


def _manifest(
    ready: Prepared,
    inputs: tuple[Edge, ...],
    outputs: tuple[Edge, ...],
    made: Made,
    board: Board,
    identity: Identity,
    checks: Vectors,
    fidelity: tuple[Fidelity, ...],
) -> Manifest:
    origins, counts = np.unique(checks.origins, return_counts=True)
    return Manifest(
        version=manifest.VERSION,
        tinygen=identity.version,
        engine=identity.engine,
        kernel_set=made.kernel_set,
        board=manifest.Target(board.id, board.core),
        model=manifest.Model(
            name=identity.name,
            sha256=identity.sha256,
            source=manifest.Source(
                file=ready.loaded.path.name,
                format=ready.loaded.format,
                loader=ready.loaded.loader,
                sha256=ready.loaded.sha256,
            ),
            macs=made.macs,
            inputs=inputs,
            outputs=outputs,
        ),
        data=None
        if ready.data is None
        else manifest.Calibration(
            source=ready.data.source,
            random=ready.data.is_random,
            samples=len(ready.data.inputs[0]),
            warnings=ready.data.warnings,
        ),
        fidelity=tuple(_recorded(f) for f in fidelity),
        arena=manifest.Arena(
            bytes=made.arena_bytes,
            minimum_bytes=made.arena_minimum_bytes,
            overhead_bytes=made.arena_overhead_bytes,
            place=made.arena_place,
        ),
        vectors=manifest.Vectors(
            count=len(checks),
            oracle=checks.oracle,
            origins={str(o): int(c) for o, c in zip(origins, counts, strict=True)},
        ),
        files={},
        firmware=None,
    )


def _recorded(fidelity: Fidelity) -> manifest.Fidelity:
    d = fidelity.distance
    return manifest.Fidelity(
        output=fidelity.output,
        samples=fidelity.samples,
        sqnr_db=d.sqnr_db if math.isfinite(d.sqnr_db) else None,
        rmse=d.rmse,
        max_abs_diff=d.max_abs_diff,
        argmax_agreement=d.argmax_agreement,
    )


build = by_keywords(BuildOptions, build_project, "build")
generate = by_keywords(BuildOptions, generate_project, "generate")
