"""The graph that is compiled: the model's, optimized. The oracle runs the one before."""

from __future__ import annotations

from functools import lru_cache

from tinygen import passes
from tinygen.ir import Graph, Int8Model


@lru_cache(maxsize=1)
def optimized(model: Int8Model) -> Graph:
    """The model's graph after every optimization."""
    return passes.optimize(model.graph)


def left_out(model: Int8Model) -> tuple[str, ...]:
    """What the firmware does without, in words."""
    before, after = model.graph, optimized(model)
    channels = passes.dropped_channels(before, after)
    if not channels:
        return ()
    macs = _macs(before)
    return (
        f"{channels:,} channels are constant or unused: left out, with {macs - _macs(after):,} of "
        f"{macs:,} MACs",
    )


def _macs(graph: Graph) -> int:
    return sum(node.op.macs(graph.operands(node)) for node in graph.nodes)
