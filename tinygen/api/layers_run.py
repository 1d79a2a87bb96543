"""Vectors through firmware that notes its layers, up to the first layer that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinygen.api.again import Again, require_noting
from tinygen.api.connection import Connection
from tinygen.api.crash import explained
from tinygen.api.steps import Steps
from tinygen.devices.link import Session
from tinygen.engines.traced import Traced, title
from tinygen.errors import DeviceError
from tinygen.ir import Array, TensorId
from tinygen.progress import Progress
from tinygen.proof import interpret
from tinygen.proof.difference import Difference, difference
from tinygen.proof.vectors import Vectors

LOOKED_INTO = 10
"""Vectors whose layers are looked at although their outputs are right."""


@dataclass(frozen=True)
class Found:
    """A layer that computes something else, the first one, for the vector of that number."""

    vector: int
    layer: int
    output: int
    crcs: tuple[int, ...]
    """Those that its outputs should have."""
    difference: Difference | None
    inputs_intact: bool | None
    damaged_input: str
    overwritten_by: int | None
    outputs_right: bool


class LayersRun:
    """Runs vectors and looks into them. `lost` is why it ended early, or found nothing although
    something is wrong."""

    def __init__(self, made: Again, traced: Traced, checks: Vectors) -> None:
        self.vectors = 0
        self.looked_into = 0
        self.found: Found | None = None
        self.lost: DeviceError | None = None
        self._made = made
        self._traced = traced
        self._checks = checks
        self._steps = Steps(checks)

    def execute(self, connection: Connection, count: int, progress: Progress) -> None:
        """The first `count` vectors, up to one with a layer that is wrong."""
        with connection.open() as session:
            try:
                self._greet(connection, session)
                for index in range(count):
                    if self._one(session, index):
                        return
                    progress.count(index + 1, count)
                self._steps.end(session)
            except DeviceError as error:
                program = connection.built.elf if connection.built.current else None
                if crash := explained(error.why, program):
                    error.why += f"\n{crash}"
                if words := connection.last_words():
                    error.why += f"\nthe emulator's last words:\n{words}"
                self.lost = error

    def _greet(self, connection: Connection, session: Session) -> None:
        hello = session.hello()
        require_noting(self._made, connection.built, hello)
        # Not their names: what of them C cannot have is left out there.
        known = [
            [(one.tensor.dtype, one.tensor.elements) for one in layer.outputs]
            for layer in self._traced.layers
        ]
        told = [[(one.dtype, one.elements) for one in each.outputs] for each in session.layers()]
        if told != known:
            raise DeviceError(
                "the device's layers are not those of the project's program",
                why="the firmware names itself as the project's, and tells of other layers",
                next_step="build the project again",
            )

    def _one(self, session: Session, index: int) -> bool:
        """Whether a layer is wrong for this vector."""
        inference = self._steps.infer(session, index)
        self.vectors += 1
        expected = [value[index].tobytes() for value in self._checks.expected]
        right = list(inference.outputs) == expected
        if right and index >= LOOKED_INTO:
            return False
        values = self._values(index)
        self.looked_into += 1
        trace = session.trace()
        if not any(noted.ticks or any(noted.crcs) for noted in trace):
            raise DeviceError(
                "the engine on the device tells nothing of its layers",
                why="a TensorFlow Lite Micro that a framework brings along may be built without "
                "what tells a profiler of its operators",
                next_step="tinygen build with --engine aot, where the board has it",
            )
        for layer, (noted, crcs) in enumerate(
            zip(trace, self._traced.expected(values), strict=True)
        ):
            for output, (device, host) in enumerate(zip(noted.crcs, crcs, strict=True)):
                if device != host:
                    self.found = self._look(session, index, values, (layer, output), crcs, right)
                    return True
        if not right:
            raise DeviceError(
                f"every layer is right for vector {index}, the model's outputs are not",
                why="they change after the last layer, or while they are read",
                next_step="tinygen verify",
            )
        return False

    def _values(self, index: int) -> Mapping[TensorId, Array]:
        """Every tensor's value by the reference of what was compiled, which the oracle's outputs
        are held against."""
        graph, states = self._traced.graph, None
        values: Mapping[TensorId, Array] = {}
        for step in range(self._checks.begin(index), index + 1):
            values = interpret.run(graph, [value[step] for value in self._checks.inputs], states)
            states = interpret.next_states(graph, values)
        for tensor, expected in zip(graph.outputs, self._checks.expected, strict=True):
            if values[tensor].tobytes() != expected[index].tobytes():
                raise DeviceError(
                    f"the graph that was compiled computes something else than "
                    f"{self._checks.oracle}, for vector {index}",
                    why="so a layer that differs from it proves nothing: either a rewrite of the "
                    "graph is wrong, or the oracle computes another thing than the reference",
                    next_step="tinygen verify; and tell tinygen's authors of the model",
                )
        return values

    def _look(
        self,
        session: Session,
        vector: int,
        values: Mapping[TensorId, Array],
        place: tuple[int, int],
        crcs: tuple[int, ...],
        right: bool,
    ) -> Found:
        layer, output = place
        wrote = self._traced.layers[layer].outputs[output]
        device = wrote.of_memory(self._steps.tensor(session, vector, layer, output))
        intact, damaged, by = self._inputs(session, vector, values, layer)
        return Found(
            vector=vector,
            layer=layer,
            output=output,
            crcs=crcs,
            difference=difference(np.asarray(values[wrote.tensor.id]), device),
            inputs_intact=intact,
            damaged_input=damaged,
            overwritten_by=by,
            outputs_right=right,
        )

    def _inputs(
        self,
        session: Session,
        vector: int,
        values: Mapping[TensorId, Array],
        layer: int,
    ) -> tuple[bool | None, str, int | None]:
        """Whether what the layer reads is still what was written, once the one before it is done;
        what is not, and which layer wrote over it."""
        if layer == 0:
            return True, "", None  # the device holds them against the host's CRC-32
        known = False
        wanted = self._traced.layers[layer].inputs
        for before in self._traced.layers[:layer]:
            for number, one in enumerate(before.outputs):
                if one.tensor.id not in wanted:
                    continue
                known = True
                right = one.in_memory(values[one.tensor.id]).tobytes()
                read = partial(self._steps.tensor, session, vector, before.index, number)
                if read(stay=layer - 1) != right:
                    between = range(before.index + 1, layer)
                    by = next((stay for stay in between if read(stay=stay) != right), None)
                    return False, f"'{title(one.tensor)}', written by {before.place}", by
        return (True if known else None), "", None
