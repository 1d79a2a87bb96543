"""A run of layers computed in stripes of rows, from its first layer to its last one each.

What lies between the layers is then some rows at a time. Rows that the windows of two stripes need
are computed twice. After Lin et al., "MCUNetV2: Memory-Efficient Patch-based Inference for Tiny
Deep Learning" (2021), with rows for patches: rows lie one behind the other, so that nothing is
moved. A stripe reads a part of the run's inputs where it lies, and writes its own part of the run's
output.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Operands, Shape, Tensor, TensorId
from tinygen.ops.binary import Binary
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.convolution import Convolution
from tinygen.ops.lookup import Lookup
from tinygen.ops.pool import Pool2D
from tinygen.ops.slice import Slice
from tinygen.ops.spatial import Border, Extent

Rows = tuple[int, int]
"""The first row of an image, and the first one behind."""


@dataclass(frozen=True)
class Stripes:
    """The nodes of a graph from position `first` to `last`, both included, so many rows of the last
    one's output at a time."""

    first: int
    last: int
    rows: int


def in_stripes(graph: Graph, stripes: Stripes) -> Graph:
    """The graph with these nodes in stripes; itself where that cannot be."""
    run = run_of(graph, stripes.first, stripes.last)
    if run is None or stripes.rows >= run.height:
        return graph
    writer = _Writer(graph)
    for part in run.parts(stripes.rows):
        writer.stripe(run, part)
    writer.join(run)
    nodes = (*graph.nodes[: stripes.first], *writer.nodes, *graph.nodes[stripes.last + 1 :])
    return graph.replace(tensors={**graph.tensors, **writer.tensors}, nodes=nodes)


@dataclass(frozen=True, eq=False)
class Run:
    """Nodes in a row that compute rows of rows, and leave one image behind."""

    graph: Graph
    nodes: tuple[Node, ...]

    @property
    def output(self) -> Tensor:
        return self.graph.tensors[self.nodes[-1].outputs[0]]

    @property
    def height(self) -> int:
        return self.output.shape[1]

    def parts(self, rows: int) -> Iterator[Rows]:
        """The output's rows, so many at a time."""
        for start in range(0, self.height, rows):
            yield start, min(start + rows, self.height)

    def needed(self, part: Rows) -> dict[TensorId, Rows]:
        """The rows of each image, written by the run or read from outside, that this part of the
        output takes."""
        found = {self.output.id: part}
        for node in reversed(self.nodes):
            rows = found[node.outputs[0]]
            for image, taken in self.read(node, rows).items():
                start, stop = found.get(image, taken)
                found[image] = min(start, taken[0]), max(stop, taken[1])
        return found

    def read(self, node: Node, rows: Rows) -> dict[TensorId, Rows]:
        """The rows of each image that the node reads for these of its output."""
        io = self.graph.operands(node)
        window = _windows(node, io)
        if window is None:
            return {t.id: rows for t in io.inputs if t is not None and not t.constant}
        height, _ = window
        return {node.inputs[0]: _under(height, rows)}


def run_of(graph: Graph, first: int, last: int) -> Run | None:
    """The nodes from position `first` to `last` as a run, where they are one."""
    nodes = graph.nodes[first : last + 1]
    made = {node.outputs[0] for node in nodes[:-1]}
    if not all(_by_rows(graph, node) for node in nodes):
        return None
    inside = {id(node) for node in nodes}
    for tensor_id in made:
        readers = graph.readers(tensor_id)
        if tensor_id in graph.outside or not readers or any(id(r) not in inside for r in readers):
            return None
    return Run(graph, nodes)


def _by_rows(graph: Graph, node: Node) -> bool:
    """Whether each row of its one output hangs on some rows of its inputs, in one image."""
    io = graph.operands(node)
    shape = io.output.shape
    if len(io.outputs) != 1 or len(shape) != 4 or shape[0] != 1:
        return False
    if isinstance(node.op, Convolution):
        return all(t is None or t.constant for t in io.inputs[1:])
    if isinstance(node.op, Pool2D):
        return True
    if isinstance(node.op, Lookup | Binary):
        return all(t is not None and _same_rows(t, shape) for t in io.inputs)
    return False


def _same_rows(tensor: Tensor, shape: Shape) -> bool:
    """Whether it is an image of as many rows, or a constant that is the same for every row."""
    if tensor.constant:
        return len(tensor.shape) < 3 or tensor.shape[-3] == 1
    return len(tensor.shape) == 4 and tensor.shape[:2] == shape[:2]


def _windows(node: Node, io: Operands) -> tuple[Extent, Extent] | None:
    """How its windows lie over height and width, where it has windows."""
    if isinstance(node.op, Convolution):
        return node.op.extents(io.input(0).shape, io.input(1).shape)
    return node.op.extents(io.input(0).shape) if isinstance(node.op, Pool2D) else None


def _under(height: Extent, rows: Rows) -> Rows:
    """The rows of the image under the windows of these rows of the output."""
    start = rows[0] * height.stride - height.before
    stop = (rows[1] - 1) * height.stride - height.before + height.span
    return max(0, start), min(height.input, stop)


@dataclass
class _Writer:
    """What the run becomes."""

    graph: Graph
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[TensorId, Tensor] = field(default_factory=dict)
    _joined: list[TensorId] = field(default_factory=list)

    def stripe(self, run: Run, part: Rows) -> None:
        """Compute these rows of the output."""
        needed = run.needed(part)
        made: dict[tuple[TensorId, Rows], TensorId] = {}
        whole = {t for node in run.nodes for t in node.outputs}
        for node in run.nodes:
            target = node.outputs[0]
            rows = needed[target]
            inputs = list(node.inputs)
            for image, taken in run.read(node, rows).items():
                there = needed[image] if image in whole else (0, self._image(image).shape[1])
                source = made[image, there] if image in whole else image
                if (image, taken) not in made:
                    made[image, taken] = self._cut(image, source, there, taken)
                inputs = [made[image, taken] if i == image else i for i in inputs]
            output = self._rows_of(target, rows)
            made[target, rows] = output
            self.nodes.append(Node(self._op(run, node, rows), tuple(inputs), (output,)))
        self._joined.append(made[run.output.id, part])

    def join(self, run: Run) -> None:
        """Put all stripes together."""
        self.nodes.append(Node(Concatenation(1), tuple(self._joined), (run.output.id,)))

    def _cut(self, image: TensorId, source: TensorId, there: Rows, taken: Rows) -> TensorId:
        """These rows of an image of which the rows `there` are in `source`."""
        if there == taken:
            return source
        target = self._rows_of(image, taken)
        shape = self.tensors[target].shape
        begin = self._constant([0, taken[0] - there[0], 0, 0])
        self.nodes.append(Node(Slice(), (source, begin, self._constant(shape)), (target,)))
        return target

    def _op(self, run: Run, node: Node, rows: Rows) -> Convolution | Pool2D | Lookup | Binary:
        """The operator with the border that these rows have."""
        op = node.op
        assert isinstance(op, Convolution | Pool2D | Lookup | Binary)
        windows = _windows(node, run.graph.operands(node))
        if windows is None or isinstance(op, Lookup | Binary):
            return op
        height, width = windows
        top = max(0, height.before - rows[0] * height.stride)
        reached = (rows[1] - 1) * height.stride - height.before + height.span
        border = Border(top, max(0, reached - height.input), width.before, width.after)
        return replace(op, padding=border)

    def _rows_of(self, image: TensorId, rows: Rows) -> TensorId:
        """A new tensor for these rows of an image."""
        tensor = self._image(image)
        _, _, *rest = tensor.shape
        name = f"{tensor.name.split(';')[0]}, rows {rows[0]} to {rows[1] - 1}"
        return self._new(replace(tensor, name=name, shape=(1, rows[1] - rows[0], *rest)))

    def _image(self, tensor_id: TensorId) -> Tensor:
        return self.graph.tensors[tensor_id]

    def _constant(self, numbers: Sequence[int]) -> TensorId:
        data: Array = np.array(numbers, np.int32)
        return self._new(Tensor(ABSENT, "rows", data.shape, DType.INT32, None, data))

    def _new(self, tensor: Tensor) -> TensorId:
        number = max(self.graph.tensors) + 1 + len(self.tensors)
        self.tensors[number] = replace(tensor, id=number)
        return number
