"""The estimated costs of portable kernels, against instructions counted on the emulated core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.cores import KERNELS, Core
from tests.ops.drawn_products import deconvolution, product
from tests.ops.drawn_recurrent import lstm
from tests.ops.harness import Case, case, int8, int32, offered, tensor
from tests.ops.measure import CORE, Measured, measure, measure_cases
from tests.ops.test_int16 import function
from tests.ops.test_int16_more import matmul, prelu
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_fully_connected import dense
from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.engines.aot.kernel_sets.portable import FITS
from tinygen.ir import DType, KernelCall, Op, Tensor
from tinygen.ops.abs import Abs
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.arg_max import ArgMax
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import Greater, Less
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.div import Div
from tinygen.ops.dynamic_update_slice import DynamicUpdateSlice
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.fill import Fill
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.gather import Gather, GatherNd
from tinygen.ops.l2_normalization import L2Normalization
from tinygen.ops.log_softmax import LogSoftmax
from tinygen.ops.logical import LogicalAnd
from tinygen.ops.maximum import Maximum
from tinygen.ops.mean import Mean
from tinygen.ops.mul import Mul
from tinygen.ops.pad import Pad
from tinygen.ops.prelu import Prelu
from tinygen.ops.quantize import Quantize
from tinygen.ops.real import RealFold, RealMap, RealPair
from tinygen.ops.reduce_max import ReduceMax
from tinygen.ops.resize_bilinear import ResizeBilinear
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.running_sum import AddN, Cumsum
from tinygen.ops.select import SelectV2
from tinygen.ops.shift import Shift
from tinygen.ops.slice import Slice
from tinygen.ops.spatial import Padding
from tinygen.ops.squared_difference import SquaredDifference
from tinygen.ops.tanh import Tanh
from tinygen.ops.transpose import Transpose

SHAPE = (1, 12, 12, 16)
FACTOR = 1.8
"""An estimate may be so far off for one layer of one kernel, small ones apart."""
SMALL = 1_000
FAST = {
    "add_affine",
    "conv_2d_packed",
    "depthwise_conv_2d_packed",
    "fully_connected_blocked",
    "conv_2d_rice",
    "fully_connected_expanded",
    "fully_connected_int4",
    "fully_connected_rice",
}
"""Kernels whose cost is told where they are offered."""


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = CORE.missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")


def moved(op: Op, source: Tensor, target: Tensor, *constants: object) -> Case:
    rest = [int32(np.array(values)) for values in constants]
    return case(op, [source, *rest], [target], random_vectors=1)


def near(rows: list[Measured]) -> None:
    for row in rows:
        if row.instructions > SMALL:
            ratio = row.estimate / row.instructions
            assert 1 / FACTOR < ratio < FACTOR, f"{row.layer.call.kernel}: {ratio:.2f}"


def test_every_kernel_is_estimated() -> None:
    names = {path.stem.removeprefix("tg_") for path in (KERNELS / "portable").glob("tg_*.h")}
    assert names - FAST == set(FITS)


def test_the_digits_model(tmp_path: Path) -> None:
    graph = passes.simplify(tflite.read(GOLDEN_MODEL.read_bytes(), "digits"))
    rows = measure(compile_graph(graph), tmp_path)
    near(rows)
    whole = sum(row.estimate for row in rows) / sum(row.instructions for row in rows)
    assert 0.8 < whole < 1.25


def test_activations_of_int16(tmp_path: Path) -> None:
    near(
        measure_cases(
            [
                prelu((1, 12, 12, 10), (1, 1, 10), 0.0008),
                matmul((2, 20, 32), (2, 32, 20), (False, False), 0.02),
                function(Abs(), np.arange(-700, 700).astype(np.int16), 0.001, 0.0007),
                lstm(np.random.default_rng(1), 8, 8, 8, power=-11, wide=True),
            ],
            tmp_path,
        )
    )


def test_sums(tmp_path: Path) -> None:
    source = int8(SHAPE, 0.1, 3)
    cases = [
        case(AddN(), [source] * 3, [int8((), 0.2, 1)], random_vectors=1),
        case(AddN(), [source] * 8, [int8((), 0.2, 1)], random_vectors=1),
        moved(LogSoftmax(), int8((40, 10), 0.1, 3), int8((), 1 / 16, 127)),
        moved(Cumsum(exclusive=False, reverse=False), source, int8((), 0.9), 1),
        moved(ArgMax(), source, tensor((), DType.INT32), 3),
        moved(L2Normalization(), source, int8((), 1 / 128)),
    ]
    near(measure_cases(cases, tmp_path))


def test_products(tmp_path: Path) -> None:
    rng, same = np.random.default_rng(1), Padding.SAME
    cases = [
        deconvolution((1, 8, 8, 16), (3, 3), (2, 2), 8, rng, padding=same),
        deconvolution((1, 8, 8, 8), (4, 4), (2, 2), 3, rng, padding=same),
        product((1, 20, 32), (1, 32, 20), rng),
    ]
    near(measure_cases(cases, tmp_path))


def test_kernels_of_two_inputs(tmp_path: Path) -> None:
    a, b, bools = int8(SHAPE, 0.1, 3), int8(SHAPE, 0.2, 1), tensor(SHAPE, DType.BOOL)
    cases = [
        case(op, inputs, [output], random_vectors=1)
        for op, inputs, output in (
            (Div(Activation.NONE), [a, b], int8((), 0.005, 1)),
            (Maximum(), [a, a], int8((), 0.1, 3)),
            (SquaredDifference(), [a, b], int8((), 0.2, 1)),
            (Prelu(), [a, int8((1, 1, 16), 0.02, 1)], int8((), 0.1, 3)),
            (Greater(), [a, b], tensor((), DType.BOOL)),
            (LogicalAnd(), [bools, bools], tensor((), DType.BOOL)),
            (SelectV2(), [bools, a, a], int8((), 0.1, 3)),
        )
    ]
    near(measure_cases(cases, tmp_path))


def test_kernels_of_plain_numbers(tmp_path: Path) -> None:
    ints, reals = tensor(SHAPE, DType.INT32), tensor(SHAPE, DType.FLOAT32)
    table = int8(data=np.ones((50, 16), np.int8), scale=0.1)
    cases = [
        case(Add(Activation.NONE), [ints, ints], [tensor((), DType.INT32)]),
        case(Less(), [ints, ints], [tensor((), DType.BOOL)]),
        moved(Cast(), ints, reals),
        case(Fill(), [int32(np.array(SHAPE)), int8((), 0.1)], [int8((), 0.1)]),
        case(
            Slice(),
            [int8(SHAPE, 0.1), tensor((4,), DType.INT32), int32(np.array((1, 6, 6, 16)))],
            [int8((), 0.1)],
        ),
        case(
            EmbeddingLookup(),
            [tensor((64,), DType.INT32), table],
            [tensor((), DType.FLOAT32)],
            values=[[np.zeros(64, np.int32)]],
        ),
        case(
            FullyConnected(),
            [int8((20, 32), 0.1, 3), int8((20, 32), 0.1, 5)],
            [int8((), 2.0)],
        ),
    ]
    near(measure_cases(cases, tmp_path))


def test_kernels_without_weights(tmp_path: Path) -> None:
    q = (0.1, 3)
    floats = tensor(SHAPE, DType.FLOAT32)
    cases = [
        case(Add(Activation.NONE), [int8(SHAPE, *q), int8(SHAPE, *q)], [int8((), 0.2, 1)]),
        case(Mul(Activation.NONE), [int8(SHAPE, *q), int8(SHAPE, *q)], [int8((), 0.2, 1)]),
        moved(Shift(), int8(SHAPE, *q), int8((), *q)),
        moved(Tanh(), int8(SHAPE, *q), int8((), 1 / 128, 0)),
        moved(Transpose(), int8(SHAPE, *q), int8((), *q), (0, 3, 1, 2)),
        moved(Pad(), int8(SHAPE, *q), int8((), *q), ((0, 0), (1, 1), (2, 1), (0, 0))),
        moved(Mean(keep_dims=True), int8(SHAPE, *q), int8((), *q), (1, 2)),
        moved(ReduceMax(), int8(SHAPE, *q), int8((), *q), (1, 2)),
        moved(ResizeBilinear(False, True), int8(SHAPE, *q), int8((), *q), (18, 20)),
        moved(ResizeNearestNeighbor(False, False), int8(SHAPE, *q), int8((), *q), (18, 20)),
        case(
            Gather(0),
            [int8((), *q, data=np.zeros((50, 16), np.int8)), tensor((1, 64), DType.INT32)],
            [int8((), *q)],
            values=[[np.zeros((1, 64), np.int32)]],
        ),
        case(
            GatherNd(),
            [int8((9, 9, 16), *q), tensor((64, 2), DType.INT32)],
            [int8((), *q)],
            values=[[np.zeros((9, 9, 16), np.int8), np.zeros((64, 2), np.int32)]],
        ),
        case(
            DynamicUpdateSlice(),
            [int8(SHAPE, *q), int8((1, 6, 6, 16), *q), tensor((4,), DType.INT32)],
            [int8((), *q)],
            values=[
                [np.zeros(s, np.int8) for s in (SHAPE, (1, 6, 6, 16))] + [np.zeros(4, np.int32)]
            ],
        ),
        moved(Quantize(), floats, int8((), *q)),
        moved(RealMap("RELU6"), floats, tensor((), DType.FLOAT32)),
        moved(RealFold(True, "MEAN"), floats, tensor((), DType.FLOAT32), (1, 2)),
        case(RealPair("ADD"), [floats, floats], [tensor((), DType.FLOAT32)]),
        moved(Dequantize(), int8(SHAPE, *q), tensor((), DType.FLOAT32)),
    ]
    near(measure_cases(cases, tmp_path))


@pytest.mark.parametrize(
    "name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"]
)
def test_a_benchmark_model(name: str, models: Path, tmp_path: Path) -> None:
    content = (models / f"{name}.tflite").read_bytes()
    rows = measure(compile_graph(passes.simplify(tflite.read(content, name))), tmp_path)
    near(rows)
    whole = sum(row.estimate for row in rows) / sum(row.instructions for row in rows)
    assert 0.9 < whole < 1.1


FAMILIES = (
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m3", "-O2"),
    Core("qemu-hifive1", "-O2"),
    Core("qemu-xtensa", "-O2"),
)


@pytest.mark.parametrize("core", FAMILIES, ids=lambda core: core.name)
def test_fast_kernels_of_each_family(core: Core, tmp_path: Path) -> None:
    """Within 15 %, layers that are not tiny."""
    tool = core.missing_tool()
    if tool is not None:
        pytest.skip(f"{tool} is not installed")
    relu, same, few = Activation.RELU, Padding.SAME, (1, 4, 8, 16)
    cases = [
        conv("1x1", (4, 5, 32), 16, (1, 1), activation=relu),
        conv("3x3", (5, 5, 12), 8, (3, 3), activation=relu),
        depthwise("3x3", (9, 6, 4), activation=relu, padding=same),
        dense("one row", (1, 64), 32, activation=relu),
        case(Add(relu), [int8(few, 0.1, 3), int8(few, 0.1, 3)], [int8((), 0.2, 1)]),
    ]
    fast = [one for one in offered(cases, Portable(), core.core) if _kernel(one) in FAST]
    assert len(fast) == len(cases)
    rows = {row.layer.call.kernel.name: row for row in measure_cases(fast, tmp_path, core)}
    for name, row in rows.items():
        assert 0.85 < row.estimate / row.instructions < 1.18, f"{name}: {row}"


def _kernel(one: Case) -> str:
    (call,) = one.lowered
    assert isinstance(call, KernelCall)
    return call.kernel.name
