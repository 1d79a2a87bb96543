"""REPEAT: one step's graph computed again and again, as an unrolled layer's equal steps are.

No file has it: `passes.roll_steps` makes it, and the engine writes it as a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tinygen.ir import (
    ABSENT,
    Array,
    Graph,
    KernelCall,
    Lowered,
    Op,
    Operands,
    Shape,
    TensorId,
    Values,
    portable,
)


class Part(NamedTuple):
    """Which elements of a tensor a step reads: from the first on, and so many more each step."""

    first: int
    stride: int


@dataclass(frozen=True)
class Repeat(Op):
    """Its inputs are those of the body, then what each of the body's states starts as; its outputs
    are the body's."""

    body: Graph
    """One step. What it leaves as a state the next step reads."""
    steps: int
    parts: tuple[Part | None, ...]
    """For each input of the body what a step reads of the node's; None for all of it."""
    every: tuple[bool, ...]
    """For each output whether the node has it of every step, [steps, *shape], or of the last."""

    kind = "REPEAT"
    arity = (1, None)

    def infer(self, io: Operands) -> tuple[Shape, ...]:  # noqa: ARG002
        shapes = (self.body.tensors[i].shape for i in self.body.outputs)
        return tuple(
            (self.steps, *shape) if every else shape
            for shape, every in zip(shapes, self.every, strict=True)
        )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        body, given = self.body, list(values)
        states = dict(zip((s.read for s in body.states), given[len(body.inputs) :], strict=True))
        told: list[list[Array]] = [[] for _ in body.outputs]
        for step in range(self.steps):
            found: dict[TensorId, Array] = dict(states)
            for i, value, part in zip(body.inputs, given, self.parts, strict=False):
                found[i] = value if part is None else self._part(i, value, part, step)
            self._compute_step(found)
            states = {state.read: found[state.written] for state in body.states}
            for outputs, i in zip(told, body.outputs, strict=True):
                outputs.append(found[i])
        return tuple(
            np.stack(outputs) if every else outputs[-1]
            for outputs, every in zip(told, self.every, strict=True)
        )

    def _part(self, tensor_id: TensorId, value: Array, part: Part, step: int) -> Array:
        tensor = self.body.tensors[tensor_id]
        first = part.first + step * part.stride
        return value.reshape(-1)[first : first + tensor.elements].reshape(tensor.shape)

    def _compute_step(self, found: dict[TensorId, Array]) -> None:
        constants: Mapping[TensorId, Array] = {
            i: t.data for i, t in self.body.tensors.items() if t.data is not None
        }
        found.update(constants)
        for node in self.body.nodes:
            read = [None if i == ABSENT else found[i] for i in node.inputs]
            written = node.op.reference(self.body.operands(node), read)
            found.update(zip(node.outputs, written, strict=True))

    def kernels(self, io: Operands) -> Lowered:
        """A call whose C the engine writes: it has no header."""
        inputs = tuple(tensor.id for tensor in io.every_input)
        return (KernelCall(portable("repeat"), inputs, tuple(t.id for t in io.outputs)),)

    def macs(self, io: Operands) -> int:  # noqa: ARG002
        return self.steps * sum(n.op.macs(self.body.operands(n)) for n in self.body.nodes)
