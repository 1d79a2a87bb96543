"""bench(): one model on one board with several engines, side by side from one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.build import build
from tinygen.api.flash import stop
from tinygen.api.verify import verify
from tinygen.boards import get_board
from tinygen.errors import InputError
from tinygen.load import safe_name
from tinygen.progress import SILENT, Progress
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


@dataclass(frozen=True)
class BenchResult:
    """Rows in the order asked for."""

    model: str
    model_sha256: str
    board: str
    vectors: int
    rows: tuple[BenchRow, ...]


def bench(
    model: str | Path,
    *,
    board: str,
    engines: Sequence[str],
    data: str | None = None,
    out: str | Path | None = None,
    trust_model: bool = False,
    progress: Progress = SILENT,
) -> BenchResult:
    """Build, run and measure. An engine may name its kernel set: `tflm:cmsis_nn`.

    Raises InputError for a board that is not emulated: one run needs a device each.
    """
    target = get_board(board)
    if target.emulator is None:
        raise InputError(
            f"{board} is not an emulated board",
            why="bench starts each engine's firmware itself",
            next_step="build and verify each engine on the board instead",
        )
    folder = Path(out) if out is not None else Path("build", "bench")
    rows = []
    name = sha256 = ""
    for wanted in engines:
        engine, _, kernel_set = wanted.partition(":")
        built = build(
            model,
            board=board,
            data=data,
            out=folder / f"{safe_name(Path(model))}-{target.id}-{wanted.replace(':', '-')}",
            engine=engine,
            kernel_set=kernel_set or None,
            trust_model=trust_model,
            progress=progress,
        )
        generated = built.generated
        name, sha256 = generated.model, generated.model_sha256
        try:
            result = verify(generated.project, limit=VECTORS, progress=progress)
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
