"""Nodes in another order: as few bytes at once as in any order, and never more than before."""

from __future__ import annotations

from importlib import import_module
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen import passes
from tinygen.boards import Core
from tinygen.engines.aot.best import best_program, in_words
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Node, Quant, Tensor
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.spatial import Padding
from tinygen.ops.tile import Tile
from tinygen.passes.reorder import peak_bytes, reorder

Q = Quant((0.1,), (0,))
MODULE = import_module("tinygen.passes.reorder")


@st.composite
def joins(draw: st.DrawFn, most: int = 6) -> Graph:
    """Nodes that join some tensors of those before them."""
    tensors = {0: Tensor(0, "in", (draw(st.integers(1, 9)),), DType.INT8, Q)}
    nodes: list[Node] = []
    for number in range(1, draw(st.integers(2, most)) + 1):
        read = draw(st.lists(st.sampled_from(sorted(tensors)), min_size=1, max_size=2, unique=True))
        size = sum(tensors[i].elements for i in read)
        tensors[number] = Tensor(number, f"t{number}", (size,), DType.INT8, Q)
        nodes.append(Node(Concatenation(0), tuple(read), (number,)))
    unread = set(tensors) - {i for node in nodes for i in node.inputs}
    outputs = tuple(sorted({*unread, len(nodes)} - {0}))
    return Graph("joins", tensors, tuple(nodes), (0,), outputs)


@settings(max_examples=60, deadline=None)
@given(joins())
def test_no_order_needs_less(graph: Graph) -> None:
    found = reorder(graph)
    found.verify()
    assert sorted(map(id, found.nodes)) == sorted(map(id, graph.nodes))
    peaks = []
    for nodes in permutations(graph.nodes):
        try:
            peaks.append(peak_bytes(graph.replace(nodes=nodes)))
        except UnsupportedModel:  # it reads what is not written yet
            continue
    assert peak_bytes(found) == min(peaks)
    assert found is graph or peak_bytes(found) < peak_bytes(graph)
    assert reorder(found) is found


@settings(max_examples=40, deadline=None)
@given(joins(most=14))
def test_where_few_sets_are_looked_at_it_is_never_worse(graph: Graph) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MODULE, "BUDGET", 5)
        patch.setattr(MODULE, "_BEAM", 2)
        found = reorder(graph)
    assert peak_bytes(found) <= peak_bytes(graph)


def branches(count: int) -> Graph:
    """So many branches that each become wide and then narrow: first all wide, then all narrow."""
    tensors = {0: Tensor(0, "in", (1, 8, 8, 4), DType.INT8, Q)}
    table = Tensor(1, "times", (4,), DType.INT32, None, np.array([1, 1, 1, 8], np.int32))
    tensors[1] = table
    wide, narrow = [], []
    for number in range(count):
        a, b = 2 + 2 * number, 3 + 2 * number
        tensors[a] = Tensor(a, f"wide{number}", (1, 8, 8, 32), DType.INT8, Q)
        tensors[b] = Tensor(b, f"narrow{number}", (1, 1, 1, 32), DType.INT8, Q)
        wide.append(Node(Tile(), (0, 1), (a,)))
        narrow.append(Node(MaxPool2D(Padding.VALID, 1, 1, 8, 8), (a,), (b,)))
    last = 2 + 2 * count
    parts = tuple(node.outputs[0] for node in narrow)
    tensors[last] = Tensor(last, "all", (1, 1, 1, 32 * count), DType.INT8, Q)
    join = Node(Concatenation(3), parts, (last,))
    return Graph("branches", tensors, (*wide, *narrow, join), (0,), (last,))


def test_a_branch_is_finished_before_the_next_one_begins() -> None:
    graph = branches(3)
    program = best_program(graph, (Portable(),), Goal.SPEED, Core.CORTEX_M4)
    assert program.arena_in_given_order is not None
    assert program.arena_in_given_order > 3 * 2048
    assert program.plan.arena_bytes < 2048 + 256 + 200
    assert "another order" in in_words(program)[0]
    again = best_program(passes.reorder(graph), (Portable(),), Goal.SPEED, Core.CORTEX_M4)
    assert again.arena_in_given_order is None
    assert in_words(again) == ()
