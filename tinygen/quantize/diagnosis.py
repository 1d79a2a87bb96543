"""Why a model could not be quantized, told by its layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tinygen import tflite
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import ABSENT, Graph
from tinygen.load import FloatModel, KerasModel
from tinygen.load.quiet import quiet
from tinygen.ops import BY_KIND
from tinygen.quantize.names import layers_of, traceable
from tinygen.quantize.remedies import BY_CLASS, remedy
from tinygen.tflite import Call, File, unit_relu

_SHOWN = 3
_UNSUPPORTED = re.compile(
    r'callsite\("([^"]+)"[^\n]*?error: \'tf\.(\w+)\' op is neither a custom op nor a flex op'
)
_HALF = ("float16", "bfloat16")
_CASTS = ("QUANTIZE", "DEQUANTIZE")
_TRAIN = "change the layers as said beside each, train again, and look with `tinygen inspect`"


def conversion_failure(
    loaded: FloatModel, what: str, message: str, noise: str, frozen: Any = None
) -> InputError:
    """The error for what TensorFlow or its converter said, with the lines that matter of it."""
    half = _half_precision(frozen)
    if half:
        return UnsupportedModel(
            f"'{loaded.path.name}' {what}",
            why=f"it computes in {half}, which TensorFlow Lite has not for most layers, and a"
            " SavedModel holds the computation itself",
            next_step="save the model as .keras or .h5: tinygen opens those with the same weights"
            " in float32",
        )
    if "TensorListReserve" in message:
        return loops(loaded, "it keeps lists of tensors")
    if unsupported := dict.fromkeys(_UNSUPPORTED.findall(noise)):
        return UnsupportedModel(
            f"'{loaded.path.name}' has layers that TensorFlow Lite does not have",
            why="\n".join(
                _told(loaded, [(op, path) for path, op in unsupported], "computes", more=True)
            ),
            next_step=_TRAIN,
        )
    lines = re.findall(r"error: (.+)", message) or re.findall(r"error: (.+)", noise)
    if not lines:
        lines = [line for line in message.splitlines() if line.strip()]
    unique = list(dict.fromkeys(" ".join(line.split())[:200] for line in lines))
    return InputError(
        f"'{loaded.path.name}' {what}",
        why="\n".join(unique[:_SHOWN]) or "the converter gave no reason",
        next_step="replace the layer named above by layers that TensorFlow Lite has for int8",
    )


def _half_precision(frozen: Any) -> str:
    """The type of half precision that a frozen function computes in, empty if none."""
    operations = [] if frozen is None else frozen.graph.get_operations()
    types = {output.dtype.name for operation in operations for output in operation.outputs}
    return next((name for name in _HALF if name in types), "")


def loops(loaded: FloatModel, why: str) -> UnsupportedModel:
    """The error for a model that is not one straight graph."""
    if known := _told(loaded, [], "", more=True):
        return UnsupportedModel(
            f"'{loaded.path.name}' has loops or branches", why="\n".join(known), next_step=_TRAIN
        )
    return UnsupportedModel(
        f"'{loaded.path.name}' has loops or branches",
        why=f"{why}, as LSTM, GRU and other recurrent layers do; a model has to be one straight"
        " graph",
        next_step="use LSTM, GRU or SimpleRNN, which tinygen unrolls, or convolutions over time"
        if isinstance(loaded, KerasModel)
        else "give the .keras or .h5 file: tinygen unrolls recurrent layers there",
    )


def check_computes(loaded: FloatModel, float_tflite: bytes) -> None:
    """Raises an error for a model that computes nothing, and for loops and branches."""
    try:
        file = tflite.parse(float_tflite, loaded.path.name)
    except UnsupportedModel as error:  # TensorFlow's calibrator crashes on them
        graphs = tflite.subgraphs(float_tflite)
        told = f"its layers convert to {graphs} subgraphs instead of one"
        raise loops(loaded, told) from error
    made = {index for call in file.calls for index in call.outputs}
    for name, index in zip(loaded.outputs, file.outputs, strict=True):
        if index in made:
            continue
        is_input = index in file.inputs
        raise InputError(
            f"'{loaded.path.name}' computes nothing for its output '{name}'",
            why="the output is the input: no layer between them does anything when the model is"
            " used (Dropout and other layers work in training only)"
            if is_input
            else "the output does not depend on the input: it is the same for every sample",
            next_step="is it trained? Save the model that computes: model.save('model.keras')",
        )


_LARGEST = 1e37


def not_int8(
    loaded: FloatModel,
    file: File,
    float_tflite: bytes,
    samples: Iterable[list[Any]],
    error: InputError,
) -> InputError:
    """Why a converted model is not int8 throughout. `error` says so of the file, to somebody who
    gave one; here the model was given."""
    where = next(_not_finite(float_tflite, samples), None)
    if where is not None:
        name, sample = where
        return InputError(
            f"'{loaded.path.name}' gives values that are not finite",
            why=f"layer '{layer_of(name, loaded)}' gives NaN, infinity or a number beyond"
            f" {_LARGEST:g} on sample {sample} of the data, so it has no range for int8",
            next_step="check its weights (a negative variance, a division by zero) and that the"
            " data are scaled as in training",
        )
    compared = [i for i in file.outputs if file.tensors[i].type == "BOOL"]
    made = [call for call in file.calls if any(i in compared for i in call.outputs)]
    if made:
        return UnsupportedModel(
            f"'{loaded.path.name}' gives yes or no, which no device passes on",
            why="\n".join(
                _told(loaded, [(call.kind, _near(file, call)) for call in made], "computes")
            ),
            next_step=_TRAIN,
        )
    left = list(_float_operators(file))
    if not left:
        return InputError(error.what, why=error.why, next_step=_TRAIN)
    return UnsupportedModel(
        f"'{loaded.path.name}' has layers that TensorFlow Lite's converter leaves in float",
        why="\n".join(_told(loaded, left, "computes")),
        next_step=_TRAIN,
    )


def check_compiled(loaded: FloatModel, float_tflite: bytes) -> None:
    """Raises an error, with all layers that need what is not compiled, before anything is
    quantized."""
    file = tflite.parse(float_tflite, loaded.path.name)
    known = {*BY_KIND, unit_relu.KIND}  # which becomes others once it is quantized
    calls = (file.calls[i] for i in tflite.places(file))
    missing = [(call.kind, _near(file, call)) for call in calls if call.kind not in known]
    if missing:
        raise UnsupportedModel(
            f"'{loaded.path.name}' has layers that tinygen does not compile",
            why="\n".join(_told(loaded, missing, "needs")),
            next_step=_TRAIN,
        )


_NO_RANGE = 1e-8
"""A scale below: the converter takes values of -1e-6 to 1e-6 where a tensor has but one."""


def of_layer(loaded: FloatModel, error: UnsupportedModel, graph: Graph) -> UnsupportedModel:
    """The error that an operator of the quantized model raised, told by the layer that made it.
    `graph` is that model's."""
    found = re.match(r"(\w+) \(output '([^']*)'\): (.*)", error.what, re.DOTALL)
    if found is None:
        return error
    kind, path, rest = found.groups()
    if name := _same_for_all(graph, path):
        return UnsupportedModel(
            f"'{loaded.path.name}' computes nothing in layer '{layer_of(path, loaded)}'",
            why=f"what {kind} there reads, '{name}', is the same for every sample of the data",
            next_step="is the model trained? Give data that are scaled as in training, too",
        )
    (told,) = _told(loaded, [(kind, path)], "needs")
    return UnsupportedModel(
        f"'{loaded.path.name}' has a layer that tinygen does not compile",
        why=f"{told}\n{rest}" + (f": {error.why}" if error.why else ""),
        next_step=_TRAIN,
    )


def _same_for_all(graph: Graph, path: str) -> str:
    """What an operator reads that has no range, of the one that makes `path`; empty for none."""
    node = next((n for n in graph.nodes if graph.tensors[n.outputs[0]].name == path), None)
    read = [] if node is None else [graph.tensors[i] for i in node.inputs if i != ABSENT]
    flat = [t for t in read if not t.constant and t.quant and max(t.quant.scales) < _NO_RANGE]
    return flat[0].name if flat else ""


def _told(
    loaded: FloatModel, needs: Iterable[tuple[str, str]], verb: str, *, more: bool = False
) -> list[str]:
    """A line for each layer: its name, class and place, what it needs, and what to do. `needs` are
    operators and the paths of what they make; with `more` layers of classes that are known not to
    become int8 are told too, where the converter gave up before them."""
    layers = layers_of(loaded)
    places = {str(layer.name): (i, type(layer).__name__) for i, layer in enumerate(layers)}
    by_layer: dict[str, dict[str, None]] = {}
    for kind, path in needs:
        by_layer.setdefault(layer_of(path, loaded), {})[kind] = None
    lines = []
    for layer, kinds in by_layer.items():
        place, layer_class = places.get(layer, (0, ""))
        where = f" ({layer_class}, layer {place} of {len(layers) - 1})" if layer_class else ""
        said = f"layer '{layer}'{where} {verb} {', '.join(kinds)}"
        lines.append(f"{said}: {remedy(layer_class, kinds)}")
    for layer in layers if more else ():
        kind, name = type(layer).__name__, str(layer.name)
        if kind in BY_CLASS and name not in by_layer:
            place, _ = places[name]
            lines.append(
                f"layer '{name}' ({kind}, layer {place} of {len(layers) - 1}): {BY_CLASS[kind]}"
            )
    return lines


def _near(file: File, call: Call) -> str:
    """The path that an operator's result has; where it is none of a layer's, that of what is made
    of it."""
    index = call.outputs[0]
    for later in file.calls[file.calls.index(call) :]:
        if "/" in file.tensors[index].name:
            break
        if index in later.inputs and later.outputs:
            index = later.outputs[0]
    return file.tensors[index].name


def _not_finite(float_tflite: bytes, samples: Iterable[list[Any]]) -> Iterator[tuple[str, int]]:
    """(tensor, sample): the first values that are not finite, in the order of computation, or that
    TensorFlow Lite has clamped to the largest number there is."""
    import tensorflow

    resolver = tensorflow.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with quiet():
        try:
            interpreter = tensorflow.lite.Interpreter(
                model_content=float_tflite,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=resolver,
            )
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError):  # it does not run the model: then nothing is known
            return
    file = tflite.parse(float_tflite, "the float model")
    made = [index for call in file.calls for index in call.outputs]
    for number, sample in enumerate(samples):
        for detail, value in zip(interpreter.get_input_details(), sample, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        for index in made:
            values = interpreter.get_tensor(index)
            if values.dtype.kind == "f" and not (np.abs(values) < _LARGEST).all():
                yield file.tensors[index].name, number
                break


def _float_operators(file: File) -> Iterator[tuple[str, str]]:
    """(kind, name of the output) of the operators that compute with floats."""
    for call in (file.calls[i] for i in tflite.places(file)):
        used = [file.tensors[i] for i in (*call.inputs, *call.outputs) if i != ABSENT]
        if call.kind not in _CASTS and any(tensor.type == "FLOAT32" for tensor in used):
            yield call.kind, _near(file, call)


def layer_of(path: str, loaded: FloatModel) -> str:
    """The layer's name, as the model's author wrote it, of a path in the graph.

    TensorFlow adds numbers to names that come twice.
    """
    own = getattr(loaded.model, "name", None) if isinstance(loaded, KerasModel) else None
    known = {traceable(str(layer.name)): str(layer.name) for layer in layers_of(loaded)}
    steps = [step for step in path.split(";", 1)[0].split("/") if step]
    named = [
        known[name]
        for step in steps
        for name in (step, re.sub(r"_\d+$", "", step))
        if name in known and known[name] != own
    ]
    if named:
        return named[-1]
    return steps[-2] if len(steps) > 2 else path  # behind the model's name, before the operation's
