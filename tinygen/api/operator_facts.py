"""What is told of operators by hand: tests hold types and completeness against what runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Facts(NamedTuple):
    """Of an operator that is compiled."""

    layers: str
    types: tuple[str, ...] = ("int8",)
    """ "folded" alone where it is worked out beforehand, which is where it computes shapes."""
    note: str = ""


_ANY = ("any",)
_FOLDED = ("folded",)
_TABLE = ("table",)
"""Between a DEQUANTIZE and a QUANTIZE, as a table of int8 codes."""
_BOTH = ("int8", "table")
_COMPARED = ("int8", "int32", "float32")
_MASK = "to bool"
_EQUAL = (*_COMPARED, "bool")
_CODES = "codes: of int8, uint8 or int16"
_COUNTED = ("int8", "int32")
_WIDE = ("int8", "int16")
_WIDE_COUNTED = ("int8", "int16", "int32")
_PADDED = ("int8", "int16", "int32", "float32")

COMPILED: Mapping[str, Facts] = {
    "ABS": Facts("ops.abs, siamese distances", _WIDE),
    "ADD": Facts("Add, residual connections", _WIDE_COUNTED),
    "ADD_N": Facts("tf.add_n, of at most sixteen tensors"),
    "ARG_MAX": Facts("ops.argmax", ("int8 to int32",)),
    "ARG_MIN": Facts("ops.argmin", ("int8 to int32",)),
    "AVERAGE_POOL_2D": Facts("AveragePooling1D, AveragePooling2D", _WIDE),
    "BATCH_MATMUL": Facts("Dot, Attention, MultiHeadAttention", _WIDE),
    "BATCH_TO_SPACE_ND": Facts("dilated convolutions of an open batch", _ANY),
    "BROADCAST_ARGS": Facts("shapes that are computed", _FOLDED),
    "BROADCAST_TO": Facts("ops.broadcast_to", _ANY),
    "CAST": Facts(
        "ops.cast, masks",
        ("bool", "int8", "int32", "float32"),
        "and int16; to bool in aot alone",
    ),
    "CEIL": Facts("ops.ceil", _TABLE),
    "CONCATENATION": Facts("Concatenate", _ANY),
    "CONV_2D": Facts("Conv1D, Conv2D", _WIDE),
    "COS": Facts("ops.cos", _TABLE),
    "CUMSUM": Facts("ops.cumsum"),
    "DECODE": Facts("weights that TFLM's compression packed", _FOLDED),
    "DEPTHWISE_CONV_2D": Facts("DepthwiseConv2D, SeparableConv2D", _WIDE),
    "DEPTH_TO_SPACE": Facts("ops.depth_to_space, sub-pixel upsampling", _ANY),
    "DEQUANTIZE": Facts("float outputs", ("codes to float32",), _CODES),
    "DIV": Facts("ops.divide", _COUNTED),
    "DYNAMIC_UPDATE_SLICE": Facts("ops.slice_update", _ANY),
    "ELU": Facts("ELU", _BOTH),
    "EMBEDDING_LOOKUP": Facts("tf.nn.embedding_lookup", ("any", "int8 to float32")),
    "EQUAL": Facts("ops.equal", _EQUAL, _MASK),
    "EXP": Facts("softplus, mish, selu taken apart", _BOTH),
    "EXPAND_DIMS": Facts("ops.expand_dims", _ANY),
    "FILL": Facts("ops.full of a number that is computed", ("int8", "int32", "float32")),
    "FLOOR": Facts("ops.floor", _TABLE),
    "FLOOR_DIV": Facts("ops.floor_divide by a number", _TABLE),
    "FLOOR_MOD": Facts("ops.mod by a number", _TABLE),
    "FULLY_CONNECTED": Facts("Dense, products of two tensors", _WIDE),
    "GATHER": Facts("Embedding, ops.take", _ANY),
    "GATHER_ND": Facts("ops.take of positions", _ANY),
    "GELU": Facts("gelu", _BOTH),
    "GREATER": Facts("thresholded ReLU, ops.where", _COMPARED, _MASK),
    "GREATER_EQUAL": Facts("ops.where", _COMPARED, _MASK),
    "HARD_SWISH": Facts("hard_swish"),
    "L2_NORMALIZATION": Facts("UnitNormalization, tf.nn.l2_normalize"),
    "LEAKY_RELU": Facts("LeakyReLU", _WIDE),
    "LESS": Facts("ops.where", _COMPARED, _MASK),
    "LESS_EQUAL": Facts("ops.where", _COMPARED, _MASK),
    "LOG": Facts("softplus, mish taken apart", _BOTH),
    "LOGICAL_AND": Facts("ops.logical_and", ("bool",)),
    "LOGICAL_NOT": Facts("ops.logical_not", ("bool",)),
    "LOGICAL_OR": Facts("ops.logical_or", ("bool",)),
    "LOGISTIC": Facts("sigmoid", _WIDE),
    "LOG_SOFTMAX": Facts("log_softmax"),
    "MAXIMUM": Facts("Maximum, PReLU taken apart", _WIDE_COUNTED),
    "MAX_POOL_2D": Facts("MaxPooling1D, MaxPooling2D", _WIDE),
    "MEAN": Facts("GlobalAveragePooling1D, GlobalAveragePooling2D", _WIDE),
    "MINIMUM": Facts("Minimum, ReLU(max_value)", _WIDE_COUNTED),
    "MIRROR_PAD": Facts("ops.pad of mode reflect or symmetric", _ANY),
    "MUL": Facts("Multiply, squeeze-and-excitation", _WIDE_COUNTED),
    "NEG": Facts("ops.negative", _TABLE),
    "NOT_EQUAL": Facts("ops.not_equal", _EQUAL, _MASK),
    "PACK": Facts("ops.stack, unrolled recurrent layers", _ANY),
    "PAD": Facts("ZeroPadding1D, ZeroPadding2D", _PADDED),
    "PADV2": Facts("ops.pad with a value", _PADDED),
    "POW": Facts("ops.power of a number", _TABLE),
    "PRELU": Facts("PReLU", _WIDE),
    "QUANTIZE": Facts(
        "float inputs, changes of scale", ("float32 to codes", "codes"), _CODES + ", or int32"
    ),
    "RANGE": Facts("shapes that are computed", _FOLDED),
    "REDUCE_ALL": Facts("ops.all", ("bool",)),
    "REDUCE_MAX": Facts("GlobalMaxPooling1D, GlobalMaxPooling2D"),
    "REDUCE_MIN": Facts("ops.min"),
    "REDUCE_PROD": Facts("shapes that are computed", _FOLDED),
    "RELU": Facts("ReLU", _WIDE),
    "RELU6": Facts("ReLU(6)", _WIDE),
    "RELU_N1_TO_1": Facts("hard_tanh"),
    "RESHAPE": Facts("Flatten, Reshape", _ANY),
    "RESIZE_BILINEAR": Facts("UpSampling2D(interpolation='bilinear'), Resizing"),
    "RESIZE_NEAREST_NEIGHBOR": Facts("UpSampling2D", _ANY),
    "REVERSE_V2": Facts("ops.flip, Bidirectional", _ANY),
    "ROUND": Facts("ops.round", _TABLE),
    "RSQRT": Facts("LayerNormalization and its kin", _WIDE),
    "SELECT": Facts("tf.compat.v1.where"),
    "SELECT_V2": Facts("ops.where", _WIDE),
    "SHAPE": Facts("shapes that are computed", _FOLDED),
    "SIGN": Facts("ops.sign", _TABLE),
    "SIN": Facts("ops.sin", _TABLE),
    "SLICE": Facts("ops.slice", _ANY),
    "SOFTMAX": Facts("Softmax", (*_WIDE, "int8 to int16")),
    "SPACE_TO_BATCH_ND": Facts(
        "dilated convolutions of an open batch",
        ("int8",),
        "LiteRT is the oracle of its border: TFLM's is what its memory holds",
    ),
    "SPACE_TO_DEPTH": Facts("ops.space_to_depth", _ANY),
    "SPLIT": Facts("ops.split, unrolled LSTM and GRU", _ANY),
    "SPLIT_V": Facts("ops.split at given places, ShuffleNet", _ANY),
    "SQRT": Facts("ops.sqrt", _BOTH),
    "SQUARE": Facts("ops.square, L2 distances", _TABLE),
    "SQUARED_DIFFERENCE": Facts("LayerNormalization, L2 distances", _WIDE_COUNTED),
    "SQUEEZE": Facts("ops.squeeze", _ANY),
    "STRIDED_SLICE": Facts("Cropping1D, Cropping2D, indexing", _ANY),
    "SUB": Facts("Subtract", _WIDE_COUNTED),
    "SUM": Facts("ops.sum", _WIDE),
    "SVDF": Facts("none; files of speech models have it", note="with a state of int16 or int8"),
    "TANH": Facts("tanh", _WIDE),
    "TILE": Facts("RepeatVector, UpSampling2D of Keras 3", _ANY),
    "TRANSPOSE": Facts("Permute", _ANY),
    "TRANSPOSE_CONV": Facts("Conv1DTranspose, Conv2DTranspose", _WIDE),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Facts(
        "LSTM of a fixed batch",
        _WIDE,
        "with a cell of int16; no converter makes it of int16 activations",
    ),
    "UNPACK": Facts("ops.unstack, unrolled recurrent layers", _ANY),
    "ZEROS_LIKE": Facts("ops.zeros_like", _FOLDED),
}

_VARIABLE = "variables of streaming layers"
VARIABLES: Mapping[str, Facts] = {
    "ASSIGN_VARIABLE": Facts(_VARIABLE, _ANY),
    "CALL_ONCE": Facts(_VARIABLE, _ANY, "that assigns constants"),
    "READ_VARIABLE": Facts(_VARIABLE, _ANY),
    "VAR_HANDLE": Facts(_VARIABLE, _ANY),
}
"""What becomes state of the graph, and no operator of it."""

ONLY_LITERT = frozenset({"GELU", "POW", "RELU_N1_TO_1", "SELECT", "SIGN", "TILE"})
"""TFLM's resolver does not have them."""

FLOAT_IN_TFLM = frozenset(
    {
        "CEIL",
        "COS",
        "EXP",
        "FLOOR",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "LOG",
        "NEG",
        "ROUND",
        "SIN",
        "SQRT",
        "SQUARE",
    }
)
"""TFLM has no int8 kernel of them."""

_STATE = "keeps state between inferences"
_FLOW = "control flow; recurrent layers are compiled unrolled"
_FLOAT = "TFLM has it in float alone"
_SIGNAL = "an operator of TFLM's signal library, on int16 and int32"

MISSING: Mapping[str, str] = {
    "CIRCULAR_BUFFER": _STATE,
    "DELAY": _SIGNAL,
    "DETECTION_POSTPROCESS": "computes in float",
    "ENERGY": _SIGNAL,
    "ETHOS_U": "a stream of commands that Vela makes; `build --npu` has it made of other operators",
    "FFT_AUTO_SCALE": _SIGNAL,
    "FILTER_BANK": _SIGNAL,
    "FILTER_BANK_LOG": _SIGNAL,
    "FILTER_BANK_SPECTRAL_SUBTRACTION": _SIGNAL,
    "FILTER_BANK_SQUARE_ROOT": _SIGNAL,
    "FRAMER": _SIGNAL,
    "IF": _FLOW,
    "IRFFT": _SIGNAL,
    "L2_POOL_2D": _FLOAT,
    "OVERLAP_ADD": _SIGNAL,
    "PCAN": _SIGNAL,
    "RFFT": _SIGNAL,
    "STACKER": _SIGNAL,
    "WHILE": _FLOW,
    "WINDOW": _SIGNAL,
}
"""Operators that TFLM's resolver has at the pinned revision, and why they are not compiled."""
