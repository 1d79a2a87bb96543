"""Mixed precision: the layers that lose most on int16, as few of them as reach a goal.

A value is worth 16 bits only where both who computes it and who reads it has them. So values are
chosen, those first that cost the outputs most in int8 (`layer_errors`), and their layers follow.
How many of them it takes is found by computing the model, again and again, as devices compute it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen import tflite
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import ABSENT, Array, DType, Graph, Int8Model, TensorId, input_edges, output_edges
from tinygen.passes import simplify
from tinygen.progress import Progress
from tinygen.proof import oracle
from tinygen.proof.by_layer import chosen
from tinygen.proof.counterparts import counterparts
from tinygen.proof.layer_errors import of_both
from tinygen.proof.vectors import Samples
from tinygen.proof.verdict import real_distance
from tinygen.tflite.mixed import Wider, converts, mixed, values

_REAL = (DType.INT8, DType.INT16, DType.FLOAT32)
_BYTES_ALONE = (
    *("BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "EMBEDDING_LOOKUP", "GATHER", "GATHER_ND"),
    *("MIRROR_PAD", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "TILE"),
)
"""What the engine aot moves of any type, and TensorFlow Lite Micro of int8, not of int16."""


@dataclass(frozen=True)
class MixedLayer:
    """A layer that computes on int16."""

    operator: str
    name: str


@dataclass(frozen=True)
class Mixed:
    """Which layers are int16, and what that gives. SQNR in dB, of the output that has the least."""

    goal_db: float
    samples: int
    data: str
    int8_db: float
    mixed_db: float
    int16_db: float | None
    """With all layers that can be on int16; None where int8 suffices and that was not asked."""
    layers: tuple[MixedLayer, ...]
    of: int
    """How many layers there are."""
    could: int | None
    """How many of them can be on int16; None where that was not asked."""
    inputs: tuple[str, ...]
    """Those of the model that are int16."""
    outputs: tuple[str, ...]

    @property
    def most(self) -> str:
        """What stands on the other side of all int8."""
        if self.could in (None, self.of):
            return "all int16"
        return f"int16 wherever it can be ({self.could} layers)"

    @property
    def text(self) -> str:
        """In one line."""
        where = f"on {self.samples} samples ({self.data})"
        if not self.layers:
            return f"int8 reaches {self.int8_db:.1f} dB {where}: no layer needs int16"
        return (
            f"{len(self.layers)} of {self.of} layers on int16: SQNR {self.mixed_db:.1f} dB {where};"
            f" all int8 {self.int8_db:.1f} dB, {self.most} {self.int16_db:.1f} dB"
        )


@dataclass(frozen=True)
class Reached:
    """`content` is the file, `int16` the one with all layers on int16 that can be; None where int8
    sufficed."""

    told: Mixed
    content: bytes
    int16: bytes | None


def reach(
    goal_db: float,
    model: Int8Model,
    wide: Callable[[], bytes],
    float_tflite: bytes,
    samples: Sequence[Samples],
    progress: Progress,
) -> Reached:
    """The `.tflite` of `model` with as many layers of the int16 file `wide` as the goal takes.

    Raises InputError where all of them do not reach it, and for a model that remembers.
    """
    if model.written.states:
        raise InputError(
            "--sqnr was given for a model that remembers",
            why="what it keeps from one inference to the next is int8 or int16, not both",
            next_step="--activations int16, or leave --sqnr out",
        )
    search = _Search(model, float_tflite, samples, progress)
    if search.int8_db >= goal_db:
        return Reached(search.result(goal_db, None, search.int8_db), model.content, None)
    search.take(wide())
    content, made, reached_db = search.smallest(goal_db)
    return Reached(search.result(goal_db, made, reached_db), content, search.everything)


class _Search:
    def __init__(
        self,
        model: Int8Model,
        float_tflite: bytes,
        samples: Sequence[Samples],
        progress: Progress,
    ) -> None:
        self._model, self._progress, self._float = model, progress, float_tflite
        self._graph = simplify(model.written)
        self._inputs, self._picks = chosen(input_edges(self._graph), samples)
        self._data = " and ".join(one.origin for one in samples)
        self._errors = of_both(
            self._graph, input_edges(self._graph), float_tflite, self._inputs, progress
        )
        self.int8_db = self._worst(self._graph, self._errors.codes)
        self._file = tflite.parse(model.content, model.name)
        self._values = values(self._file)
        self._wide, self._calls, self._entries = b"", dict[int, int](), list[int]()
        self.everything = b""
        """The file with all layers on int16 that can be, once that was asked."""
        self._int16_db: float | None = None

    def take(self, wide: bytes) -> None:
        """The int16 file, and which of its operators can take the place of which."""
        self._wide = wide
        file = tflite.parse(wide, self._model.name)
        real = tflite.parse(self._float, self._model.name)
        graph = tflite.graph(file, self._model.name)
        mine, its = (counterparts(one, real) for one in (self._model.written, graph))
        by_real = {its.tensors[graph.nodes[i].outputs[0]]: i for i in its.nodes}
        for place in mine.nodes:
            other = by_real.get(mine.tensors[self._model.written.nodes[place].outputs[0]])
            if other is not None and self._may_take(place, graph, other):
                self._calls[place] = other
        self._entries = [
            place
            for place, (a, b) in enumerate(zip(self._file.inputs, file.inputs, strict=True))
            if (self._file.tensors[a].type, file.tensors[b].type) == ("INT8", "INT16")
        ]

    def _may_take(self, place: int, graph: Graph, other: int) -> bool:
        """Whether the int16 operator reads and makes what the int8 one does, and is compiled."""
        node, its = self._model.written.nodes[place], graph.nodes[other]
        shapes = [
            [(i == ABSENT or g.tensors[i].constant) for i in n.inputs]
            for g, n in ((self._model.written, node), (graph, its))
        ]
        io = graph.operands(its)
        if node.op.kind in _BYTES_ALONE:
            return False
        if shapes[0] != shapes[1] or io.outputs[0].dtype is not DType.INT16:
            return False
        try:
            its.op.check(io)
        except UnsupportedModel:
            return False
        return True

    def smallest(self, goal_db: float) -> tuple[bytes, Wider, float]:
        """The file with the fewest values on int16 that reaches the goal, in the order of what they
        cost; which layers that are, and what it reaches."""
        order = self._order()
        self.everything, self._int16_db = self._measured(len(order))
        if self._int16_db < goal_db:
            raise self._out_of_reach(goal_db)
        low, high = 0, len(order)
        while high - low > 1:
            middle = (low + high) // 2
            reached = self._measured(middle)[1] >= goal_db
            low, high = (low, middle) if reached else (middle, high)
        content, reached_db = self._measured(high)
        return content, self._wider(high), reached_db

    def _order(self) -> list[TensorId]:
        """Values by what they cost the outputs in int8, the dearest first."""
        noise: dict[TensorId, float] = {}
        for tensor, alone in self._errors.alone.items():
            if tensor in self._values:
                value = self._values[tensor]
                noise[value] = max(alone, noise.get(value, 0.0))
        return sorted((i for i in noise if noise[i]), key=lambda i: -noise[i])

    @functools.cache  # noqa: B019 - a search ends with its models
    def _measured(self, count: int) -> tuple[bytes, float]:
        """The file with so many values on int16, and what it reaches."""
        content = mixed(self._model.content, self._wide, self._file, self._wider(count))
        written = tflite.read(content, self._model.name)
        model = Int8Model(content, written, simplify(written))
        codes = [
            edge.quantize(value).reshape(len(value), *edge.shape)
            for edge, value in zip(input_edges(model.graph), self._inputs, strict=True)
        ]
        return content, self._worst(model.graph, oracle.expected(model, codes).outputs)

    def _wider(self, count: int) -> Wider:
        """The layers that compute or read the first of these values, or all there are."""
        order = self._order()
        if count == len(order):
            return Wider(self._calls, self._entries)
        chosen_ones, waiting = set[TensorId](), list(order[:count])
        calls: dict[int, int] = {}
        while waiting:
            value = waiting.pop()
            if value in chosen_ones:
                continue
            chosen_ones.add(value)
            for place in self._around(value):
                calls[place] = self._calls[place]
                if self._loses_nothing(place):
                    waiting += self._file.calls[place].outputs
        entries = [i for i in self._entries if self._file.inputs[i] in chosen_ones]
        return Wider(dict(sorted(calls.items())), entries)

    def _around(self, value: TensorId) -> Iterator[int]:
        """The positions of who computes it and who reads it, of those that can be on int16."""
        for place in self._calls:
            call = self._file.calls[place]
            read = (self._values.get(i) for i in call.inputs)
            if value in call.outputs or value in read:
                yield place

    def _loses_nothing(self, place: int) -> bool:
        """Whether what it makes is as exact as what it reads: it moves codes, or picks of them."""
        return not any(self._errors.alone.get(i, 0.0) for i in self._file.calls[place].outputs)

    def _worst(self, graph: Graph, codes: Sequence[Array]) -> float:
        """SQNR of the output that has the least, in dB."""
        outputs = zip(output_edges(graph), self._errors.real, codes, strict=True)
        return min(
            (
                real_distance(edge, real, made).sqnr_db
                for edge, real, made in outputs
                if edge.dtype in _REAL
            ),
            default=np.inf,
        )

    def _out_of_reach(self, goal_db: float) -> InputError:
        graph = simplify(tflite.read(self.everything, self._model.name))
        errors = of_both(graph, input_edges(graph), self._float, self._inputs, self._progress)
        worst = max(errors.alone, key=lambda i: errors.alone[i], default=None)
        most = "" if worst is None else f"; '{graph.tensors[worst].name}' loses most there"
        left = self._layers - len(self._calls)
        stay = f" ({left} layers stay int8: there is no int16 form of them)" if left else ""
        return InputError(
            f"--sqnr {goal_db:g} cannot be reached",
            why=f"on {len(self._picks)} samples ({self._data}) the outputs have {self.int8_db:.1f}"
            f" dB with int8, and {self._int16_db:.1f} dB with int16{stay}{most}",
            next_step="give a lower --sqnr, or see docs/how-to/accuracy.md for what else helps",
        )

    @property
    def _layers(self) -> int:
        return sum(not converts(self._file, place) for place in range(len(self._file.calls)))

    def result(self, goal_db: float, made: Wider | None, reached: float) -> Mixed:
        """What is told of it."""
        wider = Wider({}, ()) if made is None else made
        calls, tensors = self._file.calls, self._file.tensors
        outputs = {self._values[i]: i for i in self._file.outputs}
        return Mixed(
            goal_db=goal_db,
            samples=len(self._picks),
            data=self._data,
            int8_db=self.int8_db,
            mixed_db=reached,
            int16_db=self._int16_db,
            layers=tuple(
                MixedLayer(calls[i].kind, tensors[calls[i].outputs[0]].name) for i in wider.calls
            ),
            of=self._layers,
            could=len(self._calls) if self._wide else None,
            inputs=tuple(tensors[self._file.inputs[i]].name for i in wider.inputs),
            outputs=tuple(
                tensors[outputs[i]].name
                for place in wider.calls
                for i in calls[place].outputs
                if i in outputs and tensors[outputs[i]].type == "INT8"
            ),
        )
