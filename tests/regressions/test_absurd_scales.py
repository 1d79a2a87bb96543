"""Files with a scale of 1e-30, the least float32 or 3e38 were built, and right firmware called a
MISMATCH: what the runtimes compute of such scales is not defined, and each computes something else.
RSQRT with the least output scale, and CONCATENATION of tensors of other ranks, ended in a
traceback; a stride of a thousand million in TRANSPOSE_CONV took gigabytes of the host, and one of
more than 16 bits, which TensorFlow Lite Micro cuts off, was a MISMATCH.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tests.ops.tflite_file import constant, reference, run_tflm, single_operator, tensor
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Edge, Tensor
from tinygen.proof.vectors import choose

LEAST = float(np.finfo(np.float32).smallest_subnormal)
SANE = 0.05


def codes(shape: tuple[int, ...], scale: float, zero_point: int = 0) -> Tensor:
    return tensor(shape, DType.INT8, scale, zero_point)


@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        ("TANH", codes((1, 8), 1e-30, 4), codes((1, 8), 1 / 128)),
        ("LOGISTIC", codes((1, 8), 1e-30), codes((1, 8), 1 / 256, -128)),
        ("ELU", codes((1, 8), SANE), codes((1, 8), LEAST, -104)),
        ("ELU", codes((1, 8), 3.4e38, 100), codes((1, 8), 0.5, 100)),
        ("RSQRT", codes((1, 8), 1e-6, -128), codes((1, 8), LEAST)),
        ("QUANTIZE", tensor((1, 8), DType.UINT8, 1e-20, 3), codes((1, 8), SANE)),
    ],
)
def test_a_scale_of_which_runtimes_make_different_things(
    kind: str, source: Tensor, target: Tensor
) -> None:
    with pytest.raises(UnsupportedModel, match="has the scale") as refused:
        tflite.read(single_operator(kind, [source], [target]), "absurd")
    assert "1e-15 to 1e+15" in refused.value.why


def test_weights_that_training_made_vanish_have_any_scale() -> None:
    """Dead channels of real models: their scale is tiny, what they add is nothing."""
    source, target = codes((1, 4), SANE), codes((1, 2), SANE)
    weights = tensor((2, 4), DType.INT8, [0.01, 1e-32], data=np.full((2, 4), 100))
    options = {"weightsFormat": 0}
    content = single_operator("FULLY_CONNECTED", [source, weights, None], [target], options)
    value = np.full((1, 4), 50, np.int8)
    (ours,), (theirs,) = reference(content, [value]), run_tflm(content, [value])
    assert ours.tolist() == theirs.tolist() == [[127, 0]]


def test_a_concatenation_of_different_ranks_is_refused() -> None:
    parts = [codes((1, 2, 2, 3), SANE), codes((1, 2, 2), SANE)]
    content = single_operator("CONCATENATION", parts, [codes((1, 2, 2, 4), SANE)], {"axis": -1})
    with pytest.raises(UnsupportedModel, match="cannot join"):
        passes.simplify(tflite.read(content, "ranks"))


@pytest.mark.parametrize(
    ("stride", "runs"), [((1 << 15) - 1, True), (1 << 15, False), (1_000_000_000, False)]
)
def test_a_stride_beyond_the_output_takes_no_memory(stride: int, runs: bool) -> None:
    rng = np.random.default_rng(stride)
    weights = tensor((4, 2, 2, 5), DType.INT8, [0.01] * 4, data=rng.integers(-127, 128, 80))
    inputs = [constant([1, 6, 8, 4]), weights, codes((1, 3, 4, 5), SANE, 35)]
    content = single_operator(
        "TRANSPOSE_CONV",
        inputs,
        [codes((1, 6, 8, 4), 0.15, -118)],
        {"padding": 0, "strideH": stride, "strideW": 2},
    )
    if not runs:
        with pytest.raises(UnsupportedModel, match="strides"):
            passes.simplify(tflite.read(content, "strides"))
        return
    value = rng.integers(-128, 128, (1, 3, 4, 5)).astype(np.int8)
    tracemalloc.start()
    (ours,) = reference(content, [value])
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()
    (theirs,) = run_tflm(content, [value])
    assert np.array_equal(ours, theirs)


def test_vectors_of_a_large_input_are_there_once() -> None:
    edge = Edge("x", (1, 100, 1000), DType.INT8, SANE, 4, (), None)
    tracemalloc.start()
    inputs = choose([edge], [], seed=0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1.2 * sum(array.nbytes for array in (*inputs.quantized, *inputs.real))
