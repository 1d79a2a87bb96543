"""The graph that takes the new frames alone, and keeps what it needs of those before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Op, State, Tensor, TensorId
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.convolution import Convolution
from tinygen.ops.pad import Pad
from tinygen.ops.pool import Pool2D
from tinygen.ops.reshape import Reshape, SameBytes
from tinygen.ops.slice import Slice
from tinygen.ops.spatial import Padding
from tinygen.ops.strided_slice import StridedSlice
from tinygen.streaming.follow import Followed, Kept
from tinygen.streaming.rules import ByRows, Whole, extents, with_rows
from tinygen.streaming.timeline import Rows


@dataclass(frozen=True, eq=False)
class Rewritten:
    """A streaming graph, and of each of its nodes the one of the model that it stands for; None
    where it cuts, joins or pads rows."""

    graph: Graph
    origins: tuple[Node | None, ...]


def rewrite(
    followed: Followed, kept: Mapping[TensorId, Kept], silence: Mapping[TensorId, Array]
) -> Rewritten:
    """The streaming graph; `silence` are all tensors' values for a window of nothing but silence,
    which is what it begins in."""
    writer = _Writer(followed, kept)
    writer.begin(silence)
    for node in followed.graph.nodes:
        writer.add(node)
    return writer.finished()


class _Writer:
    def __init__(self, followed: Followed, kept: Mapping[TensorId, Kept]) -> None:
        self._followed = followed
        self._old = followed.graph
        self._kept = kept
        self._tensors: dict[TensorId, Tensor] = {}
        self._next = max(self._old.tensors) + 1
        self._nodes: list[Node] = []
        self._origins: list[Node | None] = []
        self._pieces: dict[TensorId, list[tuple[Rows, TensorId]]] = {}
        """Rows of a tensor that lies in time, and the tensor that holds them."""
        self._made: dict[tuple[TensorId, Rows], TensorId] = {}
        self._states: dict[TensorId, State] = {}
        self._input = ABSENT

    def begin(self, silence: Mapping[TensorId, Array]) -> None:
        """The new frames, and what every state is after a reset."""
        for tensor_id, kept in self._kept.items():
            if kept.state is None:
                continue
            tensor = self._rows_of(tensor_id, kept.state, "kept")
            initial = silence[tensor_id].take(range(*kept.left), kept.line.axis)
            self._states[tensor_id] = State(tensor, tensor, np.ascontiguousarray(initial))
        window = self._old.inputs[0]
        line = self._kept[window].line
        new = line.rows - self._followed.hop, line.rows
        self._input = self._rows_of(window, new)
        name = self._old.tensors[window].name
        self._tensors[self._input] = replace(self._tensors[self._input], name=name)
        self._hold(window, [(new, self._input)])

    def add(self, node: Node) -> None:
        """What becomes of a node of the model."""
        rule = self._followed.rule(node)
        if rule is None:
            self._copy(node, node.inputs)
        elif isinstance(rule, Whole):
            inputs = tuple(
                self._rows(i, rule.rows or (0, self._kept[i].line.rows)) if i in self._kept else i
                for i in node.inputs
            )
            if rule.rows is None:
                self._copy(node, inputs)
            else:
                self._reshaped(inputs[0], node.outputs[0], self._old.tensors[node.outputs[0]])
        elif not rule.moves:
            target = node.outputs[0]
            parts = self._kept[target].computed
            self._hold(target, [(part, self._compute(node, part)) for part in parts])

    def _hold(self, tensor_id: TensorId, pieces: list[tuple[Rows, TensorId]]) -> None:
        """Rows that are there now; with what was kept in front of the newest ones."""
        state = self._kept[tensor_id].state
        if state is not None:
            at = next(i for i, (part, _) in enumerate(pieces) if part[0] == state[1])
            part, newest = pieces[at]
            rows = state[0], part[1]
            both = self._states[tensor_id].read, newest
            pieces = [*pieces[:at], (rows, self._joined(tensor_id, both, rows)), *pieces[at + 1 :]]
        self._pieces[tensor_id] = pieces

    def finished(self) -> Rewritten:
        """The graph, with each state left as soon as nothing reads what it was."""
        outputs = []
        for tensor_id in self._old.outputs:
            whole = (0, self._kept[tensor_id].line.rows) if tensor_id in self._kept else None
            outputs.append(tensor_id if whole is None else self._rows(tensor_id, whole))
        states = []
        for tensor_id, state in self._states.items():
            count = len(self._nodes)
            left = self._rows(tensor_id, self._kept[tensor_id].left)
            states.append(replace(state, written=left))
            self._settle(tensor_id, count)
        tensors = {**self._old.tensors, **self._tensors}
        used = {
            *(i for node in self._nodes for i in (*node.inputs, *node.outputs)),
            *(i for state in states for i in (state.read, state.written)),
            *(self._input, *outputs),
        }
        graph = replace(
            self._old,
            tensors={i: t for i, t in tensors.items() if i in used},
            nodes=tuple(self._nodes),
            inputs=(self._input,),
            outputs=tuple(outputs),
            states=tuple(states),
        )
        graph.verify()
        return Rewritten(graph, tuple(self._origins))

    def _settle(self, tensor_id: TensorId, count: int) -> None:
        """Move what leaves a state, the nodes behind the first `count`, to behind the last reader
        of what is kept."""
        mine = {i for _, i in self._pieces[tensor_id]}
        mine |= {made for (of, _), made in self._made.items() if of == tensor_id}
        for node in self._nodes[:count]:  # what is only moved may be read where it lies
            if isinstance(node.op, Pad | Reshape | Slice) and mine & {*node.inputs}:
                mine |= {*node.outputs}
        places = [n for n in range(count) if mine & {*self._nodes[n].inputs}]
        written = [n for n in range(count) if mine & {*self._nodes[n].outputs}]
        at = max((*places, *written), default=-1) + 1
        for parts in (self._nodes, self._origins):
            moved = parts[count:]
            del parts[count:]
            parts[at:at] = moved  # type: ignore[assignment]

    def _copy(self, node: Node, inputs: Sequence[TensorId]) -> None:
        self._nodes.append(replace(node, inputs=tuple(inputs)))
        self._origins.append(node)

    def _rows(self, tensor_id: TensorId, rows: Rows) -> TensorId:
        """A tensor that holds these rows of one that lies in time."""
        key = tensor_id, rows
        if key not in self._made:
            self._made[key] = self._found(tensor_id, rows)
        return self._made[key]

    def _found(self, tensor_id: TensorId, rows: Rows) -> TensorId:
        writer = self._old.writer(tensor_id)
        rule = None if writer is None else self._followed.rule(writer)
        if writer is not None and isinstance(rule, ByRows) and rule.moves:
            return self._moved(writer, rule, rows)
        found: list[TensorId] = []
        at = rows[0]
        for part, held in self._pieces[tensor_id]:
            if part[0] <= at < part[1] and at < rows[1]:
                stop = min(part[1], rows[1])
                found.append(self._cut(tensor_id, held, part, (at, stop)))
                at = stop
        assert at == rows[1], "rows that nobody said are read"
        return found[0] if len(found) == 1 else self._joined(tensor_id, found, rows)

    def _cut(self, tensor_id: TensorId, held: TensorId, part: Rows, rows: Rows) -> TensorId:
        if part == rows:
            return held
        if (tensor_id, rows) not in self._made:
            target = self._rows_of(tensor_id, rows)
            self._slice(held, target, self._kept[tensor_id].line.axis, rows[0] - part[0])
            self._made[tensor_id, rows] = target
        return self._made[tensor_id, rows]

    def _slice(self, source: TensorId, target: TensorId, axis: int, first: int) -> None:
        shape = self._tensors[target].shape
        begin = [first if i == axis else 0 for i in range(len(shape))]
        self._new(Slice(), (source, self._constant(begin), self._constant(shape)), target)

    def _joined(self, tensor_id: TensorId, parts: Sequence[TensorId], rows: Rows) -> TensorId:
        target = self._rows_of(tensor_id, rows)
        self._new(Concatenation(self._kept[tensor_id].line.axis), tuple(parts), target)
        return target

    def _moved(self, node: Node, rule: ByRows, rows: Rows) -> TensorId:
        """These rows of what a node makes that moves what it reads."""
        source, target = node.inputs[0], node.outputs[0]
        there = self._kept[source].line.rows
        under = rule.window.under(rows, there)
        held = self._rows(source, under)
        if isinstance(node.op, Slice | StridedSlice):
            return held
        if isinstance(node.op, SameBytes):
            made = self._rows_of(target, rows)
            self._reshaped(held, made, self._tensors[made])
            return made
        assert isinstance(node.op, Pad)
        first, last = rule.window.first(rows), rule.window.last(rows)
        border = max(0, under[0] - first), max(0, last - under[1])
        paddings = list(node.op.paddings(self._old.operands(node)))
        paddings[rule.axis] = border
        reach = min(first, under[0]), max(last, under[1])
        padded = self._rows_of(target, reach)
        table = self._constant(np.array(paddings))
        self._new(node.op, (held, table, *node.inputs[2:]), padded, node)
        if reach == (first, last):
            return padded
        made = self._rows_of(target, rows)
        self._slice(padded, made, rule.axis, first - reach[0])
        return made

    def _compute(self, node: Node, rows: Rows) -> TensorId:
        """These rows of what a node computes."""
        if isinstance(node.op, Convolution):
            return self._convolved(node, node.op, rows)
        if isinstance(node.op, Pool2D):
            return self._pooled(node, node.op, rows)
        target = self._rows_of(node.outputs[0], rows)
        inputs = tuple(self._rows(i, rows) if i in self._kept else i for i in node.inputs)
        self._new(node.op, inputs, target, node)
        return target

    def _convolved(self, node: Node, op: Convolution, rows: Rows) -> TensorId:
        """By windows without padding, over rows with it around them."""
        source = node.inputs[0]
        rule, line = self._rule(node), self._kept[source].line
        under = rule.window.under(rows, line.rows)
        held = self._rows(source, under)
        borders = [(e.before, e.after) for e in extents(op, self._old.operands(node))]
        first, last = rule.window.first(rows), rule.window.last(rows)
        borders[line.axis - 1] = max(0, under[0] - first), max(0, last - under[1])
        if any(map(any, borders)):
            held = self._framed(source, held, borders)
        target = self._rows_of(node.outputs[0], rows)
        self._new(replace(op, padding=Padding.VALID), (held, *node.inputs[1:]), target, node)
        return target

    def _framed(
        self, source: TensorId, held: TensorId, borders: Sequence[tuple[int, int]]
    ) -> TensorId:
        """These rows with the code of zero around them."""
        paddings = ((0, 0), *borders, (0, 0))
        inside = self._tensor(held)
        shape = tuple(size + sum(pair) for size, pair in zip(inside.shape, paddings, strict=True))
        name = f"{inside.name}, padded"
        target = self._add(replace(self._old.tensors[source], name=name, shape=shape))
        self._new(Pad(), (held, self._constant(np.array(paddings))), target)
        return target

    def _pooled(self, node: Node, op: Pool2D, rows: Rows) -> TensorId:
        """Windows that reach into the padding have fewer taps. Where the other dimension is padded
        too, a rule pads both: then one row at a time, whose windows have a stride of their own
        length."""
        source, window = node.inputs[0], self._rule(node).window
        line = self._kept[source].line
        other = extents(op, self._old.operands(node))[2 - line.axis]
        padded = other.before + other.after > 0
        inside = [
            r
            for r in range(*rows)
            if not padded and window.first((r, r + 1)) >= 0 and window.last((r, r + 1)) <= line.rows
        ]
        parts = [(r, r + 1) for r in range(*rows) if r not in inside]
        if inside:
            parts.append((inside[0], inside[-1] + 1))
        made = []
        for part in sorted(parts):
            under = window.under(part, line.rows)
            taps = window.span if part[0] in inside else under[1] - under[0]
            stride = window.stride if part[0] in inside else taps
            own = replace(op, padding=Padding.SAME if padded else Padding.VALID)
            if line.axis == 1:
                own = replace(own, filter_height=taps, stride_height=stride)
            else:
                own = replace(own, filter_width=taps, stride_width=stride)
            target = self._rows_of(node.outputs[0], part)
            self._new(own, (self._rows(source, under),), target, node)
            made.append(target)
        return made[0] if len(made) == 1 else self._joined(node.outputs[0], made, rows)

    def _rule(self, node: Node) -> ByRows:
        rule = self._followed.rule(node)
        assert isinstance(rule, ByRows)
        return rule

    def _reshaped(self, held: TensorId, target: TensorId, like: Tensor) -> None:
        self._new(Reshape(None), (held, self._constant(like.shape)), target)

    def _rows_of(self, tensor_id: TensorId, rows: Rows, what: str = "rows") -> TensorId:
        """A new tensor for these rows."""
        tensor = self._old.tensors[tensor_id]
        name = f"{tensor.name.split(';')[0]}, {what} {rows[0]} to {rows[1] - 1}"
        shape = with_rows(tensor.shape, self._kept[tensor_id].line.axis, rows)
        return self._add(replace(tensor, name=name, shape=shape))

    def _tensor(self, tensor_id: TensorId) -> Tensor:
        return self._tensors.get(tensor_id) or self._old.tensors[tensor_id]

    def _constant(self, numbers: Sequence[int] | Array) -> TensorId:
        data = np.array(numbers, np.int32)
        return self._add(Tensor(ABSENT, "rows", data.shape, DType.INT32, None, data))

    def _add(self, tensor: Tensor) -> TensorId:
        number = self._next
        self._next += 1
        self._tensors[number] = replace(tensor, id=number)
        return number

    def _new(
        self, op: Op, inputs: tuple[TensorId, ...], target: TensorId, origin: Node | None = None
    ) -> None:
        self._nodes.append(Node(op, inputs, (target,)))
        self._origins.append(origin)
