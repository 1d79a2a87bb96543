"""Steps that are repeated: the program of one step, and the C loop around its calls.

The arena of a step is the loop's scratch. What is another one in each step is copied into it and
out of it, so that a step is the same calls at the same addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygen.engines.aot.carried import carried
from tinygen.engines.aot.offers import Candidate, Cost
from tinygen.ir import Kernel, KernelCall, Node, Operands, Tensor
from tinygen.ops.repeat import Repeat

if TYPE_CHECKING:
    from tinygen.engines.aot.program import Program

SET = "loop"
"""In place of a kernel set's name."""
_TURN = Cost(instructions=4, cycles=6, flash=32)
"""Of the loop, for each step what it takes to go on."""
_COPY = Cost(instructions=30, cycles=40, flash=20)
"""Of a copy: its call, and some words."""


@dataclass(frozen=True, eq=False)
class LoopCall(KernelCall):
    """All steps: no kernel, but a loop around those of a step."""

    program: Program | None = None

    @property
    def step(self) -> Program:
        """One step."""
        assert self.program is not None
        return self.program


def loop(node: Node, io: Operands, program: Program) -> Candidate:
    """What computes a REPEAT, by the program of its body."""
    assert isinstance(node.op, Repeat)
    name = Kernel(SET, f"{node.op.steps}_steps_to_{io.output.id}")
    outputs = tuple(tensor.id for tensor in io.outputs)
    call = LoopCall(
        name, node.inputs, outputs, scratch_bytes=program.plan.arena_bytes, program=program
    )
    turn = program.estimate + _TURN
    for _ in (*io.inputs, *io.outputs):
        turn += _COPY
    steps = node.op.steps
    cost = Cost(steps * turn.instructions, steps * turn.cycles, turn.flash, call.scratch_bytes)
    return Candidate((node,), (call,), cost, why=f"{steps} equal steps in a loop")


@dataclass(frozen=True)
class LoopText:
    """Statements of C around the calls of a step."""

    steps: int
    before: tuple[str, ...]
    into: tuple[str, ...]
    """At the start of each step."""
    out: tuple[str, ...]
    """At its end."""
    after: tuple[str, ...]


Address = Callable[[Tensor, str], str]
"""Of a tensor of the whole, and so many bytes behind its first one: an expression in C."""


def around(node: Node, io: Operands, program: Program, base: int, address: Address) -> LoopText:
    """What is copied in a loop, whose scratch begins at `base` in the arena."""
    assert isinstance(node.op, Repeat)
    op, plan = node.op, program.plan
    body, kept = op.body, {state.read: state for state in op.body.states}

    def inside(offset: int) -> str:
        return f"model_arena_at({base + offset})"

    def copy(target: str, source: str, nbytes: int) -> str:
        return f"memcpy({target}, {source}, {nbytes})"

    before, into = list[str](), list[str]()
    out, after = list[str](), list[str]()
    given = iter(io.every_input)
    for i, part, source in zip(body.inputs, op.parts, given, strict=False):
        tensor = body.tensors[i]
        target, size = inside(plan.offsets[i]), tensor.dtype.size
        # What is the same in all steps too: a step may use its bytes again.
        at = "0" if part is None else _behind(part.first * size, part.stride * size)
        into.append(copy(target, address(source, at), tensor.nbytes))
    first = io.every_input[len(body.inputs) :]
    for i, source in zip(kept, first, strict=True):
        before.append(copy(inside(plan.offsets[i]), address(source, "0"), source.nbytes))
    for i, target_tensor, every in zip(program.graph.outputs, io.outputs, op.every, strict=True):
        nbytes = program.graph.tensors[i].nbytes
        at = _behind(0, nbytes) if every else "0"
        told = copy(address(target_tensor, at), inside(plan.offsets[i]), nbytes)
        (out if every else after).append(told)
    for state in carried(program.graph, plan):
        if state.left is not None:
            out.append(copy(inside(state.offset), inside(state.left), state.nbytes))
    return LoopText(op.steps, tuple(before), tuple(into), tuple(out), tuple(after))


def _behind(first: int, stride: int) -> str:
    """How many bytes behind a tensor's first one a step's part lies."""
    return f"{first} {'-' if stride < 0 else '+'} {abs(stride)} * step"
