"""A law of the plan: in one arena, every value is whole from its writing to its last reading."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings

from tests.passes.graphs import graphs, inputs_of
from tinygen import passes
from tinygen.engines import aot
from tinygen.engines.aot import Program
from tinygen.ir import Array, Graph, TensorId
from tinygen.ops.shift import Shift
from tinygen.plan import ALIGNMENT, MemoryPlan
from tinygen.proof import interpret


class _Arena:
    """The arena's bytes, written and read as the generated program would."""

    def __init__(self, graph: Graph, memory: MemoryPlan, values: dict[TensorId, Array]) -> None:
        self.bytes = np.full(memory.arena_bytes, 0xA5, np.uint8)
        self._graph, self._memory, self._values = graph, memory, values

    def write(self, tensor_id: TensorId) -> None:
        content = np.frombuffer(self._values[tensor_id].tobytes(), np.uint8)
        offset = self._memory.offsets[tensor_id]
        assert offset % ALIGNMENT == 0
        assert offset + content.size <= self.bytes.size
        self.bytes[offset : offset + content.size] = content

    def read(self, tensor_id: TensorId) -> None:
        if self._graph.tensors[tensor_id].constant:
            return
        content = self._values[tensor_id].tobytes()
        offset = self._memory.offsets[tensor_id]
        assert self.bytes[offset : offset + len(content)].tobytes() == content, tensor_id


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(graphs())
def test_every_value_is_whole_until_it_is_read_last(graph: Graph) -> None:
    require_whole(aot.compile_graph(passes.simplify(graph)))


def require_whole(program: Program) -> None:
    """Runs the program's calls on its arena, as far as their values go."""
    graph, memory = program.graph, program.plan
    assert memory.minimum_bytes <= memory.arena_bytes
    values = interpret.run(graph, inputs_of(graph, seed=1))
    for layer in program.layers:
        if isinstance(layer.node.op, Shift):
            values[layer.node.outputs[0]] = values[layer.node.inputs[0]]
    arena = _Arena(graph, memory, values)
    reads = [state.read for state in graph.states]
    for tensor_id in (*graph.inputs, *reads):
        arena.write(tensor_id)
    for index, layer in enumerate(program.layers):
        for tensor_id in layer.call.inputs:
            arena.read(tensor_id)
        scratch = memory.scratch[index]
        if scratch is not None:
            arena.bytes[scratch : scratch + layer.call.scratch_bytes] = 0x5A
        for tensor_id in layer.call.outputs:
            arena.write(tensor_id)
    offsets = memory.offsets
    kept = [s.read for s in graph.states if offsets[s.read] != offsets.get(s.written)]
    for tensor_id in (*graph.outputs, *kept, *(state.written for state in graph.states)):
        arena.read(tensor_id)
