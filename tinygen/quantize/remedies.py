"""What to do about a layer that does not become int8 firmware: advice that has been tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_THIRD = (
    "put frames into channels with Reshape and use its 2D kin, or TimeDistributed of that: neither"
    " engine has a third dimension in int8"
)
_BEFORE = "compute it before the model, as the data are prepared: it has nothing to train"
_MASK = "train without a mask, and fill up with zeros: leave out Masking and mask_zero"
_OF_MASKS = ("REDUCE_ANY", "NOT_EQUAL", "CAST")
_MASKED = (
    *("Masking", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "Softmax", "GlobalAveragePooling1D"),
    *("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
)
"""Layers that make masks or compute with them."""

BY_CLASS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("Conv3D", "Conv3DTranspose", "MaxPooling3D", "AveragePooling3D"),
            *("GlobalMaxPooling3D", "GlobalAveragePooling3D", "UpSampling3D"),
        ),
        _THIRD,
    ),
    **dict.fromkeys(
        ("CategoryEncoding", "Discretization", "Hashing", "StringLookup", "TextVectorization"),
        _BEFORE,
    ),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), "use TimeDistributed and LSTM"),
}
"""By the class of the Keras layer."""

BY_OPERATOR: Mapping[str, str] = {
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), _THIRD),
    **dict.fromkeys(
        ("WHILE", "IF"), "use LSTM, GRU or SimpleRNN, which are unrolled, or Conv1D over time"
    ),
    **dict.fromkeys(
        ("CAST", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"),
        "compare behind the model, or use ReLU for a threshold at zero",
    ),
    "TOPK_V2": "give all scores and sort them behind the model",
    "UNIQUE": _BEFORE,
    "WHERE": "give the whole tensor and pick behind the model",
    "NON_MAX_SUPPRESSION_V5": "give boxes and scores and suppress behind the model",
}
"""By what it needs, where its class says nothing."""

_ACTIVATIONS = "relu, relu6, leaky_relu, tanh, sigmoid or hard_swish"
OTHERWISE = f"replace it by layers that `tinygen ops` lists, or an activation by {_ACTIVATIONS}"


def remedy(layer_class: str, operators: Iterable[str]) -> str:
    """What to do about a layer of this class that needs these operators."""
    if layer_class in BY_CLASS:
        return BY_CLASS[layer_class]
    operators = tuple(operators)
    if layer_class in _MASKED and any(kind in _OF_MASKS for kind in operators):
        return _MASK
    return next((BY_OPERATOR[kind] for kind in operators if kind in BY_OPERATOR), OTHERWISE)
