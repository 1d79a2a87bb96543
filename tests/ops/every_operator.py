"""One int8 model with every operator that the benchmark models and layers of Keras do not bring."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.harness import int8, int32, tensor
from tests.ops.network_file import Network
from tinygen.ir import DType, Shape, Tensor


def every_operator() -> bytes:
    """An image of 8x8x8 in; seven outputs."""
    net = Network()
    rng = np.random.default_rng(11)
    image = net.input((1, 8, 8, 8))
    a, b = net.parts("SPLIT", [3, image], [(1, 8, 8, 4)] * 2, numSplits=2)
    greater = net.call("MAXIMUM", [a, b], (1, 8, 8, 4))
    lesser = net.call("MINIMUM", [a, b], (1, 8, 8, 4))
    square = net.call("SQUARED_DIFFERENCE", [greater, lesser], (1, 8, 8, 4), (0.3, -128))
    slopes = int8(data=rng.integers(-128, 127, (1, 1, 4)), scale=0.01)
    bent = net.call("PRELU", [a, slopes], (1, 8, 8, 4))
    near = net.call("RESIZE_NEAREST_NEIGHBOR", [bent, [12, 10]], (1, 12, 10, 4))
    back = net.call("RESIZE_BILINEAR", [near, [8, 8]], (1, 8, 8, 4), halfPixelCenters=True)
    weights = int8(data=rng.integers(-99, 99, (4, 3, 3, 4)), scale=[0.01, 0.02, 0.01, 0.03])
    bias = int32(rng.integers(-999, 999, 4), scale=[0.001, 0.002, 0.001, 0.003])
    large = net.call(
        "TRANSPOSE_CONV",
        [[1, 16, 16, 4], weights, back, bias],
        (1, 16, 16, 4),
        padding=0,
        strideH=2,
        strideW=2,
    )
    deep = net.call("SPACE_TO_DEPTH", [large], (1, 8, 8, 16), blockSize=2)
    flat = net.call("DEPTH_TO_SPACE", [deep], (1, 16, 16, 4), blockSize=2)
    block = net.call("SLICE", [flat, [0, 3, 2, 0], [1, 8, 8, 4]], (1, 8, 8, 4))
    spread = net.call("SPACE_TO_BATCH_ND", [block, [2, 2], [[0, 0], [0, 0]]], (4, 4, 4, 4))
    whole = net.call("BATCH_TO_SPACE_ND", [spread, [2, 2], [[0, 1], [1, 0]]], (1, 7, 7, 4))
    mirrored = net.call(
        "MIRROR_PAD", [whole, [[0, 0], [1, 2], [2, 1], [0, 0]]], (1, 10, 10, 4), mode=0
    )
    turned = net.call("REVERSE_V2", [mirrored, [1]], (1, 10, 10, 4))
    greatest = net.call("REDUCE_MAX", [turned, [1, 2]], (1, 4), keepDims=False)
    least = net.call("REDUCE_MIN", [square, [1, 2]], (1, 4), (0.3, -128), keepDims=False)
    total = net.call("SUM", [square, [1, 2]], (1, 4), (9.0, -128), keepDims=False)
    root = net.call("RSQRT", [total], (1, 4), (0.0005, -128))
    size = net.call("ABS", [greatest], (1, 4))
    soft = net.call("ELU", [size], (1, 4))
    pair = net.call("PACK", [greatest, soft], (2, 1, 4), axis=0, valuesCount=2)
    one, other = net.parts("UNPACK", [pair], [(1, 4)] * 2, axis=0, num=2)
    wide = net.call("BROADCAST_TO", [one, [3, 4]], (3, 4))
    product = net.call("BATCH_MATMUL", [wide, other], (3, 1), (9.0, 0), adjX=False, adjY=True)
    rows = net.parts("SPLIT_V", [wide, [1, 2], 0], [(1, 4), (2, 4)], numSplits=2)
    picked = net.call("GATHER", [rows[1], [3, 0, 1]], (2, 3), axis=1)
    spots = net.call("GATHER_ND", [turned, [[0, 1, 2], [0, 3, 3]]], (2, 4))
    more = net.call("GREATER", [bent, back], (1, 8, 8, 4), dtype=DType.BOOL)
    equal = net.call("EQUAL", [a, b], (1, 8, 8, 4), dtype=DType.BOOL)
    either = net.call("LOGICAL_OR", [more, equal], (1, 8, 8, 4), dtype=DType.BOOL)
    never = net.call("LOGICAL_NOT", [either], (1, 8, 8, 4), dtype=DType.BOOL)
    both = net.call("LOGICAL_AND", [never, more], (1, 8, 8, 4), dtype=DType.BOOL)
    chosen = net.call("SELECT_V2", [both, a, back], (1, 8, 8, 4))
    joined = net.call("SELECT_V2", [more, chosen, bent], (1, 8, 8, 4))
    thrice = net.call("ADD_N", [a, b, bent], (1, 8, 8, 4), (0.2, 0))
    running = net.call("CUMSUM", [thrice, 2], (1, 8, 8, 4), (0.7, 3), exclusive=False, reverse=True)
    unit = net.call("L2_NORMALIZATION", [running], (1, 8, 8, 4), (1 / 128, 0))
    best = net.call("ARG_MAX", [unit, 2], (1, 8, 4), dtype=DType.INT32)
    table = int8(data=rng.integers(-128, 127, (8, 2)), scale=0.01)
    found = net.call("GATHER", [table, best], (1, 8, 4, 2), (0.01, 0), axis=0)
    scores = _standardized(net, a, b)
    numbers = net.call("CONCATENATION", [picked, spots], (2, 7), axis=1)
    return net.file(joined, numbers, product, root, least, found, scores)


def _standardized(net: Network, a: Tensor, b: Tensor) -> Tensor:
    """What a converter leaves in float: rows less their mean, over their deviation."""

    def real(kind: str, inputs: list[Tensor | object], shape: Shape, **options: Any) -> Tensor:
        return net.call(kind, inputs, shape, dtype=DType.FLOAT32, **options)

    whole, row = a.shape, (*a.shape[:-1], 1)
    first, second = (real("DEQUANTIZE", [t], whole) for t in (a, b))
    joined = real("MAXIMUM", [first, second], whole)
    mean = real("MEAN", [joined, [3]], row, keepDims=True)
    spread = real(
        "MEAN", [real("SQUARED_DIFFERENCE", [joined, mean], whole), [3]], row, keepDims=True
    )
    little = tensor(dtype=DType.FLOAT32, data=np.array(1e-3, np.float32))
    deviation = real("SQRT", [real("ADD", [spread, little], row)], row)
    scores = real("DIV", [real("SUB", [joined, mean], whole), deviation], whole)
    return net.call("QUANTIZE", [scores], whole, (0.02, 5))
