"""Is a Keras model's configuration harmless? Decided before anything opens the file.

A Keras file names classes and functions that the loader looks up, imports and calls. Lists of
names that are known to be harmless are the only safe filter: whatever is not listed is refused
with its name, and `--trust-model` leaves the decision to the user.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from tinygen.errors import InputError, UntrustedModel


def words(text: str) -> frozenset[str]:
    """The names in a text, separated by white space."""
    return frozenset(text.split())


# Left out on purpose: Lambda (Python byte code in the file), TFSMLayer, JaxLayer, FlaxLayer and
# TorchModuleWrapper (load other models), StringLookup, IntegerLookup and TextVectorization
# (read files that the configuration names), ClassMethod, InstanceMethod and InstanceProperty
# (call what the configuration names), TensorFlowOpLayer (any TensorFlow operation).
_LAYERS = """
InputLayer Dense EinsumDense Activation Embedding Masking Identity Flatten Reshape Permute
RepeatVector Model Functional Sequential
Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D
SeparableConvolution1D SeparableConvolution2D DepthwiseConv1D DepthwiseConv2D
Conv1DTranspose Conv2DTranspose Conv3DTranspose Cropping1D Cropping2D Cropping3D
ZeroPadding1D ZeroPadding2D ZeroPadding3D UpSampling1D UpSampling2D UpSampling3D
MaxPooling1D MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D
AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D
GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool1D GlobalMaxPool2D
GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D
GlobalAvgPool2D GlobalMaxPool3D GlobalAvgPool3D
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
BatchNormalization BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization
LayerNormalization GroupNormalization UnitNormalization SpectralNormalization RMSNormalization
Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout
AlphaDropout ActivityRegularization
Add Subtract Multiply Average Maximum Minimum Concatenate Dot
ReLU LeakyReLU PReLU ELU Softmax ThresholdedReLU
LSTM LSTMCell GRU GRUCell SimpleRNN SimpleRNNCell RNN StackedRNNCells Bidirectional
TimeDistributed ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNLSTM CuDNNGRU LSTMV1 LSTMV2 GRUV1 GRUV2
Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention GroupQueryAttention
Rescaling Resizing CenterCrop Normalization Discretization CategoryEncoding Hashing
RandomFlip RandomRotation RandomZoom RandomTranslation RandomCrop RandomContrast
RandomBrightness RandomHeight RandomWidth
TFOpLambda SlicingOpLambda
"""

_PARTS = """
Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling Orthogonal
OrthogonalInitializer Identity IdentityInitializer LecunNormal LecunUniform GlorotNormal
GlorotUniform HeNormal HeUniform STFT STFTInitializer
L1 L2 L1L2 OrthogonalRegularizer MaxNorm NonNeg UnitNorm MinMaxNorm RadialConstraint
Policy DTypePolicy FloatDTypePolicy DTypePolicyMap
Adam AdamW Adamax Nadam Adagrad Adadelta SGD RMSprop Ftrl Lion Adafactor SeedGenerator
TensorShape __tuple__ __ellipsis__ __tensor__ __numpy__ __bytes__ __slice__ __keras_tensor__
"""

HARMLESS = words(_LAYERS + _PARTS)

_FUNCTIONS = words(
    """
linear relu relu6 elu selu gelu silu swish mish softmax log_softmax softplus softsign sigmoid
log_sigmoid hard_sigmoid hard_silu hard_swish tanh hard_tanh tanh_shrink soft_shrink hard_shrink
squareplus sparse_plus sparsemax leaky_relu exponential celu glu threshold
"""
)

# Keras' own modules that configurations name. Others would be imported by the loader.
_MODULE = re.compile(
    r"(tf_)?keras(\.src)?"
    r"(\.(layers|models|engine|initializers|regularizers|constraints|activations|dtype_policies"
    r"|mixed_precision|optimizers|random)(\.[a-z0-9_]+)*)?"
)
# Keras 3 writes `x + y` in a functional model as an Operation class of these modules.
_OPERATIONS = re.compile(r"keras(\.src)?\.ops(\.(numpy|nn|math|core|linalg|image))?")
_OPERATION_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")

# TFOpLambda calls the function of the TensorFlow API that it names while the file is opened.
_TF_FUNCTION = re.compile(r"(math|nn|__operators__)\.[a-z0-9_.]+")
_TF_FUNCTIONS = words(
    """
reshape transpose concat stack unstack split expand_dims squeeze cast identity shape
compat.v1.shape compat.v1.squeeze compat.v1.transpose compat.v1.nn.softmax pad tile slice
strided_slice gather reverse clip_by_value zeros_like ones_like convert_to_tensor
image.resize broadcast_to linalg.matmul einsum where reduce_mean
"""
)

_MAX_OBJECTS = 1_000_000


def parse_config(text: str | bytes, where: str) -> dict[str, Any]:
    """A model's configuration from its JSON. Raises InputError when it is none."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"the model configuration of {where} is damaged",
            why=f"it is not JSON: {error}",
            next_step="save the model again",
        ) from error
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise InputError(
            f"{where} holds no Keras model",
            why="its configuration names no model class",
            next_step="save the whole model: model.save('model.keras')",
        )
    return config


def dictionaries(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every dictionary of a model's configuration, outer ones first, but for what `compile` was
    given, which is not opened. One that is changed when it comes is gone through as it is then."""
    yield config
    pending = deque(value for key, value in config.items() if key != "compile_config")
    while pending:
        value = pending.popleft()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            yield value
            pending.extend(value.values())


def check_config(config: dict[str, Any], file_name: str) -> None:
    """Raises UntrustedModel, naming the layer, when opening the model could run foreign code."""
    # The model is opened with compile=False: its own optimizer and loss are never looked up.
    config = {key: value for key, value in config.items() if key != "compile_config"}
    for layer, entry in _named_objects(config):
        danger = _danger(entry)
        if danger:
            raise untrusted(file_name, f"{layer}: {danger}")


def untrusted(file_name: str, why: str) -> UntrustedModel:
    """The refusal of a model that could run code of its own."""
    return UntrustedModel(
        f"'{file_name}' could run code of its own when it is opened",
        why=why,
        next_step="if you trust whoever made the file, pass --trust-model; otherwise rebuild the"
        " model from built-in Keras layers",
    )


def _named_objects(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every dictionary that names something to look up, with the layer it belongs to."""
    pending: list[tuple[str, Any]] = [("the model", config)]
    seen = 0
    while pending:
        layer, value = pending.pop()
        seen += 1
        if seen > _MAX_OBJECTS:
            raise InputError("the model configuration is too large", why="over a million entries")
        if isinstance(value, list):
            pending.extend((layer, item) for item in value)
        elif isinstance(value, dict):
            layer = _layer_name(value) or layer
            if "class_name" in value or "module" in value or "registered_name" in value:
                yield layer, value
            pending.extend((layer, item) for item in value.values())


def _layer_name(value: dict[str, Any]) -> str | None:
    inner = value.get("config")
    name = value.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    if isinstance(name, str) and isinstance(value.get("class_name"), str):
        return f"layer '{name[:60]}'"
    return None


def _danger(entry: dict[str, Any]) -> str | None:
    """Why looking this entry up could run code, or None when it is known to be harmless."""
    class_name = entry.get("class_name")
    module = entry.get("module")
    registered = entry.get("registered_name")
    if class_name is None:
        # `module` without a class is what Keras 2 stores next to a Lambda's byte code.
        return None if module is None else f"it names the Python module '{_short(module)}'"
    if class_name == "function":
        return _function_danger(entry)
    if class_name in ("Lambda", "__lambda__"):
        return "a Lambda layer is Python code stored in the file"
    if not isinstance(class_name, str):
        return f"its class is no name: {_short(class_name)}"
    is_operation = (
        isinstance(module, str)
        and _OPERATIONS.fullmatch(module) is not None
        and _OPERATION_CLASS.fullmatch(class_name) is not None
    )
    if not is_operation:
        if module is not None and not (isinstance(module, str) and _MODULE.fullmatch(module)):
            return (
                f"its class '{_short(class_name)}' would be imported from the Python module"
                f" '{_short(module)}'"
            )
        if class_name not in HARMLESS:
            return f"its class '{_short(class_name)}' is none of the layers known to be harmless"
    if registered is not None and str(registered).split(">")[-1] != class_name:
        return f"its class '{class_name}' is registered under another name: '{_short(registered)}'"
    if class_name in ("TFOpLambda", "SlicingOpLambda"):
        return _tf_function_danger(entry)
    return None


def _function_danger(entry: dict[str, Any]) -> str | None:
    name, module = entry.get("config"), entry.get("module")
    known_module = module in (None, "builtins") or (
        isinstance(module, str) and re.fullmatch(r"(tf_)?keras(\.src)?\.activations.*", module)
    )
    registered = entry.get("registered_name")
    if name in _FUNCTIONS and known_module and registered in (None, "function", name):
        return None
    return f"it calls the function '{_short(name)}' of the Python module '{_short(module)}'"


def _tf_function_danger(entry: dict[str, Any]) -> str | None:
    config = entry.get("config")
    name = config.get("function") if isinstance(config, dict) else None
    if isinstance(name, str) and (_TF_FUNCTION.fullmatch(name) or name in _TF_FUNCTIONS):
        return None
    return f"it calls the TensorFlow function '{_short(name)}'"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
