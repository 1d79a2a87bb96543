"""What each operator's kernel takes of TensorFlow Lite Micro's arena to be ready, in bytes.

The sizes are those of upstream's structs at the pinned revision on a core of 32-bit pointers, as
its allocator was seen to give them out; where kernel sets differ, the largest. `tests/tflm` holds
the arena that comes of it against arenas that were measured.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from tinygen.boards import Extension
from tinygen.engines.tflm import cmsis_nn_scratch, esp_nn_scratch
from tinygen.engines.tflm.kernel_sets import KernelSet, is_refused
from tinygen.errors import UnsupportedModel
from tinygen.ir import Op, Operands
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.transpose_conv import TransposeConv

_WORD = 4


@dataclass(frozen=True)
class Taken:
    """`parameters` are the operator's options, `data` what its kernel asks for first, `kept` what
    it asks for when it has seen its tensors; `scratch` is needed only while it computes. Its
    preparation `holds` so many descriptions of a tensor, and of a constant, at a time: most kernels
    ask for them twice, a convolution for its weights' three times."""

    parameters: int = 0
    data: int = 0
    kept: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()
    holds: tuple[int, int] = (2, 3)


MOVES: Mapping[str, Taken] = {
    "ASSIGN_VARIABLE": Taken(),
    "CALL_ONCE": Taken(parameters=4, data=8),
    "READ_VARIABLE": Taken(),
    "VAR_HANDLE": Taken(parameters=8, data=4),
}
"""Of the operators that move variables, which are no nodes of a graph."""


class UnknownOperator(UnsupportedModel):
    """An operator of which it is not known what its kernel takes."""


@dataclass(frozen=True)
class Kernels:
    """Which kernels compute, on a core with which extensions."""

    set: KernelSet
    extensions: Collection[Extension]


def taken(op: Op, io: Operands, kernels: Kernels) -> Taken:
    """What the kernel of one node takes. Raises UnknownOperator."""
    parameters, data = _SIZES.get(op.kind, (None, 0))
    if parameters is None:
        raise UnknownOperator(
            f"how much memory {op.kind} takes of TensorFlow Lite Micro is not known here",
            why="its arena can only be measured",
        )
    if kernels.set is KernelSet.CMSIS_NN and not is_refused(op, io):
        data = _CMSIS_NN_DATA.get(op.kind, data)
    more = _MORE.get(op.kind)
    kept, scratch = more(op, io, kernels) if more else ((), ())
    holds = _HOLDS.get(op.kind, Taken.holds)
    return Taken(parameters, data, kept, tuple(size for size in scratch if size), holds)


_More = tuple[tuple[int, ...], tuple[int, ...]]
"""Bytes that are kept, bytes of scratch."""


def _per_channel(io: Operands, axis: int) -> tuple[int, int]:
    """Multipliers and shifts."""
    channels = io.input(1).shape[axis]
    return (_WORD * channels, _WORD * channels)


def _convolution(op: Op, io: Operands, kernels: Kernels) -> _More:
    assert isinstance(op, Conv2D)
    scratch = {
        KernelSet.CMSIS_NN: cmsis_nn_scratch.convolution,
        KernelSet.ESP_NN_S3: esp_nn_scratch.convolution,
    }.get(kernels.set)
    return _per_channel(io, 0), (scratch(op, io) if scratch else 0, _unpacked(io, kernels))


def _unpacked(io: Operands, kernels: Kernels) -> int:
    """Weights of int4 as int8; CMSIS-NN reads them as they are."""
    packed = io.input(1).int4 and kernels.set is not KernelSet.CMSIS_NN
    return io.input(1).elements if packed else 0


def _depthwise(op: Op, io: Operands, kernels: Kernels) -> _More:
    assert isinstance(op, DepthwiseConv2D)
    scratch = 0
    if kernels.set is KernelSet.CMSIS_NN:
        scratch = cmsis_nn_scratch.depthwise(op, io, kernels.extensions)
    elif kernels.set is KernelSet.ESP_NN_S3:
        scratch = esp_nn_scratch.depthwise(op, io)
    return _per_channel(io, 3), (scratch, _unpacked(io, kernels))


def _transposed(op: Op, io: Operands, kernels: Kernels) -> _More:
    assert isinstance(op, TransposeConv)
    scratch: tuple[int, ...] = (_WORD * io.output.elements,)
    if kernels.set is KernelSet.CMSIS_NN:
        scratch = cmsis_nn_scratch.transposed(op, io)
    return _per_channel(io, 0), scratch


def _fully_connected(_: Op, io: Operands, kernels: Kernels) -> _More:
    units = io.input(1).shape[0]
    weights = io.input(1).quant
    channels = 0 if weights is None or weights.per_tensor else len(weights.scales)
    kept = [_WORD * channels] * 2 if channels else []
    scratch = 0
    if kernels.set is KernelSet.CMSIS_NN:
        if Extension.MVE in kernels.extensions:
            kept.append(_WORD * units)
        scratch = 2 * _WORD * units if len(io.output.shape) > 2 else 0
    return tuple(kept), (scratch, _unpacked(io, kernels))


def _batch_matmul(_: Op, io: Operands, kernels: Kernels) -> _More:
    """Both factors may be kept transposed."""
    kept = [_QUANTIZATION]
    for factor in (io.input(0), io.input(1)):
        kept += [_EVAL_TENSOR, _dims(len(factor.shape)), factor.nbytes]
    mve = kernels.set is KernelSet.CMSIS_NN and Extension.MVE in kernels.extensions
    return tuple(kept), (_WORD * io.output.shape[-1] if mve else 0,)


def _average(_: Op, io: Operands, kernels: Kernels) -> _More:
    dsp = kernels.set is KernelSet.CMSIS_NN and Extension.DSP in kernels.extensions
    return (), (_WORD * io.output.shape[3] if dsp else 0,)


def _softmax(_: Op, io: Operands, kernels: Kernels) -> _More:
    esp = kernels.set in (KernelSet.ESP_NN, KernelSet.ESP_NN_S3)
    shape = io.input(0).shape
    if esp and len(shape) < 2:
        raise UnknownOperator(
            "how much memory SOFTMAX of a vector takes of ESP-NN is not known here",
            why="its kernel reads a size that the tensor has not",
        )
    return (), (_WORD * shape[1] if esp else 0,)


def _reduction(_: Op, io: Operands, __: Kernels) -> _More:
    """An index, and the axes."""
    return (), (_WORD * len(io.input(0).shape), _WORD * max(1, io.input(1).elements))


def _sum(op: Op, io: Operands, kernels: Kernels) -> _More:
    """And sums of int32."""
    kept, scratch = _reduction(op, io, kernels)
    return kept, (*scratch, _WORD * io.output.elements)


def _mirror(_: Op, io: Operands, __: Kernels) -> _More:
    return (), (_WORD * len(io.input(0).shape),) * 2


def _several(_: Op, io: Operands, __: Kernels) -> _More:
    """ADD_N's operation is kept as late as that, and lists its inputs."""
    return (_ADD_N,), (_WORD * len(io.inputs),)


def _kept(size: int) -> Callable[[Op, Operands, Kernels], _More]:
    return lambda _, __, ___: ((size,), ())


def _own_shape(_: Op, io: Operands, __: Kernels) -> _More:
    """The output's shape, which the kernel works out."""
    return (_dims(len(io.output.shape)),), ()


def _lookup(_: Op, io: Operands, __: Kernels) -> _More:
    return (_EMBEDDING, _dims(len(io.output.shape))), ()


def _decode(_: Op, io: Operands, __: Kernels) -> _More:
    """A pointer and a state for each output, and the zero points of channels."""
    channels = (0 if t.quant is None else len(t.quant.scales) for t in io.outputs)
    states = (size for count in channels for size in (_DECODE_STATE, count if count > 1 else 0))
    return (_WORD * len(io.outputs), *states), ()


def _lstm(op: Op, io: Operands, kernels: Kernels) -> _More:
    """Sums and products of a step; CMSIS-NN adds up the weights of each gate beforehand."""
    units = io.input(5).shape[0]
    if kernels.set is KernelSet.CMSIS_NN and not is_refused(op, io):
        return (_WORD * units,) * 8, (2 * units,) * 3
    return (), (2 * units,) * 4


def _svdf(_: Op, io: Operands, kernels: Kernels) -> _More:
    """Sums of filters and of units; CMSIS-NN's for MVE adds up the weights beforehand."""
    filters = io.input(2).shape[0]
    mve = kernels.set is KernelSet.CMSIS_NN and Extension.MVE in kernels.extensions
    sums = (_WORD * io.output.shape[0] * filters, _WORD * io.output.elements)
    return ((_WORD * filters,) if mve else ()), sums


def _dims(rank: int) -> int:
    return _WORD + _WORD * rank


_EVAL_TENSOR, _QUANTIZATION, _ADD_N, _EMBEDDING, _DECODE_STATE = 12, 28, 40, 16, 40

_MORE: Mapping[str, Callable[[Op, Operands, Kernels], _More]] = {
    "ADD_N": _several,
    "AVERAGE_POOL_2D": _average,
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _convolution,
    "CUMSUM": _kept(36),
    "DECODE": _decode,
    "DEPTH_TO_SPACE": _own_shape,
    "DEPTHWISE_CONV_2D": _depthwise,
    "EMBEDDING_LOOKUP": _lookup,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _own_shape,
    "GATHER_ND": _own_shape,
    "LOG_SOFTMAX": _kept(28),
    "MEAN": _sum,
    "MIRROR_PAD": _mirror,
    "REDUCE_ALL": _reduction,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _own_shape,
    "SUM": _sum,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transposed,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}

_HOLDS = {"SVDF": (1, 1), "UNIDIRECTIONAL_SEQUENCE_LSTM": (1, 1)}
"""Of kernels of so many tensors that it counts."""

_SIZES: Mapping[str, tuple[int, int]] = {
    "ABS": (0, 28),
    "ADD": (2, 60),
    "ADD_N": (0, 0),
    "ARG_MAX": (1, 0),
    "ARG_MIN": (1, 0),
    "AVERAGE_POOL_2D": (40, 36),
    "BATCH_MATMUL": (3, 36),
    "BATCH_TO_SPACE_ND": (0, 0),
    "BROADCAST_ARGS": (0, 0),
    "BROADCAST_TO": (0, 0),
    "CAST": (2, 0),
    "CEIL": (0, 0),
    "CONCATENATION": (8, 24),
    "CONV_2D": (28, 60),
    "COS": (0, 0),
    "CUMSUM": (2, 0),
    "DECODE": (0, 0),
    "DEPTH_TO_SPACE": (4, 0),
    "DEPTHWISE_CONV_2D": (28, 60),
    "DEQUANTIZE": (0, 32),
    "DIV": (1, 28),
    "DYNAMIC_UPDATE_SLICE": (0, 0),
    "ELU": (0, 256),
    "EMBEDDING_LOOKUP": (0, 0),
    "EQUAL": (0, 32),
    "EXP": (0, 0),
    "EXPAND_DIMS": (0, 0),
    "FILL": (0, 0),
    "FLOOR": (0, 0),
    "FLOOR_DIV": (0, 0),
    "FLOOR_MOD": (0, 0),
    "FULLY_CONNECTED": (5, 48),
    "GATHER": (8, 0),
    "GATHER_ND": (0, 0),
    "GREATER": (0, 32),
    "GREATER_EQUAL": (0, 32),
    "HARD_SWISH": (0, 20),
    "L2_NORMALIZATION": (1, 4),
    "LEAKY_RELU": (4, 24),
    "LESS": (0, 32),
    "LESS_EQUAL": (0, 32),
    "LOG": (0, 0),
    "LOGICAL_AND": (0, 0),
    "LOGICAL_NOT": (0, 0),
    "LOGICAL_OR": (0, 0),
    "LOGISTIC": (0, 16),
    "LOG_SOFTMAX": (0, 0),
    "MAXIMUM": (0, 0),
    "MAX_POOL_2D": (40, 36),
    "MEAN": (1, 44),
    "MINIMUM": (0, 0),
    "MIRROR_PAD": (1, 20),
    "MUL": (1, 36),
    "NEG": (0, 0),
    "NOT_EQUAL": (0, 32),
    "PACK": (8, 0),
    "PAD": (0, 56),
    "PADV2": (0, 56),
    "PRELU": (0, 28),
    "QUANTIZE": (0, 32),
    "REDUCE_ALL": (1, 44),
    "REDUCE_MAX": (1, 44),
    "REDUCE_MIN": (1, 44),
    "RELU": (0, 28),
    "RELU6": (0, 28),
    "RESHAPE": (36, 0),
    "RESIZE_BILINEAR": (2, 0),
    "RESIZE_NEAREST_NEIGHBOR": (2, 0),
    "REVERSE_V2": (0, 0),
    "ROUND": (0, 0),
    "RSQRT": (0, 28),
    "SELECT_V2": (0, 1),
    "SHAPE": (1, 0),
    "SIN": (0, 0),
    "SLICE": (0, 0),
    "SOFTMAX": (4, 64),
    "SPACE_TO_BATCH_ND": (0, 4),
    "SPACE_TO_DEPTH": (4, 0),
    "SPLIT": (4, 0),
    "SPLIT_V": (4, 0),
    "SQRT": (0, 0),
    "SQUARE": (0, 0),
    "SQUARED_DIFFERENCE": (0, 112),
    "SQUEEZE": (36, 0),
    "STRIDED_SLICE": (24, 84),
    "SUB": (2, 60),
    "SUM": (1, 44),
    "SVDF": (8, 40),
    "TANH": (0, 16),
    "TRANSPOSE": (1, 0),
    "TRANSPOSE_CONV": (16, 76),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (16, 688),
    "UNPACK": (8, 0),
    "ZEROS_LIKE": (0, 0),
}
"""Bytes of each operator's options as upstream has them, and of what its kernel begins with."""

_CMSIS_NN_DATA = {"FULLY_CONNECTED": 72, "UNIDIRECTIONAL_SEQUENCE_LSTM": 912}
"""What CMSIS-NN's kernels begin with where that is more."""
