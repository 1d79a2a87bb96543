"""One int8 model whose inside is numbers without a scale: masks, places, counts, floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.harness import int8
from tests.ops.network_file import Network
from tinygen.ir import DType, Shape, Tensor


def plain_numbers() -> bytes:
    """Two matrices of 6x8 in; six outputs."""
    net = Network()
    rng = np.random.default_rng(12)
    a, b = net.input((1, 6, 8)), net.input((1, 6, 8))

    def whole(kind: str, inputs: list[Tensor | object], shape: Shape, **options: Any) -> Tensor:
        return net.call(kind, inputs, shape, dtype=DType.INT32, **options)

    def mask(kind: str, inputs: list[Tensor | object], shape: Shape, **options: Any) -> Tensor:
        return net.call(kind, inputs, shape, dtype=DType.BOOL, **options)

    def real(kind: str, inputs: list[Tensor | object], shape: Shape, **options: Any) -> Tensor:
        return net.call(kind, inputs, shape, dtype=DType.FLOAT32, **options)

    best, worst = (
        whole("ARG_MAX", [a, 2], (1, 6), outputType=2),
        whole("ARG_MIN", [b, 2], (1, 6), outputType=2),
    )
    sums = whole("ADD", [best, worst], (1, 6), fusedActivationFunction=0)
    twice = whole("MUL", [sums, [2]], (1, 6), fusedActivationFunction=0)
    halves = whole("DIV", [twice, [4]], (1, 6), fusedActivationFunction=0)
    apart = whole("SQUARED_DIFFERENCE", [best, worst], (1, 6))
    least = whole("MINIMUM", [halves, apart], (1, 6))
    table = int8(data=rng.integers(-128, 127, (8, 3)), scale=0.01)
    rows = net.call("GATHER", [table, least], (1, 6, 3), (0.01, 0), axis=0)
    same = mask("EQUAL", [best, worst], (1, 6))
    more = mask("GREATER", [sums, [5]], (1, 6))
    both = mask("NOT_EQUAL", [same, more], (1, 6))
    wide = net.call("RESHAPE", [both, [1, 6, 1]], (1, 6, 1), dtype=DType.BOOL, newShape=[1, 6, 1])
    chosen = net.call("SELECT_V2", [wide, a, b], (1, 6, 8))
    flat = whole("RESHAPE", [least, [6]], (6,), newShape=[6])
    three = whole("SLICE", [flat, [0], [3]], (3,))
    place = whole("MINIMUM", [three, [0, 3, 3]], (3,))
    block = net.call("SLICE", [a, place, [1, 3, 5]], (1, 3, 5))
    first = net.call("RESHAPE", [a, [6, 8]], (6, 8), newShape=[6, 8])
    second = net.call("RESHAPE", [b, [6, 8]], (6, 8), newShape=[6, 8])
    product = net.call("FULLY_CONNECTED", [first, second], (6, 6), keepNumDims=False)
    corner = net.call("SLICE", [first, [2, 3], [1, 1]], (1, 1))
    number = net.call("RESHAPE", [corner, np.zeros(0)], (), newShape=[])
    filled = net.call("FILL", [[6, 6], number], (6, 6))
    weights = int8(data=rng.integers(-128, 127, (8, 4)), scale=0.02)
    vectors = real("EMBEDDING_LOOKUP", [flat, weights], (6, 4))
    counts = real("CAST", [flat], (6,), inDataType=2, outDataType=0)
    column = real("RESHAPE", [counts, [6, 1]], (6, 1), newShape=[6, 1])
    scaled = real("MUL", [vectors, column], (6, 4), fusedActivationFunction=0)
    padded = real("PAD", [scaled, [[0, 0], [1, 1]]], (6, 6))
    quantized = net.call("QUANTIZE", [padded], (6, 6))
    joined = net.call("CONCATENATION", [product, filled, quantized], (6, 18), axis=1)
    return net.file(rows, chosen, block, joined, least)
