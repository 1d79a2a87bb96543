"""How many bytes of the arena live while a candidate computes: the most of all layers counts.

Scratch is dear where most tensors live, and costs nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.engines.aot.offers import Candidate
from tinygen.ir import Graph, KernelCall, Lowered
from tinygen.plan import live_bytes


class Footprints:
    """Of the candidates for a graph's nodes; `lowered` has some calls for each of them."""

    def __init__(self, graph: Graph, lowered: Sequence[Lowered]) -> None:
        self._graph = graph
        steps = tuple(step for calls in lowered for step in calls)
        live = iter(live_bytes(steps, graph.tensors, graph.inputs, graph.outputs, graph.states))
        self._live = [max((next(live) for _ in calls), default=0) for calls in lowered]
        self._read = {t: at for at, node in enumerate(graph.nodes) for t in node.inputs}

    def of(self, candidate: Candidate, covers: Sequence[int]) -> int:
        """Bytes of tensors and scratch, where it computes the nodes at these positions."""
        shared = max((self._shared(call, covers) for call in candidate.kernel_calls), default=0)
        return max(self._live[at] for at in covers) - shared + candidate.cost.scratch

    def _shared(self, call: KernelCall, covers: Sequence[int]) -> int:
        """Bytes that its output and an input that is used up may have in common."""
        found = 0
        for overlap in call.overlaps:
            source = call.inputs[overlap.input]
            tensor = self._graph.tensors[source]
            used_up = self._read.get(source) in covers and source not in self._graph.outside
            if used_up and not tensor.constant:
                found = max(found, min(overlap.nbytes, tensor.nbytes))
        return found
