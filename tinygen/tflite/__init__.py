"""`.tflite` files: bytes -> File -> Graph, and the ways in which tinygen writes one.

file = tflite.parse(content, "net.tflite")     what the tables say, bounded and checked
tflite.graph(file, "net")                      the operators that are compiled
"""

from __future__ import annotations

from tinygen.tflite.graph import graph, read
from tinygen.tflite.metadata import output_labels
from tinygen.tflite.parse import Call, File, FileTensor, parse, subgraphs
from tinygen.tflite.selects import without_selects
from tinygen.tflite.signatures import in_order_of_names, signatures, with_signature
from tinygen.tflite.states import forgets, forgetting, places, start, variables
from tinygen.tflite.tiles import without_tiles
from tinygen.tflite.write import with_edges, with_shapes

__all__ = [
    "Call",
    "File",
    "FileTensor",
    "forgets",
    "forgetting",
    "graph",
    "in_order_of_names",
    "output_labels",
    "parse",
    "places",
    "read",
    "signatures",
    "start",
    "subgraphs",
    "variables",
    "with_edges",
    "with_shapes",
    "with_signature",
    "without_selects",
    "without_tiles",
]
