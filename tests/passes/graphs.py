"""Random whole int8 graphs, for laws that hold for every model: passes, facts, the plan.

    @given(graphs())
    def test_law(graph): values = interpret.run(graph, inputs_of(graph, seed=0))

Every graph passes `Graph.verify` and can be lowered: operators with random attributes, weights
and quantizations over small tensors, nodes that nobody reads, nodes of constants only, shapes
that are computed, and, where asked for, float edges and state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from tests.passes.drawn_operators import OPERATORS
from tests.passes.graph_builder import Builder, random_values
from tinygen.ir import Array, Graph, Tensor

Maker = Callable[[Builder], Tensor | None]


def inputs_of(graph: Graph, seed: int) -> list[Array]:
    """Random values for the graph's inputs."""
    rng = np.random.default_rng(seed)
    return [random_values(graph.tensors[i], rng) for i in graph.inputs]


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    float_edges: bool = True,
    states: bool = True,
    operators: Sequence[Maker] = OPERATORS,
) -> Graph:
    """A graph of one to eight random operators; `float_edges` and `states` may occur."""
    builder = Builder(draw)
    for _ in range(draw(st.integers(1, 2))):
        builder.input(float_edges)
    state = builder.state() if states and draw(st.booleans()) else None
    for _ in range(draw(st.integers(1, 8))):
        builder.operator(operators)
    return builder.graph(state, float_edges)
