"""The program that is taken of all that mean the same: in another order, in stripes, where that
pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinygen import passes
from tinygen.boards import Core
from tinygen.engines.aot.answers import Answers
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import KernelSet
from tinygen.engines.aot.program import Program, compile_graph
from tinygen.engines.aot.stripes import in_stripes_where_it_pays
from tinygen.engines.traced import title
from tinygen.ir import Graph


def best_program(graph: Graph, sets: Sequence[KernelSet], goal: Goal, core: Core) -> Program:
    """The graph compiled for a core with kernels of these sets, as `compile_graph` does it."""
    answers = Answers()

    def compiled(one: Graph, thorough: bool) -> Program:
        return compile_graph(one, sets, goal, core, answers, thorough=thorough)

    program = compiled(graph, True)
    other = passes.reorder(graph)
    if other is not graph:
        reordered = compiled(other, True)
        if reordered.plan.arena_bytes < program.plan.arena_bytes:
            program = replace(reordered, arena_in_given_order=program.plan.arena_bytes)
    return in_stripes_where_it_pays(program, goal, compiled)


def in_words(program: Program) -> tuple[str, ...]:
    """What is done to make the arena smaller, and what that costs."""
    plain = program.plain or program
    notes = []
    if program.arena_in_given_order is not None:
        arena, before = plain.plan.arena_bytes, program.arena_in_given_order
        notes.append(
            "layers are computed in another order than the model's: "
            f"{arena:,} bytes of arena instead of {before:,}"
        )
    for stripes in program.stripes:
        nodes = plain.graph.nodes[stripes.first], plain.graph.nodes[stripes.last]
        ends = [f"{n.op.kind} {title(plain.graph.tensors[n.outputs[0]])}" for n in nodes]
        rows = f"{stripes.rows} rows" if stripes.rows > 1 else "a row"
        notes.append(f"{' to '.join(dict.fromkeys(ends))}: computed {rows} at a time")
    if program.stripes:
        price = program.estimate.instructions / plain.estimate.instructions - 1
        arena, before = program.plan.arena_bytes, plain.plan.arena_bytes
        notes.append(
            f"the arena takes {arena:,} bytes by that instead of {before:,}, and an inference "
            f"{abs(price):.1%} {'more' if price >= 0 else 'fewer'} instructions, estimated"
        )
    return tuple(notes)
