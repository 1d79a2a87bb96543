"""Moves that make room: there where kernels push tensors on, for few bytes, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from tests.plan.test_plan_law import require_whole
from tinygen.engines.aot import Program, compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.engines.aot.room import make_room
from tinygen.ir import (
    DType,
    Graph,
    KernelCall,
    Lowered,
    Node,
    Overlap,
    Quant,
    Tensor,
    TensorId,
    portable,
)
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.shift import Shift
from tinygen.ops.spatial import Padding
from tinygen.plan import MemoryPlan, plan

Q = Quant((0.1,), (0,))
SHAPE = (1, 12, 12, 16)


class Own(KernelSet):
    """Each operator's own kernels."""

    name = "portable"

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        calls = site.node.op.lower(site.io)
        yield Candidate((site.node,), calls, Cost(500_000, 600_000, 500))


def depthwise_chain(length: int) -> Graph:
    """Layers whose own kernel writes a row and a pixel in front of what it still reads."""
    rng = np.random.default_rng(0)
    tensors = {0: Tensor(0, "in", SHAPE, DType.INT8, Q)}
    nodes = []
    for i in range(length):
        data = rng.integers(-127, 128, (1, 3, 3, 16), np.int8)
        weights, output = 2 * i + 1, 2 * i + 2
        tensors[weights] = Tensor(weights, f"w{i}", data.shape, DType.INT8, Q, data)
        tensors[output] = Tensor(output, f"t{i}", SHAPE, DType.INT8, Q)
        op = DepthwiseConv2D(Padding.SAME, 1, 1)
        nodes.append(Node(op, (2 * i, weights), (output,)))
    graph = Graph("chain", tensors, tuple(nodes), (0,), (2 * length,))
    graph.verify()
    return graph


def moves(program: Program) -> int:
    return sum(isinstance(layer.node.op, Shift) for layer in program.layers)


def test_a_move_makes_the_arena_smaller() -> None:
    graph = depthwise_chain(8)
    fast = compile_graph(graph, [Own()], Goal.SPEED)
    small = compile_graph(graph, [Own()])
    assert moves(fast) == 0
    assert moves(small) == 1
    assert small.plan.arena_bytes < 0.9 * fast.plan.arena_bytes
    assert small.macs == fast.macs
    assert small.estimate.cycles < 1.005 * fast.estimate.cycles
    for program in (fast, small):
        require_whole(program)


@pytest.mark.parametrize(
    ("affordable", "arena", "moved"),
    [(0, 200, 0), (99, 200, 0), (100, 180, 1), (200, 160, 2), (300, 160, 2)],
)
def test_what_may_be_moved_is_limited(affordable: int, arena: int, moved: int) -> None:
    """Seven calls that each write 20 bytes in front of what they read, of 100."""
    tensors = {i: Tensor(i, f"t{i}", (1, 100), DType.INT8, Q) for i in range(8)}
    overlaps = (Overlap(0, 0, 80),)
    steps = tuple(KernelCall(portable("k"), (i,), (i + 1,), overlaps=overlaps) for i in range(7))

    def planned(some: Lowered, those: Mapping[TensorId, Tensor], thorough: bool) -> MemoryPlan:
        return plan(some, those, (0,), (7,), thorough=thorough)

    room = make_room(steps, tensors, planned, affordable=affordable)
    assert room.plan.arena_bytes == arena
    assert sum(isinstance(origin, Node) for origin in room.origins) == moved


def test_where_nothing_is_gained_nothing_is_moved() -> None:
    assert moves(compile_graph(depthwise_chain(1), [Own()])) == 0
