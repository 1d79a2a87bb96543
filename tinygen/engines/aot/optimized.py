"""The graph that is compiled: the model's, optimized. The oracle runs the one before."""

from __future__ import annotations

from functools import lru_cache

from tinygen import passes
from tinygen.ir import Graph, Int8Model
from tinygen.ops.repeat import Repeat


@lru_cache(maxsize=1)
def optimized(model: Int8Model) -> Graph:
    """The model's graph with equal steps as loops, after every optimization."""
    return passes.optimize(_in_loops(model))


@lru_cache(maxsize=1)
def _in_loops(model: Int8Model) -> Graph:
    return passes.roll_steps(model.graph)


def left_out(model: Int8Model) -> tuple[str, ...]:
    """What the firmware does without, in words."""
    before, after = _in_loops(model), optimized(model)
    channels = passes.dropped_channels(before, after)
    if not channels:
        return ()
    macs = _macs(before)
    return (
        f"{channels:,} channels are constant or unused: left out, with {macs - _macs(after):,} of "
        f"{macs:,} MACs",
    )


def parameters(graph: Graph) -> int:
    """How many numbers a graph is made of, those of a loop's step once."""
    steps = (node.op.body for node in graph.nodes if isinstance(node.op, Repeat))
    own = sum(t.elements for t in graph.tensors.values() if t.constant)
    return own + sum(map(parameters, steps))


def _macs(graph: Graph) -> int:
    return sum(node.op.macs(graph.operands(node)) for node in graph.nodes)
