"""build(): a model file in, a built PlatformIO project out. Reads top to bottom."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from tinygen import pio, project
from tinygen.api import kept
from tinygen.api.board import board_files, require_harmless
from tinygen.api.built import look
from tinygen.api.describe import describe
from tinygen.api.fidelity import FILE as FIDELITY
from tinygen.api.fidelity import fidelity_of, to_bytes
from tinygen.api.keywords import by_keywords
from tinygen.api.prepare import by_layers, prepare
from tinygen.api.prepared import Prepared
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.api.versions import Lock
from tinygen.boards import ArenaPlace, Board, get_board
from tinygen.engines import Estimate, LayerKernel, choose_engine
from tinygen.engines.engine import Job
from tinygen.engines.tflm import not_run
from tinygen.ir import input_edges
from tinygen.load import safe_name
from tinygen.options import BuildOptions
from tinygen.pio import elf
from tinygen.pio.elf import Sizes
from tinygen.pio.toolchain import require_toolchain
from tinygen.progress import Progress
from tinygen.project import build_id, library, manifest, mlperf, own, sources, trust
from tinygen.project.edited import Edited
from tinygen.project.platformio import platformio_files
from tinygen.proof.doubt import doubts, refusal
from tinygen.proof.expect import expect
from tinygen.proof.fidelity import Fidelity, fidelity
from tinygen.proof.layer_fidelity import FidelityResult
from tinygen.proof.oracle import TFLM
from tinygen.proof.vectors import Vectors


@dataclass(frozen=True, repr=False)
class GenerateResult(Shown):
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
    arena_peak: str | None
    """Where most of the arena is in use, where the engine knows."""
    arena_place: ArenaPlace
    layers: int
    choices: tuple[LayerKernel, ...]
    """Which kernel computes each layer, where the engine chooses, and why."""
    estimate: Estimate | None
    """What they all take, where the engine estimates it."""
    notes: tuple[str, ...]
    """What the engine has to say."""
    vectors: int
    oracle: str
    fidelity: tuple[Fidelity, ...]
    layer_fidelity: FidelityResult | None
    """Which layer loses the accuracy, where that was asked for; the project keeps it."""
    classes: tuple[str, ...]
    """Names of the classes from 0 on, as the data say them; empty where they do not."""


@dataclass(frozen=True, repr=False)
class BuildResult(Shown):
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

    Returns
    -------
    BuildResult
        The project, its ELF file, and what it takes in bytes.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used.
    DoesNotFit
        Where flash, RAM or the arena is too small for it.
    ToolchainError
        Where PlatformIO or a compiler is missing or fails.

    Examples
    --------
    >>> import tinygen
    >>> built = tinygen.build("digits.tflite", board="qemu-cortex-m3", out="firmware")
    >>> built.generated.arena_bytes
    1848
    """
    started = time.monotonic()
    target = get_board(options.board)
    require_toolchain(target)
    lock = _lock(model, options, target)
    with contextlib.ExitStack() as held:
        generated = _generate(model, options, held, runs=True)
        options.progress.stage("Building with PlatformIO")
        compiling = _Compiling(generated.project, options.progress)
        with trust.running(generated.project, trusted=options.trust_project):
            built = pio.build(generated.project, target, jobs=options.jobs, on_line=compiling.line)
        sizes = elf.sizes(built.elf, target.memory)
        elf.check_fit(sizes, target)
        current = project.open_project(generated.project)
        now = look(current, target)
        now.require_current()
        compiler = now.stamp.compiler if now.stamp else ""
        firmware = manifest.Firmware(
            elf=built.elf.relative_to(generated.project).as_posix(),
            sha256=hashlib.sha256(built.elf.read_bytes()).hexdigest(),
            compiler=compiler,
            bytes=sizes,
        )
        if lock is not None:
            lock.require_compiler(compiler)
        trust.sign(generated.project, [firmware.elf])
        done = project.built(current, firmware)
        project.remember(done)
        if generated.layer_fidelity is not None:
            keep(done, "fidelity", generated.layer_fidelity, options.progress)
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
        sources = (folder / name for name in ("src", library.SOURCES))
        self._total = sum(1 for source in sources for path in source.rglob("*.c*"))
        self._done = 0
        self._progress = progress

    def line(self, text: str) -> None:
        if text.startswith("Compiling ") and self._done < self._total:
            self._done += 1
            self._progress.count(self._done, self._total)


def generate_project(model: Path, options: BuildOptions) -> GenerateResult:
    """Render the project without building it.

    Returns
    -------
    GenerateResult
        The project, and what the model takes in bytes.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used.
    DoesNotFit
        Where the arena is too small for it.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.generate("digits.tflite", board="uno", out="rendered").kernel_set
    'portable'
    """
    _lock(model, options, get_board(options.board))
    with contextlib.ExitStack() as held:
        return _generate(model, options, held, runs=False)


def _lock(model: Path, options: BuildOptions, board: Board) -> Lock | None:
    """What the project that is there was made with, where that is to be kept; held against what is
    here before any work."""
    if not options.locked:
        return None
    lock = Lock(_folder(safe_name(model), options, board))
    lock.require(board)
    return lock


def _folder(name: str, options: BuildOptions, board: Board) -> Path:
    return Path(options.out or Path("build", f"{name}-{board.id}"))


def _generate(
    model: Path, options: BuildOptions, held: contextlib.ExitStack, *, runs: bool
) -> GenerateResult:
    """The project on disk, which nobody else builds into until `held` is closed. What is to be
    asked before PlatformIO `runs` there is asked before the work."""
    progress = options.progress
    target = get_board(options.board)
    chosen = choose_engine(target, options.engine)
    chosen.check(options, target)
    edited = None if options.edited is None else Edited(options.edited)
    project.require_unedited(_folder(safe_name(model), options, target), edited)
    ready = prepare(model, options)
    benchmarked = _benchmarked(ready, options)
    folder = _folder(ready.model.name, options, target)
    require_harmless(options.board, target, folder, trusted=options.trust_project)
    if runs:
        harmless = own.untouched_settings(folder)
        trust.require_before_writing(folder, trusted=options.trust_project, harmless=harmless)
    progress.stage(f"Compiling for {target.id}")
    identity = ready.identity(chosen.name, target.id)
    with by_layers(ready, options):
        made = chosen.make(Job(target, ready.model, identity, options))
    for note in made.notes:
        progress.note(note)
    checks = _expected(ready, options)
    if chosen.name == "tflm" and options.arena is not None and (words := refusal(checks, TFLM)):
        raise not_run(words)  # else running it to size the arena has shown that it does
    reports = fidelity(ready.outputs, checks)
    for report in reports:
        progress.note(report.text)
    by_layer = fidelity_of(ready, progress) if options.fidelity else None
    kept_by_layer = {} if by_layer is None else {FIDELITY: to_bytes(by_layer)}
    scripts = (build_id.SCRIPT, *made.scripts)
    flags = (*made.build_flags, *((mlperf.FLAG,) if benchmarked else ()))
    ini = platformio_files(target, identity, flags, scripts)
    parts = {**sources.project_files(target, made.arena_place), **benchmarked, **made.files}
    files = {
        **parts,
        **library.manifests(identity, parts, made.library_flags, alone=made.alone),
        **{name: text.encode() for name, text in ini.items()},
        **board_files(options.board, target),
        project.MODEL: ready.model.content,
        project.VECTORS: checks.to_bytes(),
        **kept_by_layer,
    }
    described = describe(ready, options, made, target, identity, checks, reports)
    held.enter_context(project.hold(folder, progress))
    mine = own.missing_files(folder, target)
    written = project.write(folder, files, described, own=mine, edited=edited)
    trust.sign_written(folder, [*files, *mine, *own.untouched_settings(folder)])
    project.remember(written)
    return GenerateResult(
        project=folder,
        model=identity.name,
        model_sha256=identity.sha256,
        loader=ready.opened.loader,
        board=target.id,
        engine=chosen.name,
        kernel_set=made.kernel_set,
        data=None if ready.data is None else ready.data.source,
        warnings=(
            *(() if ready.data is None else ready.data.warnings),
            *doubts(checks, ready.outputs),
        ),
        macs=made.macs,
        constant_bytes=made.constant_bytes,
        arena_bytes=made.arena_bytes,
        arena_minimum_bytes=made.arena_minimum_bytes,
        arena_peak=made.arena_peak,
        arena_place=made.arena_place,
        layers=made.layers,
        choices=made.choices,
        estimate=made.estimate,
        notes=made.notes,
        vectors=len(checks),
        oracle=checks.oracle,
        fidelity=reports,
        layer_fidelity=by_layer,
        classes=next((edge.labels for edge in ready.outputs if edge.labels), ()),
    )


def _benchmarked(ready: Prepared, options: BuildOptions) -> dict[str, bytes]:
    """The files of MLPerf Tiny's commands, where they are asked for; InputError for a model that
    it has not."""
    if options.protocol != "mlperf":
        return {}
    return mlperf.protocol_files(mlperf.benchmark(input_edges(ready.model.graph), ready.outputs))


def _expected(ready: Prepared, options: BuildOptions) -> Vectors:
    """The model's vectors, made here or before of the same."""
    name = None if ready.key is None else f"{ready.key}-vectors"
    title = "Computing the expected outputs on the host"
    found = kept.recall(name, title, options.progress, Vectors.from_bytes)
    if found is not None:
        return found
    options.progress.stage(title)
    told = kept.Told(options.progress)
    made = expect(
        ready.model,
        ready.float_tflite,
        ready.samples,
        ready.origin,
        seed=options.seed,
        progress=told,
    )
    kept.keep(name, made.to_bytes(), told)
    return made


build = by_keywords(BuildOptions, build_project, "build")
generate = by_keywords(BuildOptions, generate_project, "generate")
