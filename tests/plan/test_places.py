"""Copies that are needless: parts lie in their whole, and every value stays whole all the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.engines.aot import compile_graph
from tinygen.ir import (
    Alias,
    Array,
    DType,
    Graph,
    KernelCall,
    Node,
    Op,
    Overlap,
    Quant,
    Shape,
    Tensor,
    portable,
)
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.copy import copy_call
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.loops import Loops
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.relu import Relu
from tinygen.ops.slice import Slice
from tinygen.ops.split import Split, SplitV
from tinygen.ops.strided_slice import StridedSlice
from tinygen.plan import MemoryPlan, plan

Q = Quant((0.1,), (0,))


@dataclass
class Moves:
    """Steps on rows of bytes, and what every tensor holds when it is whole."""

    rng: np.random.Generator
    tensors: dict[int, Tensor] = field(default_factory=dict)
    values: dict[int, Array] = field(default_factory=dict)
    steps: list[KernelCall | Alias] = field(default_factory=list)

    def tensor(self, value: Array) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, f"t{number}", (value.size,), DType.INT8)
        self.values[number] = value
        return number

    def random(self, size: int) -> int:
        return self.tensor(self.rng.integers(0, 256, size).astype(np.uint8))

    def make(self, sources: tuple[int, ...], size: int) -> int:
        """A kernel that may work in place of its first input."""
        made = self.random(size)
        overlaps = (Overlap(0, 0, size),) if sources.count(sources[0]) == 1 else ()
        self.steps.append(KernelCall(portable("k"), sources, (made,), overlaps=overlaps))
        return made

    def join(self, parts: list[int]) -> int:
        whole = self.tensor(np.concatenate([self.values[i] for i in parts]))
        at = 0
        for part in parts:
            self._copy(part, whole, self.tensors[part].nbytes, (0, at))
            at += self.tensors[part].nbytes
        return whole

    def cut(self, whole: int, at: int) -> list[int]:
        value = self.values[whole]
        parts = [self.tensor(value[:at]), self.tensor(value[at:])]
        self._copy(whole, parts[0], at, (0, 0))
        self._copy(whole, parts[1], value.size - at, (at, 0))
        return parts

    def renamed(self, source: int) -> int:
        other = self.tensor(self.values[source])
        self.steps.append(Alias(source, other))
        return other

    def _copy(self, source: int, target: int, size: int, offsets: tuple[int, int]) -> None:
        loops = Loops((size,), ((1,), (1,)))
        a, b = self.tensors[source], self.tensors[target]
        self.steps.append(copy_call("COPY", a, b, loops, offsets))

    def plan(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> MemoryPlan:
        return plan(tuple(self.steps), self.tensors, inputs, outputs)


def require_whole(
    moves: Moves, memory: MemoryPlan, inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    """Runs the plan's steps on its arena: what a step reads is there, byte for byte."""
    arena = np.full(memory.arena_bytes, 0xA5, np.uint8)

    def place(tensor_id: int) -> slice:
        at = memory.offsets[tensor_id]
        return slice(at, at + moves.tensors[tensor_id].nbytes)

    def read(tensor_id: int) -> None:
        np.testing.assert_array_equal(arena[place(tensor_id)], moves.values[tensor_id])

    for tensor_id in inputs:
        arena[place(tensor_id)] = moves.values[tensor_id]
    for step in memory.steps:
        if isinstance(step, Alias):
            continue
        for tensor_id in step.inputs:
            read(tensor_id)
        (target,) = step.outputs
        if step.needless is None:
            arena[place(target)] = moves.values[target]
            continue
        start, size = max(0, -step.needless.offset), int(step.params["block_bytes"])  # type: ignore[arg-type]
        at = memory.offsets[target] + start
        arena[at : at + size] = moves.values[target][start : start + size]
    for tensor_id in outputs:
        read(tensor_id)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(0, 1 << 16))
def test_every_value_is_whole(data: st.DataObject, seed: int) -> None:
    moves = Moves(np.random.default_rng(seed))
    size = st.sampled_from([4, 8, 12, 6])
    inputs = tuple(moves.random(data.draw(size)) for _ in range(2))
    live = list(inputs)
    for _ in range(data.draw(st.integers(1, 8))):
        kind = data.draw(st.sampled_from(["make", "make", "join", "cut", "rename"]))
        pick = data.draw(st.sampled_from(live[-5:]))
        if kind == "make":
            other = data.draw(st.sampled_from(live))
            live.append(moves.make((pick, other), data.draw(size)))
        elif kind == "join":
            more = data.draw(st.lists(st.sampled_from(live[-6:]), min_size=1, max_size=3))
            if sum(moves.tensors[i].nbytes for i in more) < 200:
                live.append(moves.join(more))
        elif kind == "cut" and moves.tensors[pick].nbytes > 1:
            at = min(data.draw(st.sampled_from([4, 8, 3])), moves.tensors[pick].nbytes - 1)
            live += moves.cut(pick, at)
        elif kind == "rename":
            live.append(moves.renamed(pick))
    made = [i for i in live if i not in inputs] or [moves.make(inputs, 8)]
    outputs = tuple(data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=2, unique=True)))
    require_whole(moves, moves.plan(inputs, outputs), inputs, outputs)


def _copies(memory: MemoryPlan) -> int:
    return sum(isinstance(step, KernelCall) and bool(step.needless) for step in memory.steps)


def test_what_is_joined_is_written_where_it_belongs() -> None:
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(8)
    parts = [moves.make((given_,), 16), moves.make((given_,), 32)]
    last = moves.make((moves.join(parts),), 4)
    memory = moves.plan((given_,), (last,))
    assert _copies(memory) == 0
    assert memory.offsets[parts[1]] - memory.offsets[parts[0]] == 16
    assert memory.arena_bytes == 48  # what is given lies where the second part will


def test_what_is_read_part_by_part_makes_room_for_what_comes_of_it() -> None:
    """Each part's successor is written where the part before it was."""
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(64)
    parts = moves.cut(given_, 32)
    made = [moves.make((part,), 32) for part in parts]
    whole = moves.join(made)
    memory = moves.plan((given_,), (moves.make((whole,), 64),))
    require_whole(moves, memory, (given_,), (len(moves.tensors) - 1,))
    assert _copies(memory) == 0
    assert memory.arena_bytes == memory.minimum_bytes == 64


def test_what_is_cut_is_read_where_it_lies() -> None:
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(8)
    parts = moves.cut(moves.make((given_,), 48), 16)
    last = moves.make((parts[1], parts[0]), 4)
    memory = moves.plan((given_,), (last,))
    assert _copies(memory) == 0
    assert memory.offsets[parts[1]] - memory.offsets[parts[0]] == 16


@pytest.mark.parametrize(
    ("sizes", "left"), [((16, 32), 0), ((6, 32), 1), ((6, 6), 1)], ids=["words", "bytes", "short"]
)
def test_a_place_between_words_is_copied_to(sizes: tuple[int, int], left: int) -> None:
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(8)
    joined = moves.join([moves.make((given_,), size) for size in sizes])
    memory = moves.plan((given_,), (moves.make((joined,), 4),))
    assert _copies(memory) == left


def test_what_lies_in_two_places_is_copied_to_one() -> None:
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(8)
    one = moves.make((given_,), 16)
    memory = moves.plan((given_,), (moves.make((moves.join([one, one]),), 4),))
    assert _copies(memory) == 1


def test_an_edge_of_the_model_stays_a_tensor_of_its_own() -> None:
    moves = Moves(np.random.default_rng(0))
    given_ = moves.random(8)
    one = moves.make((given_,), 16)
    joined = moves.join([given_, one])
    memory = moves.plan((given_,), (joined, one))
    assert _copies(memory) == 2


def test_a_concatenation_of_two_branches_takes_no_kernel() -> None:
    shapes = {0: (1, 4, 4), 1: (1, 4, 4), 2: (1, 4, 4), 3: (1, 8, 4), 4: (1, 8, 4)}
    tensors = {i: Tensor(i, f"t{i}", shape, DType.INT8, Q) for i, shape in shapes.items()}
    nodes = (
        Node(Relu(), (0,), (1,)),
        Node(LeakyRelu(0.5), (0,), (2,)),
        Node(Concatenation(1), (1, 2), (3,)),
        Node(Relu(), (3,), (4,)),
    )
    graph = Graph("branches", tensors, nodes, (0,), (4,))
    graph.verify()
    program = compile_graph(graph)
    assert [layer.call.kernel.name for layer in program.layers] == ["lookup"] * 3
    assert [layer.index for layer in program.layers] == [0, 1, 2]
    assert program.plan.offsets[2] - program.plan.offsets[1] == 16


MOVED = (1, 8, 2, 4)
"""Rows of eight bytes."""


@pytest.mark.parametrize(
    ("op", "constants", "outputs"),
    [
        (Split(2), {0: np.array(1)}, [(1, 4, 2, 4)] * 2),
        (SplitV(2), {1: np.array([3, 5]), 2: np.array(1)}, [(1, 3, 2, 4), (1, 5, 2, 4)]),
        (Unpack(1), {}, [(1, 2, 4)] * 8),
        (Slice(), {1: np.array([0, 2, 0, 0]), 2: np.array([1, 5, 2, 4])}, [(1, 5, 2, 4)]),
        (
            StridedSlice(0, 0, 0),
            {1: np.array([0, 1, 0, 0]), 2: np.array([1, 7, 2, 4]), 3: np.array([1, 1, 1, 1])},
            [(1, 6, 2, 4)],
        ),
    ],
    ids=lambda each: getattr(each, "kind", ""),
)
def test_rows_are_taken_without_a_copy(
    op: Op, constants: dict[int, Array], outputs: list[Shape]
) -> None:
    """Of a tensor that a layer writes; each part is read by a layer of its own."""
    tensors = [Tensor(0, "in", MOVED, DType.INT8, Q), Tensor(1, "moved", MOVED, DType.INT8, Q)]
    inputs = []
    for position in range(len(constants) + 1):
        if position in constants:
            data = constants[position].astype(np.int32)
            tensors.append(Tensor(len(tensors), "table", data.shape, DType.INT32, None, data))
        inputs.append(tensors[-1].id if position in constants else 1)
    parts = [Tensor(len(tensors) + i, "part", s, DType.INT8, Q) for i, s in enumerate(outputs)]
    first = len(tensors) + len(parts)
    ends = [replace(part, id=first + i, name="end") for i, part in enumerate(parts)]
    nodes = (
        Node(LeakyRelu(0.5), (0,), (1,)),
        Node(op, tuple(inputs), tuple(part.id for part in parts)),
        *(Node(Relu(), (a.id,), (b.id,)) for a, b in zip(parts, ends, strict=True)),
    )
    every = {t.id: t for t in (*tensors, *parts, *ends)}
    graph = Graph("rows", every, nodes, (0,), tuple(t.id for t in ends))
    graph.verify()
    program = compile_graph(graph)
    assert [layer.call.kernel.name for layer in program.layers] == ["lookup"] * (1 + len(parts))


def test_what_is_packed_is_written_where_it_belongs() -> None:
    shapes = {0: (1, 4, 4), 1: (1, 4, 4), 2: (1, 4, 4), 3: (2, 1, 4, 4), 4: (2, 1, 4, 4)}
    tensors = {i: Tensor(i, f"t{i}", shape, DType.INT8, Q) for i, shape in shapes.items()}
    nodes = (
        Node(Relu(), (0,), (1,)),
        Node(LeakyRelu(0.5), (0,), (2,)),
        Node(Pack(0), (1, 2), (3,)),
        Node(Relu(), (3,), (4,)),
    )
    program = compile_graph(Graph("pack", tensors, nodes, (0,), (4,)))
    assert [layer.call.kernel.name for layer in program.layers] == ["lookup"] * 3
