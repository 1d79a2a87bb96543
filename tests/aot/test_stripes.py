"""Stripes of rows are taken where they make the arena smaller for few cycles, and nowhere else."""

from __future__ import annotations

import functools
from pathlib import Path

from tests.plan.mobilenet import mobilenet_v2
from tests.plan.test_plan_law import require_whole
from tinygen import passes, tflite
from tinygen.boards import Core
from tinygen.engines.aot import Program
from tinygen.engines.aot.best import best_program, in_words
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import named
from tinygen.engines.aot.stripes import PRICE


@functools.cache
def of_m4(model: Path, goal: Goal) -> Program:
    graph = passes.optimize(passes.simplify(tflite.read(model.read_bytes(), model.stem)))
    return best_program(graph, named(("dsp", "portable")), goal, Core.CORTEX_M4)


def test_they_pay(model: Path) -> None:
    """None where nothing is gained, else less memory at the price that is said."""
    goal = Goal.BALANCED
    program = of_m4(model, goal)
    assert program.plan.arena_bytes <= 1.05 * program.plan.minimum_bytes
    plain = program.plain
    if plain is None:
        assert (program.stripes, in_words(program)) == ((), ())
        return
    assert program.plan.arena_bytes < 0.98 * plain.plan.arena_bytes
    assert program.estimate.cycles <= (1 + PRICE[goal]) * plain.estimate.cycles
    assert f"{program.plan.arena_bytes:,} bytes" in in_words(program)[-1]
    require_whole(program)


def test_an_image_of_96_rows_is_never_whole_between_its_widest_layers(models: Path) -> None:
    vww = models / "vww_96_int8.tflite"
    program = of_m4(vww, Goal.BALANCED)
    assert program.plan.arena_bytes < 32_000
    assert program.plain is not None
    assert program.plain.plan.arena_bytes > 36_864  # the widest layer
    assert program.estimate.instructions < 1.02 * program.plain.estimate.instructions
    assert of_m4(vww, Goal.SPEED).plain is None
    assert of_m4(vww, Goal.SIZE).plain is None  # they take flash


def test_mobilenet_takes_little_more_than_its_image() -> None:
    """Of 64 rows: without stripes 98 KB."""
    program = best_program(
        passes.optimize(passes.simplify(mobilenet_v2(64, classes=10))),
        named(("portable",)),
        Goal.BALANCED,
        Core.CORTEX_M4,
    )
    assert program.plain is not None
    assert program.plan.arena_bytes < 0.45 * program.plain.plan.arena_bytes
    assert program.plan.arena_bytes <= 1.05 * program.plan.minimum_bytes
    assert program.estimate.cycles < 1.05 * program.plain.estimate.cycles
    require_whole(program)
