"""SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND as one dilated convolution, in the file.

The interpreter's convolutions have dilation, and its SPACE_TO_BATCH_ND writes what its memory holds
where the border is. What the optimizer of the engine aot finds (`passes/fold_dilations.py`) is
written into the file that goes into the firmware, where its border is one that a file can say. The
oracle runs the file as it was, so that a wrong one would be a MISMATCH.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tinygen.ir import Graph, Node
from tinygen.ops.convolution import Convolution
from tinygen.ops.spatial import Padding
from tinygen.passes.fold_dilations import fold_dilations
from tinygen.tflite import parse, places
from tinygen.tflite.write import Dilated, with_dilations


def with_dilated(content: bytes, graph: Graph) -> bytes:
    """The file of this graph with dilated convolutions, where there are such; as it is where there
    is none. Needs TensorFlow where there is one."""
    found = tuple(_dilated(graph, places(parse(content, graph.name))))
    return with_dilations(content, found) if found else content


def _dilated(graph: Graph, in_file: Sequence[int]) -> Iterator[Dilated]:
    """What becomes of the operators, by their places."""
    folded = fold_dilations(graph)
    at = {id(node): place for place, node in zip(in_file, graph.nodes, strict=True)}
    found: list[tuple[Node, Node, Node, Node, Padding]] = []
    for last, node in zip(graph.nodes, folded.nodes, strict=True):
        middle = graph.writer(last.inputs[0]) if node is not last else None
        first = None if middle is None else graph.writer(middle.inputs[0])
        padding = None if first is None else _padding(graph, node)
        if middle is not None and first is not None and padding is not None:
            found.append((first, middle, last, node, padding))
    dilated = {id(middle) for _, middle, *_ in found}
    for first, middle, last, node, padding in found:
        readers = graph.readers(first.outputs[0])
        assert isinstance(node.op, Convolution)
        yield Dilated(
            place=at[id(last)],
            convolution=at[id(middle)],
            gone=at[id(first)] if all(id(r) in dilated for r in readers) else None,
            source=node.inputs[0],
            padding=padding.value,
            factors=(node.op.dilation_height, node.op.dilation_width),
        )


def _padding(graph: Graph, node: Node) -> Padding | None:
    """The rule that comes to the convolution's border; None where there is none."""
    op, io = node.op, graph.operands(node)
    assert isinstance(op, Convolution)
    shapes = io.input(0).shape, io.input(1).shape
    wanted = op.extents(*shapes)
    rules = (rule for rule in Padding if replace(op, padding=rule).extents(*shapes) == wanted)
    return next(rules, None)
