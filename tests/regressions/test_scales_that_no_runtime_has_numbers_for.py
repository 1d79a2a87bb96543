"""Functions of one number with absurd scales: RSQRT ended in a ZeroDivisionError. TANH, LOGISTIC,
ELU and RSQRT were compiled where TFLM shifts by more bits than there are or turns a float into an
int32 that does not hold it: the device then differed from the oracle. HARD_SWISH was one code off
where a shift goes beyond the 15 bits that are left of an int16.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.ops.network_file import Network
from tests.ops.tflite_file import reference, run_tflm, single_operator, tensor
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType
from tinygen.proof import oracle

CODES = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
SCALES = (1e-45, 1e-30, 1e-10, 1e-6, 1e-4, 0.05, 3.0, 1e4, 1e8, 1e20, 3e38)
FIXED = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH", "HARD_SWISH", "RSQRT", "ELU", "ABS", "RELU6"])
def test_equal_or_refused(kind: str) -> None:
    outputs = [FIXED[kind]] if kind in FIXED else itertools.product(SCALES, (-128, 5))
    equal = 0
    for source, (scale, point) in itertools.product(SCALES, outputs):
        edges = (
            tensor((1, 256), scale=source, zero_point=-128),
            tensor((1, 256), scale=scale, zero_point=point),
        )
        content = single_operator(kind, edges[:1], edges[1:], None)
        try:
            ours = reference(content, [CODES])[0]
        except UnsupportedModel:
            continue
        np.testing.assert_array_equal(ours, run_tflm(content, [CODES])[0])
        equal += 1
    assert equal > 2


def island(kind: str, source: tuple[float, int], target: tuple[float, int]) -> bytes:
    network = Network()
    real = network.call("DEQUANTIZE", [network.input((1, 256), source)], (1, 256), dtype=FLOAT)
    made = network.call(kind, [real], (1, 256), dtype=FLOAT)
    return network.file(network.call("QUANTIZE", [made], (1, 256), target))


FLOAT = DType.FLOAT32


@pytest.mark.parametrize(
    ("kind", "source", "target", "told"),
    [
        ("LOG", (0.1, -128), (0.1, 127), True),  # of zero
        ("SQRT", (0.1, 0), (0.1, -128), True),  # of negative numbers
        ("SQRT", (0.1, -128), (0.1, -128), False),
        ("FLOOR", (1e8, 0), (0.01, 0), True),  # beyond int32
        ("FLOOR", (0.1, 0), (0.1, 0), False),
    ],
)
def test_where_tflm_is_no_oracle_it_is_not_asked(
    kind: str, source: tuple[float, int], target: tuple[float, int], told: bool
) -> None:
    """What a cast makes of a float that int32 does not hold is the processor's."""
    graph = tflite.read(island(kind, source, target), "island")
    fault = oracle._tflm_fault(graph)
    assert (kind in fault) == told
    if not told:
        content = island(kind, source, target)
        (node,) = passes.simplify(graph).nodes
        ours = node.op.reference(passes.simplify(graph).operands(node), (CODES,))[0]
        np.testing.assert_array_equal(ours, run_tflm(content, [CODES])[0])
