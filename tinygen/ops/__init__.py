"""The operators, one file each, and the explicit list of them."""

from __future__ import annotations

from tinygen.ops.abs import Abs
from tinygen.ops.add import Add
from tinygen.ops.arg_max import ArgMax, ArgMin
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.batch_matmul import BatchMatmul
from tinygen.ops.batch_space import BatchToSpaceND, SpaceToBatchND
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.decode import Decode
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.div import Div
from tinygen.ops.dynamic_update_slice import DynamicUpdateSlice
from tinygen.ops.elu import Elu
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.fill import Fill, ZerosLike
from tinygen.ops.float_function import FloatFunction
from tinygen.ops.float_functions import (
    Ceil,
    Cos,
    Exp,
    Floor,
    FloorDiv,
    FloorMod,
    Gelu,
    Log,
    Neg,
    Pow,
    Round,
    Sign,
    Sin,
    Sqrt,
    Square,
)
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.gather import Gather, GatherNd
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.l2_normalization import L2Normalization
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.log_softmax import LogSoftmax
from tinygen.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from tinygen.ops.logistic import Logistic
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.mean import Mean, Sum
from tinygen.ops.mirror_pad import MirrorPad
from tinygen.ops.mul import Mul
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.prelu import Prelu
from tinygen.ops.quantize import Quantize
from tinygen.ops.reduce_max import ReduceAll, ReduceMax, ReduceMin
from tinygen.ops.relu import Relu, ReluN1To1
from tinygen.ops.relu6 import Relu6
from tinygen.ops.reshape import Reshape
from tinygen.ops.resize_bilinear import ResizeBilinear
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.reverse_v2 import ReverseV2
from tinygen.ops.rsqrt import Rsqrt
from tinygen.ops.running_sum import AddN, Cumsum
from tinygen.ops.select import Select, SelectV2
from tinygen.ops.shape_arithmetic import BroadcastArgs, Range, ReduceProd, ShapeOf
from tinygen.ops.slice import Slice
from tinygen.ops.softmax import Softmax
from tinygen.ops.space import DepthToSpace, SpaceToDepth
from tinygen.ops.split import Split, SplitV
from tinygen.ops.squared_difference import SquaredDifference
from tinygen.ops.squeeze import Squeeze
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.sub import Sub
from tinygen.ops.svdf import Svdf
from tinygen.ops.table import Table
from tinygen.ops.tanh import Tanh
from tinygen.ops.tile import BroadcastTo, Tile
from tinygen.ops.transpose import Transpose
from tinygen.ops.transpose_conv import TransposeConv
from tinygen.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm

OPERATORS: tuple[type[Parsed], ...] = (
    Abs,
    Add,
    AddN,
    ArgMax,
    ArgMin,
    AveragePool2D,
    BatchMatmul,
    BatchToSpaceND,
    BroadcastArgs,
    BroadcastTo,
    Cast,
    Ceil,
    Concatenation,
    Conv2D,
    Cos,
    Cumsum,
    DepthToSpace,
    Decode,
    DepthwiseConv2D,
    Dequantize,
    Div,
    DynamicUpdateSlice,
    Elu,
    EmbeddingLookup,
    Equal,
    Exp,
    ExpandDims,
    Fill,
    Floor,
    FloorDiv,
    FloorMod,
    FullyConnected,
    Gather,
    GatherNd,
    Gelu,
    Greater,
    GreaterEqual,
    HardSwish,
    L2Normalization,
    LeakyRelu,
    Less,
    LessEqual,
    Log,
    LogSoftmax,
    LogicalAnd,
    LogicalNot,
    LogicalOr,
    Logistic,
    MaxPool2D,
    Maximum,
    Mean,
    Minimum,
    MirrorPad,
    Mul,
    Neg,
    NotEqual,
    Pack,
    Pad,
    PadV2,
    Pow,
    Prelu,
    Quantize,
    Range,
    ReduceAll,
    ReduceMax,
    ReduceMin,
    ReduceProd,
    Relu,
    Relu6,
    ReluN1To1,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    ReverseV2,
    Round,
    Rsqrt,
    Select,
    SelectV2,
    ShapeOf,
    Sign,
    Sin,
    Slice,
    Softmax,
    SpaceToBatchND,
    SpaceToDepth,
    Split,
    SplitV,
    Sqrt,
    Square,
    SquaredDifference,
    Squeeze,
    StridedSlice,
    Sub,
    Svdf,
    Sum,
    Tanh,
    Tile,
    Transpose,
    TransposeConv,
    UnidirectionalSequenceLstm,
    Unpack,
    ZerosLike,
)
"""Every operator that is read from a .tflite file."""

BY_KIND = {operator.kind: operator for operator in OPERATORS}

__all__ = ["BY_KIND", "OPERATORS", "Elu", "FloatFunction", "Parsed", "Parser", "Table"]
