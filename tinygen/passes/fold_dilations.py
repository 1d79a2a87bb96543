"""SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND become one dilated convolution.

Files that were made with an open batch have dilation so: images of every n-th pixel, a plain
convolution of each, and the pixels put together again. What is written around the image before is a
border of the windows, and what is cut off afterwards makes it smaller.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.errors import UnsupportedModel
from tinygen.ir import Graph, Node
from tinygen.ops.batch_space import BatchToSpaceND, SpaceToBatchND
from tinygen.ops.convolution import Convolution
from tinygen.ops.spatial import Border


def fold_dilations(graph: Graph) -> Graph:
    """The graph with dilated convolutions; what nobody reads any more goes as dead code."""
    folded = {id(node): _dilated(graph, node) for node in graph.nodes}
    nodes = tuple(folded[id(node)] or node for node in graph.nodes)
    return graph.replace(nodes=nodes) if any(folded.values()) else graph


def _dilated(graph: Graph, last: Node) -> Node | None:
    """The convolution of which this node gathers the pixels; None for any other node."""
    if not isinstance(last.op, BatchToSpaceND):
        return None
    middle = graph.writer(last.inputs[0])
    first = None if middle is None else graph.writer(middle.inputs[0])
    if middle is None or first is None or not isinstance(middle.op, Convolution):
        return None
    if not isinstance(first.op, SpaceToBatchND) or graph.only_reader(middle.outputs[0]) is not last:
        return None
    spread, taken, gathered = (graph.operands(node) for node in (first, middle, last))
    op, source, target = middle.op, spread.input(0), gathered.output
    blocks = tuple(int(b) for b in spread.integers(1).reshape(-1))
    plain = (op.stride_height, op.stride_width, op.dilation_height, op.dilation_width)
    if len(blocks) != 2 or blocks != tuple(gathered.integers(1).reshape(-1)) or plain != (1,) * 4:
        return None
    alike = source.quant == spread.output.quant and taken.output.quant == target.quant
    windows = op.extents(taken.input(0).shape, taken.input(1).shape)
    sides = [
        int(before) - int(cut)
        for row, cuts in zip(spread.integers(2), gathered.integers(2), strict=True)
        for before, cut in zip(row, cuts, strict=True)
    ]
    if not alike or any(window.before or window.after for window in windows) or min(sides) < 0:
        return None
    dilated = replace(
        op, padding=Border(*sides), dilation_height=blocks[0], dilation_width=blocks[1]
    )
    inputs = (source.id, *middle.inputs[1:])
    try:
        shapes = dilated.infer(
            replace(taken, inputs=(source, *taken.inputs[1:]), outputs=(target,))
        )
    except UnsupportedModel:
        return None
    return Node(dilated, inputs, last.outputs) if shapes == (target.shape,) else None
