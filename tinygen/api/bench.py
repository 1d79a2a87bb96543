"""bench(): one model on one board with several engines, side by side from one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.api.build import build_project
from tinygen.api.flash import stop
from tinygen.api.keywords import by_keywords
from tinygen.api.shown import Shown
from tinygen.api.verify import verify
from tinygen.boards import Board, Serial, get_board
from tinygen.engines import choose_engine
from tinygen.engines.engine import not_taken
from tinygen.errors import InputError
from tinygen.load import safe_name
from tinygen.options import BenchOptions, BuildOptions, flags, given, shared
from tinygen.proof.verdict import Verdict

VECTORS = 6
"""Vectors that are measured; the mean is over them."""


@dataclass(frozen=True)
class BenchRow:
    """One engine with one kernel set. Bytes, and per-inference cost in `unit`."""

    engine: str
    kernel_set: str
    verdict: Verdict
    unit: str | None
    per_inference: int | None
    startup: int | None
    flash_code: int
    """Flash without the model's constants (aot) or its flatbuffer (tflm)."""
    flash_model: int
    static_ram: int
    """Variables without arena and stack."""
    arena: int
    stack_used: int | None

    @property
    def flash(self) -> int:
        """All that the firmware takes there."""
        return self.flash_code + self.flash_model

    @property
    def instructions(self) -> int | None:
        """Per inference, where the device counts instructions."""
        return self.per_inference if self.unit == "instructions" else None


@dataclass(frozen=True, repr=False)
class BenchResult(Shown):
    """Rows in the order asked for."""

    model: str
    model_sha256: str
    board: str
    vectors: int
    rows: tuple[BenchRow, ...]


def bench_engines(model: Path, options: BenchOptions) -> BenchResult:
    """Build, run and measure one model with several engines, side by side from one run.

    An engine may name its kernel set: ``tflm:cmsis_nn``. An option of the engines goes to those
    that take it.

    Returns
    -------
    BenchResult
        A row for each engine, in the order asked for.

    Raises
    ------
    InputError
        For hardware: one run needs a device each.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.bench("digits.tflite", board="qemu-cortex-m3", out="bench")
    >>> [(row.engine, row.verdict.value) for row in result.rows]
    [('aot', 'MATCH')]
    """
    target = get_board(options.board)
    if isinstance(target.device, Serial):
        raise InputError(
            f"{options.board} is not an emulated board",
            why="bench starts each engine's firmware itself",
            next_step="build and verify each engine on the board instead",
        )
    folder = Path(options.out or Path("build", "bench"))
    rows = []
    name = sha256 = ""
    for wanted in _wanted(options, target):
        out = folder / f"{safe_name(model)}-{target.id}-{wanted.name.replace(':', '-')}"
        built = build_project(model, replace(wanted.options, out=out))
        generated = built.generated
        name, sha256 = generated.model, generated.model_sha256
        try:
            result = verify(generated.project, vectors=VECTORS, progress=options.progress)
        finally:
            stop(generated.project)
        rows.append(
            BenchRow(
                engine=generated.engine,
                kernel_set=generated.kernel_set,
                verdict=result.verdict,
                unit=None if result.cost is None else result.cost.unit,
                per_inference=None if result.cost is None else result.cost.mean,
                startup=result.startup,
                flash_code=built.sizes.flash - generated.constant_bytes,
                flash_model=generated.constant_bytes,
                static_ram=built.sizes.ram_static,
                arena=generated.arena_bytes,
                stack_used=result.stack_used_bytes,
            )
        )
    return BenchResult(name, sha256, target.id, VECTORS, tuple(rows))


bench = by_keywords(BenchOptions, bench_engines, "bench")


@dataclass(frozen=True)
class _Wanted:
    """One engine of those to compare, as it was named, and what it is told."""

    name: str
    options: BuildOptions


def _wanted(options: BenchOptions, board: Board) -> tuple[_Wanted, ...]:
    """Each engine with those of the options that it takes; one that none takes is an error."""
    if not options.engines:
        raise InputError("there is no engine to measure", next_step="--engine tflm,aot")
    named = [(text, *text.partition(":")[::2]) for text in options.engines]
    engines = {engine: choose_engine(board, engine) for _, engine, _ in named}
    for option, flag in given(options).items():
        if not any(option in engine.options for engine in engines.values()):
            raise not_taken(flag, tuple(engines.values()))
    foreign = {name for name, flag in flags(BuildOptions).items() if flag.engine}
    wanted = []
    for text, engine, kernel_set in named:
        left_out = foreign - engines[engine].options
        kept = {name: value for name, value in shared(options).items() if name not in left_out}
        own = BuildOptions(**kept, engine=engine, kernel_set=kernel_set or None)
        wanted.append(_Wanted(text, own))
    return tuple(wanted)
