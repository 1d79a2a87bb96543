"""Graph -> Graph, one file each, in this order; the graph is verified after every one."""

from __future__ import annotations

from collections.abc import Callable

from tinygen.ir import Graph
from tinygen.passes.fold_constants import fold_constants
from tinygen.passes.fold_float_islands import fold_float_islands
from tinygen.passes.remove_dead import remove_dead
from tinygen.passes.sink_dequantize import sink_dequantize
from tinygen.passes.strip_edges import strip_edges

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    fold_constants,
    sink_dequantize,
    fold_float_islands,
    strip_edges,
    remove_dead,
)


__all__ = ["PASSES", "fold_constants", "simplify"]


def simplify(graph: Graph) -> Graph:
    """The graph after every pass."""
    for transform in PASSES:
        graph = transform(graph)
        graph.verify()
    return graph
