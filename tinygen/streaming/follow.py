"""Which layers of a model over time windows need only the newest frames, and which rows of each
tensor are kept, computed and read when these come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tinygen.errors import UnsupportedModel
from tinygen.ir import ABSENT, Graph, Node, Tensor, TensorId, format_shape
from tinygen.streaming.rules import ByRows, Rule, Whole, rule_of
from tinygen.streaming.timeline import Rows, Timeline, joined, without


@dataclass(frozen=True, eq=False)
class Followed:
    """A graph, its one input followed in time."""

    graph: Graph
    hop: int
    """Frames that come at once."""
    lines: Mapping[TensorId, Timeline]
    """Of every tensor whose rows follow the frames."""
    rules: Mapping[int, Rule]
    """Of every node that reads such a tensor, by the place of the node."""
    least: int
    """The hop at which every layer streams that can."""

    def rule(self, node: Node) -> Rule | None:
        """None where nothing that it reads lies in time."""
        return self.rules.get(id(node))


def follow(graph: Graph, axis: int | None, hop: int | None) -> Followed:
    """Follow the frames of the model's input, along this dimension of it or the first that is
    longer than one; of this hop or the least at which every layer streams."""
    window = _window(graph)
    if axis is None:
        axis = next((i for i, size in enumerate(window.shape) if i and size > 1), 1)
    if not 0 < axis < len(window.shape) or window.shape[axis] < 2:
        raise UnsupportedModel(
            f"the input '{window.name}' of '{graph.name}' has no time axis {axis}",
            why=f"its shape is {format_shape(window.shape)}",
            next_step="--axis says which dimension of the input is time, counted from the batch, 0",
        )
    frames = window.shape[axis]
    first = Timeline(axis, frames, 1, (0, frames))
    every = _followed(graph, first, None)
    if hop is None:
        hop = every.least
    if not 0 < hop < frames:
        raise UnsupportedModel(
            f"{hop} new frames at a time leave nothing of a window of {frames}",
            why="no frame of a window is in the next one"
            if every.least < frames
            else "the strides along time, multiplied, are as long as the window",
            next_step="run the model as it is" if every.least >= frames else f"--hop {every.least}",
        )
    found = _followed(graph, first, hop)
    return Followed(graph, hop, found.lines, found.rules, every.least)


def _window(graph: Graph) -> Tensor:
    if graph.states:
        raise UnsupportedModel(
            f"'{graph.name}' remembers already",
            why=f"it has {len(graph.states)} variables: it takes a part of the sound at a time",
            next_step="build it as it is",
        )
    if len(graph.inputs) != 1:
        raise UnsupportedModel(
            f"'{graph.name}' has {len(graph.inputs)} inputs",
            why="one that is a window in time is made into a stream",
        )
    return graph.tensors[graph.inputs[0]]


def _followed(graph: Graph, first: Timeline, hop: int | None) -> Followed:
    """With every hop where None is given."""
    lines = {graph.inputs[0]: first}
    rules: dict[int, Rule] = {}
    least = 1
    for node in graph.nodes:
        read = [None if i == ABSENT else lines.get(i) for i in node.inputs]
        if all(line is None for line in read):
            continue
        io = graph.operands(node)
        rule = rule_of(node.op, io, read)
        if isinstance(rule, ByRows):
            present = [line for line in read if line is not None]
            stride = rule.window.stride
            frames = present[0].frames * stride
            if hop is not None and hop % frames:
                rule = Whole(f"has rows {frames} frames apart, which hop {_next(hop, frames)} fits")
            else:
                rows = io.output.shape[rule.axis]
                start = max(line.settled[0] for line in present)
                stop = min(line.settled[1] for line in present)
                settled = rule.window.over((start, max(start, stop)), rows)
                lines[node.outputs[0]] = Timeline(rule.axis, rows, frames, settled)
                least = math.lcm(least, frames)
        rules[id(node)] = rule
    return Followed(graph, hop or least, lines, rules, least)


def _next(hop: int, frames: int) -> int:
    return -(-hop // frames) * frames


@dataclass(eq=False)
class Kept:
    """Of one tensor that lies in time, when new frames have come."""

    line: Timeline
    asked: list[Rows] = field(default_factory=list)
    """What is read of it."""
    computed: list[Rows] = field(default_factory=list)
    """The rows that are computed: those that no frame before could have given, and those that
    padding touches."""
    state: Rows | None = None
    """The rows that the inference before has left, None where none of them is read."""

    def decide(self, hop: int) -> None:
        """What of it is computed and what is kept, now that it is known what is read."""
        there = self.line.kept(hop)
        wanted = [
            (max(start, there[0]), min(stop, there[1]))
            for start, stop in joined(self.asked)
            if max(start, there[0]) < min(stop, there[1])
        ]
        parts = without(self.asked, there)
        if wanted:
            self.state = wanted[0][0], there[1]
            parts.append((there[1], self.line.settled[1]))
        self.computed = joined(parts)

    @property
    def left(self) -> Rows:
        """The rows that the next inference finds as its `state`."""
        assert self.state is not None
        stop = self.line.settled[1]
        return stop - (self.state[1] - self.state[0]), stop


def needs(followed: Followed) -> dict[TensorId, Kept]:
    """What is kept and computed of every tensor that lies in time, from the outputs back."""
    graph, hop = followed.graph, followed.hop
    found = {i: Kept(line) for i, line in followed.lines.items()}
    for tensor_id in graph.outputs:
        if tensor_id in found:
            found[tensor_id].asked.append((0, found[tensor_id].line.rows))
    for node in reversed(graph.nodes):
        rule = followed.rule(node)
        read = [found[i] for i in dict.fromkeys(node.inputs) if i in found]
        if isinstance(rule, Whole):
            for one in read:
                one.asked.append(rule.rows or (0, one.line.rows))
        elif rule is not None:
            kept = found[node.outputs[0]]
            if rule.moves:
                kept.computed = joined(kept.asked)
                parts = sorted(set(kept.asked))
            else:
                kept.decide(hop)
                parts = kept.computed
            for one in read:
                one.asked += [rule.window.under(part, one.line.rows) for part in parts]
    found[graph.inputs[0]].decide(hop)
    return found
