"""SLICE along one dimension as GATHER, in the file: the interpreter's SLICE works out the place of
every element by divisions, its GATHER copies what lies in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygen.ir import DType, Graph
from tinygen.ops.slice import Slice
from tinygen.tflite import parse, places
from tinygen.tflite.write import Instead, replaced

_GATHERED = (DType.INT8, DType.FLOAT32)
"""What TFLM's GATHER moves."""


def with_gathers(content: bytes, graph: Graph) -> bytes:
    """The file of this graph with GATHER for such SLICEs; as it is where there is none. Needs
    TensorFlow where there is one."""
    found = tuple(_gathers(graph, places(parse(content, graph.name))))
    return replaced(content, found) if found else content


def _gathers(graph: Graph, in_file: Sequence[int]) -> Iterator[Instead]:
    for place, node in zip(in_file, graph.nodes, strict=True):
        io = graph.operands(node)
        if not isinstance(node.op, Slice) or not all(t and t.constant for t in io.inputs[1:]):
            continue
        source, target = io.input(0), io.output
        pairs = zip(source.shape, target.shape, strict=True)
        cut = [axis for axis, (whole, part) in enumerate(pairs) if whole != part]
        if len(cut) != 1 or source.dtype not in _GATHERED or not target.elements:
            continue
        first = int(io.integers(1).reshape(-1)[cut[0]])
        rows = tuple(range(first, first + target.shape[cut[0]]))
        yield Instead((place,), "GATHER", source.id, rows, target.id, {"axis": cut[0]})
