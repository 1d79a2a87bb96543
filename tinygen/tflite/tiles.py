"""TILE, which TensorFlow Lite Micro has not, as operators that it has.

Keras 3 repeats the rows and columns of an image by RESHAPE and TILE, one after the other: that is
RESIZE_NEAREST_NEIGHBOR. A TILE that repeats dimensions of length one alone is BROADCAST_TO.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Operands, Tensor, Values
from tinygen.ops.reshape import Reshape
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.tile import Tile
from tinygen.tflite.parse import parse
from tinygen.tflite.states import places
from tinygen.tflite.write import Instead, replaced

_LARGEST = 1 << 22
"""Elements of an image whose places are followed."""
_RANK = 5
"""Dimensions that TFLM's BROADCAST_TO has."""


def without_tiles(content: bytes, graph: Graph) -> bytes:
    """The file of this graph with other operators for its TILEs, where there are such; as it is
    where there is none to change. Needs TensorFlow where there is one."""
    at = places(parse(content, graph.name))
    found = tuple(instead for chain in _chains(graph) for instead in _parts(graph, chain, at))
    return replaced(content, found) if found else content


def _chains(graph: Graph) -> Iterator[list[Node]]:
    """RESHAPEs and TILEs in a row, each read by the next one alone."""
    taken: set[int] = set()
    for node in graph.nodes:
        chain: list[Node] = []
        following: Node | None = node
        while following is not None and id(following) not in taken and _repeats(following):
            taken.add(id(following))
            chain.append(following)
            following = graph.only_reader(following.outputs[0])
        if chain:
            yield chain


def _repeats(node: Node) -> bool:
    return isinstance(node.op, Reshape | Tile)


def _parts(graph: Graph, chain: list[Node], at: Sequence[int]) -> Iterator[Instead]:
    """What stands for parts of a chain, the longest that is an image resized first; `at` is where
    each node is in the file."""
    while chain:
        lengths = range(len(chain), 0, -1)
        length = next((n for n in lengths if _resize(graph, chain[:n])), 0)
        part, chain = chain[: max(1, length)], chain[max(1, length) :]
        those = tuple(at[graph.nodes.index(node)] for node in part)
        source, target = part[0].inputs[0], part[-1].outputs[0]
        shape = graph.tensors[target].shape
        resize = _resize(graph, part)
        if resize is not None:
            options = {"halfPixelCenters": resize.half_pixel_centers}
            yield Instead(those, resize.kind, source, shape[1:3], target, options)
        elif _broadcasts(graph, part[0]):
            yield Instead(those, "BROADCAST_TO", source, shape, target, {})


def _resize(graph: Graph, chain: Sequence[Node]) -> ResizeNearestNeighbor | None:
    """The resizing of an image that puts every element where the chain does."""
    source, target = graph.tensors[chain[0].inputs[0]], graph.tensors[chain[-1].outputs[0]]
    tiled = any(isinstance(node.op, Tile) for node in chain)
    ends = (source.shape[:1], source.shape[-1:]), (target.shape[:1], target.shape[-1:])
    image = len(source.shape) == len(target.shape) == 4 and ends[0] == ends[1]
    if not tiled or not image or target.elements > _LARGEST:
        return None
    places = np.arange(source.elements).reshape(source.shape)
    wanted = _moved(graph, chain, places)
    size = Tensor(ABSENT, "size", (2,), DType.INT32, None, np.array(target.shape[1:3], np.int32))
    io = Operands((source, size), (target,))
    for centers in (False, True):
        op = ResizeNearestNeighbor(align_corners=False, half_pixel_centers=centers)
        if wanted is not None and np.array_equal(op.compute(io, Values((places, None)))[0], wanted):
            return op
    return None


def _moved(graph: Graph, chain: Sequence[Node], places: Array) -> Array | None:
    """Where each element is behind the chain; None where a size is not known."""
    for node in chain:
        io = graph.operands(node)
        if isinstance(node.op, Tile) and not io.input(1).constant:
            return None
        (places,) = node.op.compute(io, Values((places, None)))
    return places


def _broadcasts(graph: Graph, node: Node) -> bool:
    """Whether it is a TILE that repeats nothing but single elements."""
    io = graph.operands(node)
    if not isinstance(node.op, Tile) or not io.input(1).constant:
        return False
    source, target = io.input(0).shape, io.output.shape
    alike = all(a in (1, b) for a, b in zip(source, target, strict=True))
    return alike and len(target) <= _RANK
