"""int16 activations: kernel = reference = TFLM, for every operator that has them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Op, Shape, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.logistic import Logistic
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.mean import Mean, Sum
from tinygen.ops.mul import Mul
from tinygen.ops.relu import Relu
from tinygen.ops.relu6 import Relu6
from tinygen.ops.softmax import Softmax
from tinygen.ops.spatial import Padding
from tinygen.ops.squared_difference import SquaredDifference
from tinygen.ops.sub import Sub
from tinygen.ops.tanh import Tanh
from tinygen.ops.transpose_conv import TransposeConv

ONE = 2.0**-15
_SOURCE = 0.0003


def int16(shape: Shape = (), scale: float = 0.001, zero_point: int = 0) -> Tensor:
    """An activation."""
    return tensor(shape, DType.INT16, scale=scale, zero_point=zero_point)


def weights(shape: Shape, axis: int, rng: np.random.Generator, *, large: bool = False) -> Tensor:
    data = rng.integers(-128, 127, shape, dtype=np.int8, endpoint=True)
    if large:
        data = np.where(rng.random(shape) < 0.5, -128, 127).astype(np.int8)
    return int8(data=data, scale=rng.uniform(0.002, 0.01, shape[axis]).tolist(), axis=axis)


def bias(kind: str, of: Tensor, channels: int, rng: np.random.Generator) -> Tensor | None:
    """'int64', 'int32', 'large' (int64 beyond 32 bits) or 'absent'."""
    if kind == "absent":
        return None
    scales = [_SOURCE * scale for scale in of.q.scales]
    if kind == "int32":
        return int32(rng.integers(-(1 << 20), 1 << 20, channels, dtype=np.int32), scale=scales)
    most = 1 << (40 if kind == "large" else 24)
    data = rng.integers(-most, most, channels, dtype=np.int64)
    return tensor(dtype=DType.INT64, scale=scales, data=data)


def output(of: Tensor, products: int) -> Tensor:
    """In whose range random sums lie."""
    spread = 19000.0 * 74.0 * np.sqrt(products)
    return int16(scale=_SOURCE * float(np.mean(of.q.scales)) * spread / 14000)


BIASES = ("int64", "int32", "large", "absent")


def conv(name: str, image: Shape, channels: int, taps: int, **more: object) -> Case:
    rng = np.random.default_rng(len(name))
    groups, stride = int(more.get("groups", 1)), int(more.get("stride", 1))  # type: ignore[call-overload]
    dilation = int(more.get("dilation", 1))  # type: ignore[call-overload]
    kind = str(more.get("bias", "int64"))
    activation = more.get("activation", Activation.NONE)
    assert isinstance(activation, Activation)
    depth = image[2] // groups
    by = weights((channels, taps, taps, depth), 0, rng, large=bool(more.get("large")))
    return case(
        Conv2D(Padding.SAME, stride, stride, dilation, dilation, activation),
        [int16((1, *image), _SOURCE), by, bias(kind, by, channels, rng)],
        [output(by, taps * taps * depth)],
        name=name,
        options={
            "padding": Padding.SAME.value,
            **{"strideH": stride, "strideW": stride},
            **{"dilationHFactor": dilation, "dilationWFactor": dilation},
            "fusedActivationFunction": activation.value,
        },
    )


def convolutions() -> list[Case]:
    return [
        *(conv(f"3x3 {kind}", (5, 4, 3), 6, 3, bias=kind) for kind in BIASES),
        conv("1x1, wide", (3, 3, 9), 5, 1),
        conv("long and large", (7, 7, 24), 4, 7, large=True),
        conv("groups", (4, 4, 6), 4, 3, groups=2),
        conv("stride and dilation", (7, 6, 4), 4, 3, dilation=2),
        conv("strided relu6", (7, 6, 4), 7, 3, stride=2, activation=Activation.RELU6),
    ]


def depthwise(multiplier: int, kind: str, stride: int = 1, *, large: bool = False) -> Case:
    rng = np.random.default_rng(multiplier)
    channels = 5 * multiplier
    by = weights((1, 3, 3, channels), 3, rng, large=large)
    return case(
        DepthwiseConv2D(Padding.SAME, stride, stride, depth_multiplier=multiplier),
        [int16((1, 6, 5, 5), _SOURCE), by, bias(kind, by, channels, rng)],
        [output(by, 9)],
        name=f"depthwise {multiplier} {kind} {stride}",
        options={
            **{"padding": Padding.SAME.value, "strideH": stride, "strideW": stride},
            **{"depthMultiplier": multiplier, "dilationHFactor": 1, "dilationWFactor": 1},
        },
    )


def connected(name: str, units: int, depth: int, kind: str, *, large: bool = False) -> Case:
    rng = np.random.default_rng(units)
    by = weights((units, depth), 0, rng, large=large)
    return case(
        FullyConnected(),
        [int16((2, depth), _SOURCE), by, bias(kind, by, units, rng)],
        [output(by, depth)],
        name=name,
        options={},
    )


def transposed(kind: str, stride: int) -> Case:
    rng = np.random.default_rng(stride)
    by = weights((3, 3, 3, 4), 0, rng)
    size = 4 * stride
    inputs = [
        int32(np.array([1, size, size, 3], np.int32)),
        by,
        int16((1, 4, 4, 4), _SOURCE),
        bias(kind, by, 3, rng),
    ]
    options = {"padding": Padding.SAME.value, "strideH": stride, "strideW": stride}
    op = TransposeConv(Padding.SAME, stride, stride)
    shaped = tensor((1, size, size, 3), DType.INT16, scale=output(by, 36).q.scale)
    return case(op, inputs, [shaped], name=f"transposed {kind} {stride}", options=options)


def pair(op: Op, scales: tuple[float, float, float], *shapes: Shape) -> Case:
    first, second = shapes or ((2, 3, 5), (2, 3, 5))
    one = isinstance(op, Maximum)
    scale = (scales[0],) * 3 if one else scales
    activation = getattr(op, "activation", Activation.NONE)
    fused = (
        {}
        if one or isinstance(op, SquaredDifference)
        else {"fusedActivationFunction": activation.value}
    )
    return case(
        op,
        [int16(first, scale[0]), int16(second, scale[1])],
        [int16(scale=scale[2])],
        name=f"{op.kind} {scale} {shapes}",
        options=fused,
        random_vectors=4,
    )


def pairs() -> list[Case]:
    plain = [Add(Activation.NONE), Sub(Activation.NONE), Mul(Activation.NONE), Maximum(), Minimum()]
    scales = [(0.001, 0.0007, 0.0013), (0.0002, 0.003, 0.0001), (2.0**-12, 2.0**-13, 2.0**-11)]
    cases = [pair(op, scale) for op in plain for scale in scales]
    cases += [pair(op, scales[0], (2, 3, 4), (1, 3, 1)) for op in plain]
    cases += [pair(op, scales[1], (4,), (2, 4)) for op in plain]
    # In one of the runtimes the square's factor has to stay below 2^31.
    cases += [pair(SquaredDifference(), (0.001, 0.0007, 0.01), (2, 3, 4), (3, 1))]
    cases += [pair(Add(Activation.RELU), scales[0]), pair(Mul(Activation.RELU6), scales[0])]
    return cases


EVERY = np.arange(-(1 << 15), 1 << 15).astype(np.int16)
SOME = np.concatenate([EVERY[:16], EVERY[16:-16:61], EVERY[(1 << 15) - 16 :][:32], EVERY[-16:]])


def function(
    op: Op, codes: Array, scale: float, made: float, options: Mapping[str, object] | None = None
) -> Case:
    return case(
        op,
        [int16((1, codes.size), scale)],
        [int16(scale=made)],
        name=f"{op.kind} {scale:g}",
        options=options,
        values=[[codes.reshape(1, -1)]],
    )


def functions(codes: Array = SOME) -> list[Case]:
    rectified = [
        (LeakyRelu(alpha), {"alpha": alpha}) for alpha in (float(np.float32(0.3)), 0.0, -0.5, 1.5)
    ]
    cases = [function(op, codes, 0.0007, 0.0009, options) for op, options in rectified]
    cases += [function(Relu(), codes, 0.0007, 0.0003), function(Relu6(), codes, 0.0007, 0.0007)]
    scales = (2.0**-12, 2.0**-11, 2.0**-13, 0.0003, 0.0021, 1e-6, 0.7)
    cases += [function(op, codes, scale, ONE) for op in (Logistic(), Tanh()) for scale in scales]
    return cases


def pools() -> list[Case]:
    made = []
    for op_class, (stride, taps) in itertools.product(
        (AveragePool2D, MaxPool2D), ((1, 3), (2, 2), (3, 5))
    ):
        op = op_class(Padding.SAME, stride, stride, taps, taps)
        options = {
            **{"padding": Padding.SAME.value, "strideH": stride, "strideW": stride},
            **{"filterHeight": taps, "filterWidth": taps},
        }
        activation = int16((1, 7, 6, 5))
        made.append(case(op, [activation], [int16()], name=f"{op.kind} {taps}", options=options))
    return made


def reductions() -> list[Case]:
    made = []
    for op_class, axes in itertools.product((Mean, Sum), ((1, 2), (3,), (1,), (0, 1, 2, 3))):
        scale = 0.001 if op_class is Mean else 0.02
        inputs = [int16((2, 5, 4, 3), 0.0008), int32(np.array(axes, np.int32))]
        op, options = op_class(keep_dims=False), {"keepDims": False}
        name = f"{op.kind} {axes}"
        made.append(case(op, inputs, [int16(scale=scale)], name=name, options=options))
    return made


def shares() -> list[Case]:
    return [
        case(
            Softmax(beta),
            [int16((3, classes), scale)],
            [int16(scale=ONE)],
            name=f"softmax {classes} {scale:g} {beta}",
            options={"beta": beta},
            random_vectors=6,
        )
        for classes, scale, beta in ((10, 0.0003, 1.0), (1, 0.001, 1.0), (300, 2e-5, 2.0))
    ]


GROUPS = {
    "convolutions": convolutions,
    "depthwise": lambda: [
        *(depthwise(m, kind) for m in (1, 3) for kind in ("int64", "large", "absent")),
        depthwise(1, "int64", 2, large=True),
    ],
    "connected": lambda: [
        *(connected(f"connected {kind}", 6, 33, kind) for kind in BIASES),
        connected("connected long", 3, 4000, "int64", large=True),
    ],
    "transposed": lambda: [transposed(k, s) for k in ("int64", "absent") for s in (1, 2)],
    "pairs": pairs,
    "functions": functions,
    "pools": pools,
    "reductions": reductions,
    "shares": shares,
}


@pytest.mark.parametrize("group", GROUPS)
def test_kernel_reference_and_tflm_are_equal(group: str, tmp_path: Path) -> None:
    cases = GROUPS[group]()
    check_against_tflm(cases)
    check(cases, tmp_path)


def test_functions_of_every_code_equal_tflm() -> None:
    check_against_tflm(functions(EVERY))


def test_a_zero_point_is_refused() -> None:
    one = case(Add(Activation.NONE), [int16((4,)), int16((4,))], [int16(zero_point=3)])
    with pytest.raises(UnsupportedModel, match="zero point 3"):
        one.op.lower(one.io)


def test_types_are_not_mixed() -> None:
    one = case(Add(Activation.NONE), [int16((4,)), int8((4,))], [int16()])
    with pytest.raises(UnsupportedModel, match="int8"):
        one.op.lower(one.io)


def test_sums_take_64_bits_only_where_they_may_need_them() -> None:
    short, long = connected("short", 4, 33, "int64"), connected("l", 4, 4000, "int64", large=True)
    wide = [call.params["wide"] for one in (short, long) for call in one.lowered]  # type: ignore[union-attr]
    assert wide == [0, 1]
