"""The program that is taken of all that mean the same: with stripes where they pay."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.boards import Core
from tinygen.engines.aot.answers import Answers
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import KernelSet
from tinygen.engines.aot.program import Program, compile_graph
from tinygen.engines.aot.stripes import in_stripes_where_it_pays
from tinygen.ir import Graph


def best_program(graph: Graph, sets: Sequence[KernelSet], goal: Goal, core: Core) -> Program:
    """The graph compiled for a core with kernels of these sets, as `compile_graph` does it."""
    answers = Answers()

    def compiled(one: Graph, thorough: bool) -> Program:
        return compile_graph(one, sets, goal, core, answers, thorough=thorough)

    return in_stripes_where_it_pays(compiled(graph, True), goal, compiled)
