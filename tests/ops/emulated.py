"""Runs cases on an emulated Cortex-M, compiled as the product compiles them.

All cases together are one model: a graph with a node per case, lowered, planned and rendered by the
engine aot itself. So every kernel is what it is in a firmware, a function of its own with constant
parameters, between two places of one arena: there a compiler has lost layers that it compiles
rightly for a test with a buffer for each tensor.

A case whose kernel may write its output over its input is in the model once more for each such
pair of tensors, with as many bytes shared as the call allows. The host writes the whole arena for
each vector and reads it back: outputs are compared, and so is every byte that nobody should have
touched.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.ops import cores
from tests.ops.c_program import CaseLike, Shared, shared_bytes
from tests.ops.cores import Core
from tinygen.engines.aot.answers import Answers
from tinygen.engines.aot.kernel_sets import portable
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.engines.aot.program import Program, compile_graph
from tinygen.ir import (
    ABSENT,
    Alias,
    Array,
    DType,
    Graph,
    KernelCall,
    Lowered,
    Node,
    Quant,
    State,
    Tensor,
    TensorId,
)
from tinygen.plan import ALIGNMENT, MemoryPlan
from tinygen.plan.buffers import Buffer, Buffers, aligned

Bytes = npt.NDArray[np.uint8]

MAIN = Path(__file__).with_name("emulated_main.c")
_UNTOUCHED = 0xA5


def differences(
    cases: Sequence[CaseLike],
    core: Core,
    folder: Path,
    kernels: Sequence[Path],
    build_flags: Sequence[str] = (),
) -> list[str]:
    """Where the cases, run on the core, differ from their references.

    Builds in `folder`; `kernels` are the folders in which the sets lie, `build_flags` what the set
    in question wants of the compiler. A program that does not
    compile or that ends badly is an AssertionError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = _model(tuple(cases))
    flags = (*build_flags, f"-DEDGE_OFFSET={model.edge_offset}")
    elf = cores.build(model.narrow(), core, folder, MAIN, flags=flags, kernels=kernels)
    given, expected, known = model.arenas()
    (folder / "arena.in").write_bytes(given.tobytes())
    cores.run(elf, core, folder)
    got = np.fromfile(folder / "arena.out", np.uint8).reshape(expected.shape)
    return [
        words
        for vector, wrong in enumerate((got != expected) & known)
        for words in model.say(wrong, vector)
    ]


@dataclass(frozen=True, eq=False)
class _Placed:
    """A case as a node of the model, whose tensors have ids of their own there."""

    name: str
    case: CaseLike
    node: Node
    tensors: tuple[Tensor, ...]
    """Those of the inputs that are not absent, then the outputs."""
    calls: Lowered
    shared: Shared | None
    """An input that nobody needs afterwards, and the output that lies on it."""


class _Given(KernelSet):
    """For each node the calls that its case has, and what they cost: portable ones, unless the
    case says it."""

    name = "given"
    of_16_bits = True
    alike = False
    """A case is in the model once for each candidate that there is for it."""

    def __init__(self, placed: Mapping[int, _Placed]) -> None:
        self._placed = placed

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        one = self._placed[id(site.node)]
        costs = (
            (
                portable.cost(call, site.graph.tensors)
                for call in one.calls
                if isinstance(call, KernelCall)
            )
            if one.case.cost is None
            else (one.case.cost,)
        )
        yield Candidate((site.node,), one.calls, sum(costs, Cost(0, 0, 0)))


def _renumbered(call: KernelCall | Alias, ids: Mapping[TensorId, TensorId]) -> KernelCall | Alias:
    if isinstance(call, Alias):
        return replace(call, source=ids[call.source], target=ids[call.target])
    inputs, outputs = (tuple(ids[i] for i in each) for each in (call.inputs, call.outputs))
    layouts = {ids[i]: layout for i, layout in call.layouts.items()}
    needless = call.needless and replace(
        call.needless, source=ids[call.needless.source], target=ids[call.needless.target]
    )
    return replace(call, inputs=inputs, outputs=outputs, layouts=layouts, needless=needless)


class _Each(Answers):
    """A set is asked for every node anew: two that are alike may be two candidates of one case."""

    def of(self, kernel_set: KernelSet, site: Site) -> list[Candidate | Declined]:
        return list(kernel_set.offers(site))


class Model:
    """The cases as one program of the engine aot."""

    def __init__(self, cases: Sequence[CaseLike]) -> None:
        self._placed: list[_Placed] = []
        for case in cases:
            for shared in (None, *shared_bytes(case.io, case.lowered)):
                self._place(case, shared)
        # What the C names as the model's input and output is int8 and has a quantization.
        quant = Quant((1.0,), (0,))
        self._edge = Tensor(self._next, "edge", (1,), DType.INT8, quant, None)
        live = [t for one in self._placed for t in one.tensors if not t.constant]
        written = {i for one in self._placed for i in one.node.outputs}
        consumed = {one.shared.source for one in self._placed if one.shared is not None}
        tensors = {t.id: t for one in self._placed for t in one.tensors}
        graph = Graph(
            name="cases",
            tensors={**tensors, self._edge.id: self._edge},
            nodes=tuple(one.node for one in self._placed),
            inputs=(self._edge.id, *(t.id for t in live if t.id not in written)),
            outputs=(self._edge.id, *(t.id for t in live if t.id not in consumed)),
        )
        graph.verify_structure()
        given = _Given({id(one.node): one for one in self._placed})
        program = compile_graph(graph, (given,), answers=_Each(), thorough=False, planner=_apart)
        asked = [c.kernel for one in self._placed for c in one.calls if isinstance(c, KernelCall)]
        assert [layer.call.kernel for layer in program.layers] == asked
        self.program: Program = self._overlapped(program)

    @property
    def _next(self) -> TensorId:
        return self._placed[-1].tensors[-1].id + 1 if self._placed else 0

    def _place(self, case: CaseLike, shared: Shared | None) -> None:
        ids: dict[TensorId, TensorId] = {}
        tensors = []
        name = case.name if shared is None else f"{case.name} {shared}"
        first = self._next
        for t in (*case.io.inputs, *case.io.outputs):
            if t is not None and t.id not in ids:
                ids[t.id] = first + len(ids)
                tensors.append(replace(t, id=ids[t.id], name=name))
        inputs = tuple(ABSENT if t is None else ids[t.id] for t in case.io.inputs)
        node = Node(case.op, inputs, tuple(ids[t.id] for t in case.io.outputs))
        if shared is not None:
            shared = replace(shared, source=ids[shared.source], target=ids[shared.target])
        calls = tuple(_renumbered(call, ids) for call in case.lowered)
        self._placed.append(_Placed(name, case, node, tuple(tensors), calls, shared))

    def _overlapped(self, program: Program) -> Program:
        """With every output that may share bytes of an input where it shares the most."""
        offsets = dict(program.plan.offsets)
        end = program.plan.arena_bytes
        for one in self._placed:
            shared = one.shared
            if shared is None:
                continue
            if offsets[shared.source] - offsets[shared.target] != shared.distance:
                offsets[shared.target], offsets[shared.source] = end, end + shared.distance
                sizes = (program.graph.tensors[i].nbytes for i in (shared.target, shared.source))
                end += shared.distance + max(sizes)
                end += -end % ALIGNMENT
        return replace(program, plan=replace(program.plan, offsets=offsets, arena_bytes=end))

    def narrow(self) -> Program:
        """The program as one with one input and one output, all that its C need know."""
        graph = self.program.graph
        edge = (self._edge.id,)
        return replace(self.program, graph=replace(graph, inputs=edge, outputs=edge))

    @property
    def edge_offset(self) -> int:
        return self.program.plan.offsets[self._edge.id]

    def arenas(self) -> tuple[Bytes, Bytes, npt.NDArray[np.bool_]]:
        """The arena [vectors, bytes] before and after, and which bytes after are known."""
        vectors = max(len(one.case.vectors) for one in self._placed)
        size = self.program.plan.arena_bytes
        before = np.full((vectors, size), _UNTOUCHED, np.uint8)
        for vector in range(vectors):
            for one in self._placed:
                for i, array in zip(one.node.inputs, _of(one.case.vectors, vector), strict=True):
                    if array is not None and not self.program.graph.tensors[i].constant:
                        self._put(before[vector], i, array)
        after = before.copy()
        known = np.ones(before.shape, np.bool_)
        for buffer in self.program.plan.buffers:  # scratch, and inputs that nobody needs any more
            if buffer.last <= len(self.program.layers):
                known[:, buffer.offset : buffer.offset + buffer.nbytes] = False
        for vector in range(vectors):
            for one in self._placed:
                expected = _of(one.case.expected, vector)
                for i, array in zip(one.node.outputs, expected, strict=True):
                    self._put(after[vector], i, array)
        for one in self._placed:
            for t in one.tensors:
                if not t.constant and (one.shared is None or t.id != one.shared.source):
                    offset = self.program.plan.offsets[t.id]
                    known[:, offset : offset + t.nbytes] = True
        return before, after, known

    def say(self, wrong: npt.NDArray[np.bool_], vector: int) -> list[str]:
        """`wrong` [bytes of the arena] in words: which outputs and inputs differ."""
        words = []
        wrong = wrong.copy()
        for one in self._placed:
            for t in one.tensors:
                if t.constant:
                    continue
                offset = self.program.plan.offsets[t.id]
                here = wrong[offset : offset + t.nbytes]
                if here.any():
                    what = "" if t.id in one.node.outputs else ", of an input"
                    words.append(
                        f"{one.name}, vector {vector}: {int(here.sum())} of {t.nbytes} bytes "
                        f"differ{what}"
                    )
                    here[:] = False
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            words.append(f"vector {vector}: written where no tensor is, at {first} of the arena")
        return words

    def _put(self, arena: Bytes, tensor_id: TensorId, array: Array) -> None:
        data = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
        offset = self.program.plan.offsets[tensor_id]
        arena[offset : offset + data.size] = data


@functools.lru_cache(maxsize=2)
def _model(cases: tuple[CaseLike, ...]) -> Model:
    """One for all cores that run the same cases."""
    return Model(cases)


def _apart(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State] = (),
    *,
    thorough: bool = True,  # noqa: ARG001
) -> MemoryPlan:
    """A plan that shares no byte: here nothing has to be small, and hundreds of tensors that are
    all read back in the end take long to pack."""
    assert not states
    calls = [step for step in steps if isinstance(step, KernelCall)]
    buffers = Buffers(steps, tensors, inputs, outputs, (), in_place=False).buffers()
    for number, call in enumerate(calls, start=1):
        if call.scratch_bytes:
            buffers.append(Buffer({}, aligned(call.scratch_bytes), number, number))
    sizes = [aligned(buffer.nbytes) for buffer in buffers]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    placed = [replace(b, offset=start) for b, start in zip(buffers, starts, strict=True)]
    scratch = {b.first - 1: b.offset for b in placed if not b.tensors}
    return MemoryPlan(
        steps=steps,
        arena_bytes=sum(sizes),
        minimum_bytes=sum(sizes),
        offsets={t: b.offset + at for b in placed for t, at in b.tensors.items()},
        scratch=tuple(scratch.get(number) for number in range(len(calls))),
        live_bytes=(sum(sizes),) * len(calls),
        buffers=tuple(placed),
    )


def _of(vectors: Sequence[tuple[Any, ...]], index: int) -> tuple[Any, ...]:
    """The vector, or the last one for a case that has fewer."""
    return vectors[min(index, len(vectors) - 1)]
