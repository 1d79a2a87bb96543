"""One layer by its operator's own kernel, and kernels that are left out."""

from __future__ import annotations

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.boards import Core
from tinygen.engines.aot.best import best_program
from tinygen.engines.aot.follow import follow
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import named
from tinygen.engines.aot.plain import is_plain, with_plain, without
from tinygen.engines.aot.program import Program
from tinygen.errors import InputError
from tinygen.ir import PORTABLE, Kernel

SETS = named(("dsp", PORTABLE))


def compiled(*left_out: str) -> Program:
    graph = passes.optimize(passes.simplify(tflite.read(GOLDEN_MODEL.read_bytes(), "digits")))
    return best_program(graph, without(SETS, left_out), Goal.SPEED, Core.CORTEX_M4)


def kernels(program: Program) -> list[Kernel]:
    return [layer.call.kernel for layer in program.layers]


def test_one_layer_is_plain_and_the_others_are_what_they_were() -> None:
    program = compiled()
    tried = [layer.index for layer in program.layers if not is_plain(layer)]
    assert len(tried) >= 4
    for index in tried:
        other, now = with_plain(program, index, Goal.SPEED, Core.CORTEX_M4)
        assert is_plain(other.layers[now])
        before, after = kernels(program), kernels(other)
        changed = [a for a, b in zip(before, after, strict=True) if a != b]
        assert changed == [before[index]]
        assert after[now].set == PORTABLE
        assert follow(other).layers[now].name == follow(program).layers[index].name


def test_a_kernel_that_is_left_out_is_not_used_and_says_so() -> None:
    used = next(kernel for kernel in kernels(compiled()) if kernel.set == "dsp")
    program = compiled("/".join(used))
    assert used not in kernels(program)
    said = [o.answer.why for choice in program.choices for o in choice.others]
    assert f"{used.set}/{used.name} is left out" in said


def test_what_every_other_rests_on_cannot_be_left_out() -> None:
    assert kernels(compiled("portable/softmax", "portable/no_such")) == kernels(compiled())


@pytest.mark.parametrize("name", ["conv_2d", "dsp/", "/conv_2d", ""])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InputError, match="--without is"):
        compiled(name)
