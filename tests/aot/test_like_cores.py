"""What is compiled for one core serves all that are asked the same."""

from __future__ import annotations

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.boards import ArenaPlace, Core
from tinygen.engines.aot.best import best_program
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import named
from tinygen.engines.aot.make import like
from tinygen.engines.aot.render import model_files
from tinygen.ir import Int8Model
from tinygen.templates import Identity


def rendered(core: Core, sets: tuple[str, ...], goal: Goal) -> dict[str, str]:
    content = GOLDEN_MODEL.read_bytes()
    written = tflite.read(content, "digits")
    model = Int8Model(content, written, passes.simplify(written))
    program = best_program(passes.optimize(model.graph), named(sets), goal, core)
    identity = Identity("digits", "aot", "x", "0" * 64, "1")
    return dict(model_files(program, identity, ArenaPlace.STATIC))


@pytest.mark.parametrize("goal", [Goal.BALANCED, Goal.SIZE])
def test_cores_that_are_alike_get_the_same_c(goal: Goal) -> None:
    classes = {like(core) for core in Core}
    assert all(like(core) is core for core in classes)
    assert len(classes) < len(Core) / 2
    made = {core: rendered(core, ("portable",), goal) for core in classes}
    for core in (Core.CORTEX_M0PLUS, Core.CORTEX_M7, Core.RV32IMAC, Core.XTENSA_LX7, Core.AVR6):
        assert rendered(core, ("portable",), goal) == made[like(core)]
    m7 = rendered(Core.CORTEX_M7, ("dsp", "portable"), goal)
    assert m7 == rendered(like(Core.CORTEX_M7), ("dsp", "portable"), goal)
