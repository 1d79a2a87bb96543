"""Graph -> Graph, one file each, in this order; the graph is verified after every one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tinygen.ir import Graph
from tinygen.passes.compute_reals import compute_reals
from tinygen.passes.drop_channels import drop_channels, dropped_channels
from tinygen.passes.fold_constants import fold_constants
from tinygen.passes.fold_dilations import fold_dilations
from tinygen.passes.fold_float_islands import fold_float_islands
from tinygen.passes.fold_pads import fold_pads
from tinygen.passes.fuse_activations import fuse_activations
from tinygen.passes.merge_moves import merge_moves
from tinygen.passes.merge_tables import merge_tables, sink_tables
from tinygen.passes.remove_dead import remove_dead
from tinygen.passes.reorder import reorder
from tinygen.passes.reorder_weights import reorder_weights
from tinygen.passes.roll_steps import roll_steps, with_bodies
from tinygen.passes.share_results import share_results
from tinygen.passes.sink_dequantize import sink_dequantize
from tinygen.passes.strip_edges import check_edges, strip_edges
from tinygen.passes.take_apart import take_apart

Pass = Callable[[Graph], Graph]

SIMPLIFICATIONS: tuple[Pass, ...] = (
    fold_constants,
    sink_dequantize,
    take_apart,
    fold_float_islands,
    compute_reals,
    strip_edges,
    remove_dead,
)
"""To what is compiled and run on the host: known shapes, int8, nothing dead."""

OPTIMIZATIONS: tuple[Pass, ...] = (
    merge_moves,
    share_results,
    fold_dilations,
    reorder_weights,
    fold_pads,
    fuse_activations,
    merge_tables,
    sink_tables,
    drop_channels,
    remove_dead,
)
"""To the same meaning for less. The oracle runs what was there before them."""

PASSES = tuple(dict.fromkeys((*SIMPLIFICATIONS, roll_steps, *OPTIMIZATIONS, reorder)))
"""Steps are found before anything is optimized, which makes the last one another one. The last pass
is taken where it makes the arena smaller."""

__all__ = [
    "OPTIMIZATIONS",
    "PASSES",
    "SIMPLIFICATIONS",
    "dropped_channels",
    "fold_constants",
    "optimize",
    "reorder",
    "roll_steps",
    "simplify",
]


def simplify(graph: Graph, *, keep_edges: bool = False) -> Graph:
    """The graph that is compiled, before anything is optimized. Its inputs and outputs are int8, or
    with `keep_edges` what they are in the file."""
    if not keep_edges:
        return _after(SIMPLIFICATIONS, graph)
    kept = (check_edges if one is strip_edges else one for one in SIMPLIFICATIONS)
    return _after(kept, graph)


def optimize(graph: Graph) -> Graph:
    """A simplified graph after every optimization, again and again until none changes a node. A
    step that is repeated is optimized for itself."""
    while (after := _after(OPTIMIZATIONS, graph)).nodes != graph.nodes:
        graph = after
    return with_bodies(after, optimize)


def _after(passes: Iterable[Pass], graph: Graph) -> Graph:
    for transform in passes:
        graph = transform(graph)
        graph.verify()
    return graph
