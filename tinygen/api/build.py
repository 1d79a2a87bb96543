"""build(): a model file in, a built PlatformIO project out. Reads top to bottom."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen import pio, project
from tinygen.api.board import board_files, require_harmless
from tinygen.api.built import look
from tinygen.api.describe import describe
from tinygen.api.fidelity import FILE as FIDELITY
from tinygen.api.fidelity import to_bytes
from tinygen.api.keywords import by_keywords
from tinygen.api.mix import MixResult
from tinygen.api.part import (
    TOGETHER,
    WITH_NPU,
    Asked,
    Part,
    is_typed,
    make_part,
    require_stateless,
    require_together,
    with_names,
)
from tinygen.api.prepare import prepare
from tinygen.api.prepared import Prepared
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.api.versions import Lock
from tinygen.boards import ArenaPlace, Board, get_board
from tinygen.engines import Estimate, LayerKernel, choose_engine
from tinygen.ir import input_edges
from tinygen.load import safe_name
from tinygen.npu.vela import VelaEstimate
from tinygen.options import BuildOptions
from tinygen.pio import elf
from tinygen.pio.elf import Sizes
from tinygen.pio.toolchain import require_toolchain
from tinygen.progress import Progress
from tinygen.project import build_id, manifest, mlperf, own, sources, trust
from tinygen.project.edited import Edited
from tinygen.project.folder import model_file, vectors_file
from tinygen.project.models import arena_symbols, protocol_names
from tinygen.project.platformio import platformio_files
from tinygen.proof.doubt import doubts
from tinygen.proof.fidelity import Fidelity
from tinygen.proof.layer_fidelity import FidelityResult


@dataclass(frozen=True, repr=False)
class GenerateResult(Shown):
    """A project on disk, not built yet. Sizes in bytes."""

    project: Path
    model: str
    c_name: str
    """What the model is called in C."""
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
    npu: VelaEstimate | None
    """What an NPU takes, where the firmware uses one: estimated, and its outputs not proven."""
    vectors: int
    oracle: str
    fidelity: tuple[Fidelity, ...]
    layer_fidelity: FidelityResult | None
    """Which layer loses the accuracy, where that was asked for; the project keeps it."""
    mix: MixResult | None
    """Which layers are int16, where `--sqnr` asked for some."""
    classes: tuple[str, ...]
    """Names of the classes from 0 on, as the data say them; empty where they do not."""
    others: tuple[GenerateResult, ...] = ()
    """The further models of a firmware that has several."""


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
    return build_several([(model, options)])


def build_several(each: Sequence[Asked]) -> BuildResult:
    """One firmware of several models, each with what is said of it; see `build_project`."""
    started = time.monotonic()
    asked = with_names(each)
    options = asked[0][1]
    target = get_board(options.board)
    require_toolchain(target)
    lock = _lock(asked, target)
    with contextlib.ExitStack() as held:
        generated, *others = _generate(asked, held, runs=True)
        options.progress.stage("Building with PlatformIO")
        compiling = _Compiling(generated.project, options.progress)
        with trust.running(generated.project, trusted=options.trust_project):
            built = pio.build(generated.project, target, jobs=options.jobs, on_line=compiling.line)
        sizes = elf.sizes(built.elf, target.memory, arena_symbols([o.name for _, o in asked]))
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
        generated=replace(generated, others=tuple(others)),
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
        sources = (folder / "src", *folder.glob("lib/*/src"))
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
    return generate_several([(model, options)])


def generate_several(each: Sequence[Asked]) -> GenerateResult:
    """The project of one firmware of several models; see `generate_project`."""
    asked = with_names(each)
    _lock(asked, get_board(asked[0][1].board))
    with contextlib.ExitStack() as held:
        first, *others = _generate(asked, held, runs=False)
    return replace(first, others=tuple(others))


def _lock(asked: Sequence[Asked], board: Board) -> Lock | None:
    """What the project that is there was made with, where that is to be kept; held against what is
    here before any work."""
    if not asked[0][1].locked:
        return None
    lock = Lock(_folder([safe_name(model) for model, _ in asked], asked[0][1], board))
    lock.require(board)
    return lock


def _folder(names: Sequence[str], options: BuildOptions, board: Board) -> Path:
    return Path(options.out or Path("build", f"{'-'.join(names)}-{board.id}"))


def _generate(
    asked: Sequence[Asked], held: contextlib.ExitStack, *, runs: bool
) -> tuple[GenerateResult, ...]:
    """The project on disk, which nobody else builds into until `held` is closed. What is to be
    asked before PlatformIO `runs` there is asked before the work."""
    options = asked[0][1]  # what is said of the project is the same for all
    progress, target = options.progress, get_board(options.board)
    # Whatever the board's own engine is: of several models one alone makes a firmware.
    implied = TOGETHER if len(asked) > 1 else WITH_NPU if options.npu else None
    chosen = choose_engine(target, options.engine or implied)
    chosen.check(options, target)
    require_together(chosen, asked)
    edited = None if options.edited is None else Edited(options.edited)
    project.require_unedited(_folder([safe_name(m) for m, _ in asked], options, target), edited)
    prepared = [prepare(model, own_options) for model, own_options in asked]
    require_stateless(prepared)
    benchmarked = _benchmarked(prepared[0], options)
    folder = _folder([ready.model.name for ready in prepared], options, target)
    require_harmless(options.board, target, folder, trusted=options.trust_project)
    if runs:
        harmless = own.untouched_settings(folder)
        trust.require_before_writing(folder, trusted=options.trust_project, harmless=harmless)
    several = len(asked) > 1
    typed = is_typed(prepared)
    parts = [
        make_part(ready, of_it, target, chosen, together=several, typed=several and typed)
        for ready, (_, of_it) in zip(prepared, asked, strict=True)
    ]
    files = _files(parts, target, benchmarked)
    described = describe(parts, target)
    held.enter_context(project.hold(folder, progress))
    mine = own.missing_files(folder, target, [part.name for part in parts])
    written = project.write(folder, files, described, own=mine, edited=edited)
    trust.sign_written(folder, [*files, *mine, *own.untouched_settings(folder)])
    project.remember(written)
    return tuple(_result(part, folder, target) for part in parts)


def _files(
    parts: Sequence[Part], board: Board, benchmarked: Mapping[str, bytes]
) -> dict[str, bytes]:
    """All generated files of the project: path in the project -> content."""
    scripts = dict.fromkeys((build_id.SCRIPT, *(s for part in parts for s in part.made.scripts)))
    flags = dict.fromkeys(flag for part in parts for flag in part.made.build_flags)
    more = (mlperf.FLAG,) if benchmarked else ()
    first, *beside = (part.identity for part in parts)
    ini = platformio_files(board, first, (*flags, *more), tuple(scripts), beside)
    models = [(part.identity, part.made) for part in parts]
    files = {**sources.project_files(board), **protocol_names(models), **benchmarked}
    for part in parts:
        files |= part.files(board)
        files[model_file(part.name, len(parts))] = part.ready.model.content
        files[vectors_file(part.name, len(parts))] = part.checks.to_bytes()
        if part.by_layer is not None:
            name = FIDELITY if len(parts) == 1 else f"{part.name}.{FIDELITY}"
            files[name] = to_bytes(part.by_layer)
    return {
        **files,
        **{name: text.encode() for name, text in ini.items()},
        **board_files(parts[0].options.board, board),
    }


def _result(part: Part, folder: Path, board: Board) -> GenerateResult:
    ready, made, checks = part.ready, part.made, part.checks
    return GenerateResult(
        project=folder,
        model=part.identity.name,
        c_name=part.name,
        model_sha256=part.identity.sha256,
        loader=ready.opened.loader,
        board=board.id,
        engine=part.identity.engine,
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
        npu=made.npu,
        vectors=len(checks),
        oracle=checks.oracle,
        fidelity=part.reports,
        layer_fidelity=part.by_layer,
        mix=part.mix,
        classes=next((edge.labels for edge in ready.outputs if edge.labels), ()),
    )


def _benchmarked(ready: Prepared, options: BuildOptions) -> dict[str, bytes]:
    """The files of MLPerf Tiny's commands, where they are asked for; InputError for a model that
    it has not."""
    if options.protocol != "mlperf":
        return {}
    return mlperf.protocol_files(mlperf.benchmark(input_edges(ready.model.graph), ready.outputs))


build = by_keywords(BuildOptions, build_project, "build", several=build_several)
generate = by_keywords(BuildOptions, generate_project, "generate", several=generate_several)
