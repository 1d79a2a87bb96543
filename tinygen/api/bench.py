"""bench(): models on boards by engines, each cell built, run and measured, as one table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen import parallel
from tinygen.api import bench_child
from tinygen.api.bench_cell import VECTORS, BenchRow, Cell
from tinygen.api.bench_options import BenchOptions
from tinygen.api.keywords import by_keywords
from tinygen.api.shown import Shown
from tinygen.boards import Board, Serial, get_board
from tinygen.engines import ENGINES, Engine, choose_engine
from tinygen.engines.engine import not_taken
from tinygen.errors import InputError
from tinygen.load import safe_name
from tinygen.options import BuildOptions, flags, given, shared

__all__ = ["BenchResult", "BenchRow", "bench", "bench_engines"]


@dataclass(frozen=True, repr=False)
class BenchResult(Shown):
    """Rows in the order asked for: by models, then boards, then engines. `model`, `model_sha256`
    and `board` have all of them, with commas."""

    model: str
    model_sha256: str
    board: str
    vectors: int
    rows: tuple[BenchRow, ...]

    @property
    def exit_code(self) -> int:
        """That of the first failure, where nothing could be measured."""
        codes = [row.failure_code for row in self.rows]
        return codes[0] if codes and all(codes) else 0


def bench_engines(model: Path | Sequence[Path], options: BenchOptions) -> BenchResult:
    """Build, run and measure models on boards with engines, side by side.

    An engine may name its kernel set: ``tflm:cmsis_nn``; a set that a board does not have is a row
    that says so. An option of the engines goes to those that take it. Cells are measured several at
    a time; each is kept by the content of all that it depends on, so that a bench that was
    interrupted goes on. One that fails is a row with its reason; where there is but one, its error.

    Returns
    -------
    BenchResult
        A row for each model, board and engine, in the order asked for.

    Raises
    ------
    InputError
        For boards, engines and options that there are not.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.bench("digits.tflite", board="qemu-cortex-m3", out="bench")
    >>> [(row.engine, row.verdict.value) for row in result.rows]
    [('aot', 'MATCH')]
    """
    models = [model] if isinstance(model, Path) else list(model)
    boards = _boards(options)
    ports = _ports(options, list(boards.values()))
    cells = [
        cell
        for one in models
        for name, board in boards.items()
        for cell in _cells(one, board, replace(options, board=name), ports, len(boards) > 1)
    ]
    if len(cells) == 1 and options.scheduler is None:
        rows = [_alone(cells[0], options)]
    else:
        rows = _measured(cells, options)
    return BenchResult(
        model=_all(row.model for row in rows),
        model_sha256=_all(row.model_sha256 for row in rows),
        board=_all(row.board for row in rows),
        vectors=VECTORS,
        rows=tuple(rows),
    )


bench = by_keywords(BenchOptions, bench_engines, "bench", many=True)


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(name for name in names if name))


def _alone(cell: Cell, options: BenchOptions) -> BenchRow:
    """The only one, here, where its error is the command's. It is measured each time."""
    row = cell.measure(options.progress)
    cell.keep(row)
    return row


def _measured(cells: Sequence[Cell], options: BenchOptions) -> list[BenchRow]:
    """Rows in the order of the cells, each kept as soon as it is there."""
    progress = options.progress
    rows: dict[int, BenchRow] = {}
    for index, cell in enumerate(cells):
        if (known := cell.recall()) is not None:
            rows[index] = known
    if rows:
        progress.note(f"{len(rows)} cells were measured before, of the very same (--no-cache)")
    for part, scheduler in _parts(cells, rows, options):
        jobs = options.jobs or parallel.cores()
        where = f"by {scheduler}" if scheduler else f"{min(jobs, len(part))} at a time"
        progress.stage(f"Measuring {len(part)} cells, {where}")
        requests = [bench_child.request(cells[i], far=scheduler is not None) for i in part]
        come = parallel.answers(
            bench_child.MODULE,
            requests,
            jobs=jobs,
            alone=[cells[i].port or "" for i in part],
            scheduler=scheduler,
        )
        with contextlib.closing(come) as answers:
            for done, answer in enumerate(answers, 1):
                index = part[answer.index]
                cell = cells[index]
                if answer.content is None:
                    rows[index] = cell.failed(answer.why, 1)
                else:
                    rows[index] = bench_child.row(answer.content)
                    cell.keep(rows[index])
                progress.note(f"{cell.title}: {_said(rows[index])}")
                progress.count(done, len(part))
    return [rows[index] for index in range(len(cells))]


def _parts(
    cells: Sequence[Cell], known: dict[int, BenchRow], options: BenchOptions
) -> Iterator[tuple[list[int], str | None]]:
    """Which cells are measured together, and by which scheduler. A model that is quantized goes
    first with one of its cells: the others find it in the cache. Hardware is here."""
    left = [index for index in range(len(cells)) if index not in known]
    here = [index for index in left if cells[index].port is not None]
    there = [index for index in left if index not in here]
    if options.scheduler is None:
        here, there = left, []
        first: dict[Path, int] = {}
        for index in left:
            if cells[index].model.suffix != ".tflite":
                first.setdefault(cells[index].model, index)
        others = [index for index in left if index not in first.values()]
        if first and others and not options.no_cache:
            yield list(first.values()), None
            here = others
    for part, scheduler in ((there, options.scheduler), (here, None)):
        if part:
            yield part, scheduler


def _said(row: BenchRow) -> str:
    """A row in a few words."""
    if row.failure:
        return row.failure
    cost = "" if row.per_inference is None else f", {row.per_inference:,} {row.unit}"
    return f"{row.verdict.value}{cost}, {row.flash or 0:,} bytes of flash"


def _boards(options: BenchOptions) -> dict[str, Board]:
    """The boards by the names that they were given, with commas."""
    names = [name.strip() for name in options.board.split(",") if name.strip()]
    if not names:
        raise InputError("there is no board to measure on", next_step="--board qemu-cortex-m4")
    return {name: get_board(name) for name in names}


def _ports(options: BenchOptions, boards: Sequence[Board]) -> dict[str, str]:
    """The ports of hardware, by the boards' ids."""
    ports = {}
    known = [board.id for board in boards if isinstance(board.device, Serial)]
    for text in options.ports:
        name, _, port = text.partition("=")
        if not port and len(known) == 1:
            name, port = known[0], text
        if name not in known or not port:
            raise InputError(
                f"--port is '{text}'",
                why=f"it is BOARD=PORT, of hardware: {', '.join(known) or 'no board of these is'}",
                next_step="--port nucleo_f446re=/dev/ttyACM0, for example",
            )
        ports[name] = port
    return ports


def _cells(
    model: Path,
    board: Board,
    options: BenchOptions,
    ports: Mapping[str, str],
    several: bool,
) -> Iterator[Cell]:
    folder = Path(options.out or Path("build", "bench"))
    for wanted in _wanted(options, board, several=several):
        out = folder / f"{safe_name(model)}-{board.id}-{wanted.name.replace(':', '-')}"
        yield Cell(model, replace(wanted.options, out=out), ports.get(board.id))


@dataclass(frozen=True)
class _Wanted:
    """One engine of those to compare, as it was named, and what it is told."""

    name: str
    options: BuildOptions


def _wanted(options: BenchOptions, board: Board, *, several: bool = False) -> tuple[_Wanted, ...]:
    """Each engine with those of the options that it takes; one that none takes is an error. Where
    there are `several` boards, an engine may not run on some."""
    if not options.engines:
        raise InputError("there is no engine to measure", next_step="--engine tflm,aot")
    named = [(text, *text.partition(":")[::2]) for text in options.engines]
    engines = {engine: _engine(board, engine, several) for _, engine, _ in named}
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


def _engine(board: Board, name: str, several: bool) -> Engine:
    if several and name in ENGINES:
        return ENGINES[name]
    return choose_engine(board, name)
