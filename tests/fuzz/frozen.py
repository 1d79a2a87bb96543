"""Frozen graphs to start from, and changes of one value in one: of a node, or of an attribute."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

_OPERATIONS = (
    *("Relu", "MatMul", "Conv2D", "AddV2", "Reshape", "Const", "Placeholder", "Identity", "Pad"),
    *("WriteFile", "ReadFile", "PyFunc", "VariableV2", "While", "Switch", "NoOp", "StridedSlice"),
    *("FusedBatchNormV3", "DepthwiseConv2dNative", "Mean", "Softmax", "ConcatV2", "NotThere", ""),
)
_SIZES = (-1, 0, 1, 2, 7, 1 << 31, (1 << 63) - 1, -(1 << 63))


def seeds() -> list[bytes]:
    """Of a small network, and of one with a function of its own."""
    import tensorflow

    v1 = tensorflow.compat.v1
    numbers = np.random.default_rng(1)
    found = []
    for inside in (False, True):
        with v1.Graph().as_default() as graph:
            image = v1.placeholder(tensorflow.float32, (None, 8, 8, 2), name="image")
            kernel = numbers.normal(size=(3, 3, 2, 4)).astype(np.float32)
            value = tensorflow.nn.conv2d(image, kernel, 2, "SAME")
            value = tensorflow.nn.relu(tensorflow.nn.bias_add(value, np.ones(4, np.float32)))
            value = tensorflow.reshape(tensorflow.nn.max_pool2d(value, 2, 2, "VALID"), (-1, 16))
            weights = numbers.normal(size=(16, 3)).astype(np.float32)
            dense = tensorflow.function(lambda v, w=weights: v @ w, autograph=False)
            tensorflow.nn.softmax(dense(value) if inside else value @ weights, name="scores")
            found.append(graph.as_graph_def().SerializeToString())
    return found


def change(rng: Random, content: bytes) -> bytes:
    """One value of one node."""
    from tensorflow.core.framework import graph_pb2

    definition = graph_pb2.GraphDef.FromString(content)
    functions = [node for f in definition.library.function for node in f.node_def]
    nodes = [*definition.node, *functions]
    node = rng.choice(nodes)
    way = rng.randrange(8)
    if way == 0:
        node.op = rng.choice(_OPERATIONS)
    elif way == 1 and node.input:
        other = rng.choice(nodes).name
        node.input[rng.randrange(len(node.input))] = rng.choice((other, f"^{other}", f"{other}:7"))
    elif way == 2:
        node.input.append(rng.choice(nodes).name)
    elif way == 3 and node.input:
        del node.input[rng.randrange(len(node.input))]
    elif way == 4:
        node.name = rng.choice((rng.choice(nodes).name, "", "a b", "/x", "\x1b[2J"))
    elif node.attr:
        _attribute(rng, node.attr[rng.choice(sorted(node.attr))], nodes)
    return bytes(definition.SerializeToString())


def _attribute(rng: Random, attribute: Any, nodes: Any) -> None:
    kind = attribute.WhichOneof("value")
    if kind == "tensor":
        dims = attribute.tensor.tensor_shape.dim
        way = rng.randrange(4)
        if way == 0 and dims:
            dims[rng.randrange(len(dims))].size = rng.choice(_SIZES)
        elif way == 1:
            dims.add(size=rng.choice(_SIZES))
        elif way == 2:
            attribute.tensor.dtype = rng.randrange(30)
        else:
            attribute.tensor.tensor_content = attribute.tensor.tensor_content[: rng.randrange(9)]
    elif kind == "shape":
        attribute.shape.dim.add(size=rng.choice(_SIZES))
    elif kind == "type":
        attribute.type = rng.randrange(130)
    elif kind == "i":
        attribute.i = rng.choice(_SIZES)
    elif kind == "list" and attribute.list.i:
        attribute.list.i[rng.randrange(len(attribute.list.i))] = rng.choice(_SIZES)
    elif kind == "s":
        attribute.s = rng.choice((b"", b"NCHW", b"SAME", b"EXPLICIT", b"\xff"))
    elif kind == "func":
        attribute.func.name = rng.choice(nodes).name
    elif kind == "b":
        attribute.b = not attribute.b
