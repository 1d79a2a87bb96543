"""What to do about a layer that does not become int8 firmware.

tests/quantize/test_advice_is_followed.py has a model that gets each piece of advice, and one that
follows it and is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

THIRD = (
    "put frames into channels with Reshape and use its 2D kin, or TimeDistributed of that: neither"
    " engine has a third dimension in int8"
)
BEFORE = "compute it before the model, as the data are prepared: it has nothing to train"
MASK = "train without a mask, and fill up with zeros: leave out Masking and mask_zero"
COMPARE = "compare behind the model, or use ReLU for a threshold at zero"
SORT = "give all scores and sort them behind the model"
PICK = "give the whole tensor and pick behind the model"
SUPPRESS = "give boxes and scores and suppress behind the model"
ACTIVATIONS = ("relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hard_swish")
OTHERWISE = (
    "replace it by layers that `tinygen ops` lists, or an activation by "
    f"{', '.join(ACTIVATIONS[:-1])} or {ACTIVATIONS[-1]}"
)

BY_CLASS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("Conv3D", "Conv3DTranspose", "MaxPooling3D", "AveragePooling3D"),
            *("GlobalMaxPooling3D", "GlobalAveragePooling3D", "UpSampling3D"),
        ),
        THIRD,
    ),
    **dict.fromkeys(
        ("CategoryEncoding", "Discretization", "Hashing", "StringLookup", "TextVectorization"),
        BEFORE,
    ),
}
"""By the class of the Keras layer."""

BY_OPERATOR: Mapping[str, str] = {
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), THIRD),
    **dict.fromkeys(
        ("CAST", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"), COMPARE
    ),
    "TOPK_V2": SORT,
    "WHERE": PICK,
    **dict.fromkeys(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"), SUPPRESS),
}
"""By what it needs, where its class says nothing."""

_OF_MASKS = ("REDUCE_ANY", "NOT_EQUAL", "CAST")
_MASKED = (
    *("Masking", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "Softmax", "GlobalAveragePooling1D"),
    *("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
)
"""Layers that make masks or compute with them."""


def remedy(layer_class: str, operators: Iterable[str]) -> str:
    """What to do about a layer of this class that needs these operators."""
    if layer_class in BY_CLASS:
        return BY_CLASS[layer_class]
    operators = tuple(operators)
    if layer_class in _MASKED and any(kind in _OF_MASKS for kind in operators):
        return MASK
    return next((BY_OPERATOR[kind] for kind in operators if kind in BY_OPERATOR), OTHERWISE)
