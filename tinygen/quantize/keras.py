"""Keras model, SavedModel or float `.tflite` -> int8 `.tflite`, byte for byte the same each time.

The model is traced with a batch of 1 and its variables are frozen into constants before
TensorFlow's converter sees it. That is one way for Keras 2, Keras 3 and SavedModels alike, keeps
the order of inputs and outputs, and lets shape arithmetic on the batch fold away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tinygen import tflite
from tinygen.data import Dataset
from tinygen.errors import InputError
from tinygen.ir import DType, Edge, Graph, format_shape
from tinygen.load import FloatFile, FloatModel, Int8File, KerasModel, LoadedModel, SavedModel
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.load.tflite_file import check_int8
from tinygen.quantize.beginnings import Beginnings
from tinygen.quantize.diagnosis import (
    check_compiled,
    check_computes,
    conversion_failure,
    not_int8,
)
from tinygen.quantize.file import quantized_file
from tinygen.quantize.file_worker import quantized_content
from tinygen.quantize.layer_names import with_layer_names
from tinygen.quantize.moves import moves_that_rescale
from tinygen.quantize.names import traceable_names
from tinygen.quantize.own_scales import with_own_scales
from tinygen.quantize.plainer import plainer_layers
from tinygen.quantize.recurrent import gives_what_it_assigns, remembering_layers, remembers
from tinygen.quantize.steps import has_steps
from tinygen.quantize.unrolled import has_loops, unrolled
from tinygen.tflite.unit_relu import without_unit_relus
from tinygen.tflite.write import with_plain_integers, with_requantized, with_zeros_for

CALIBRATION_SAMPLES = 500
"""At most so many samples calibrate the ranges, spread evenly over the data."""


_COMPUTED = {
    "int8": "TFLITE_BUILTINS_INT8",
    "int16": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
}
"""The converter's name for operators on such activations."""
_FLOAT = "TFLITE_BUILTINS"


@dataclass(frozen=True, eq=False)
class Quantized:
    """The int8 model with its graph, and the float model for comparison without TensorFlow.

    Both take and give the same tensors in the same order under the same names.
    """

    tflite: bytes
    graph: Graph
    float_tflite: bytes
    calibration_samples: int


def quantize(
    loaded: LoadedModel,
    data: Dataset,
    *,
    float_edges: bool = False,
    activations: str = "int8",
    whole: bool = True,
) -> Quantized:
    """Full int8 with int8 inputs and outputs, or with `float_edges` those of the model: float32, or
    integers, which are converted there; weights per channel, batch 1. Inputs that look things up
    are int32. With `activations` "int16" what is not a weight is int16 in place of int8; what the
    converter has no such form of stays float32 there where it need not be `whole`.

    Raises InputError, with what the converter said, when the model cannot be converted.
    """
    if isinstance(loaded, Int8File):
        raise InputError(
            f"'{loaded.path.name}' is quantized already",
            why="an int8 .tflite is compiled as it is",
            next_step="give the model that it was made of, to quantize it anew",
        )
    _check_data(loaded.inputs, data)
    chosen = _calibration_indices(data)

    def samples() -> Iterator[list[np.ndarray]]:
        for index in chosen:
            yield [
                array[index : index + 1].astype(edge.dtype.numpy)
                for array, edge in zip(data.inputs, loaded.inputs, strict=True)
            ]

    names = [edge.name for edge in loaded.inputs], list(loaded.outputs)
    tensorflow = import_tensorflow()
    if isinstance(loaded, FloatFile):
        float_tflite = loaded.content
        check_computes(loaded, float_tflite)
        check_compiled(loaded, with_layer_names(float_tflite, *names))
        int8_tflite = (
            quantized_file(
                loaded, samples(), float_edges=float_edges, activations=activations, whole=whole
            )
            if loaded.scales is None
            else with_own_scales(loaded, loaded.scales, float_edges=float_edges)
        )
    else:
        with contextlib.ExitStack() as folders:
            remembered = remembering_layers(loaded)
            saved = Path(folders.enter_context(TemporaryDirectory())) if remembered else None
            beginnings = Beginnings(loaded)
            frozen = _frozen(tensorflow, loaded, saved, beginnings)
            converted = _convert(
                tensorflow, frozen, loaded, None, saved, float_edges=True, computed=()
            )
            zeros = [np.zeros(shape, np.float32) for shape in beginnings.shapes]
            # In int16 each step has its own ranges, and one that is zero has no scale.
            first = [zero + 1 for zero in zeros] if activations == "int16" else zeros
            float_tflite = with_zeros_for(converted, len(loaded.inputs)) if zeros else converted
            check_computes(loaded, float_tflite)
            check_compiled(loaded, with_layer_names(float_tflite, *names))
            int8_tflite = _convert(
                tensorflow,
                frozen,
                loaded,
                lambda: (
                    [*sample, *(zeros if number else first)]
                    for number, sample in enumerate(samples())
                ),
                saved,
                float_edges=float_edges,
                computed=(_COMPUTED[activations], *(() if whole else (_FLOAT,))),
                activations=activations,
                steps_of=converted if activations == "int8" else None,
            )
            if zeros:
                int8_tflite = with_zeros_for(int8_tflite, len(loaded.inputs))
        if remembered and not remembers(loaded):
            float_tflite, int8_tflite = map(tflite.forgetting, (float_tflite, int8_tflite))
    named = with_layer_names(int8_tflite, *names)
    named_float = with_layer_names(float_tflite, *names)
    if float_edges and (integers := _integers(loaded, named)):
        named = with_plain_integers(named, integers)
    file = tflite.parse(named, loaded.path.name)
    if (clamped := without_unit_relus(named, file)) is not named:
        named, file = clamped, tflite.parse(clamped, loaded.path.name)
    try:
        if whole:
            check_int8(file)
    except InputError as error:
        raise not_int8(loaded, file, named_float, samples(), error) from error
    graph = tflite.graph(file, loaded.name)
    if contradictions := moves_that_rescale(graph):
        named = with_requantized(named, contradictions)
        graph = tflite.read(named, loaded.name)
    if (untiled := tflite.without_tiles(named, graph)) is not named:
        named, graph = untiled, tflite.read(untiled, loaded.name)
    return Quantized(
        tflite=named,
        graph=graph,
        float_tflite=named_float,
        calibration_samples=len(chosen),
    )


def _integers(loaded: FloatModel, content: bytes) -> dict[int, str]:
    """The types of the inputs that a Keras model takes as integers, where the file with real ones
    does nothing with them but quantize them; by their tensors."""
    if not isinstance(loaded, KerasModel):
        return {}
    file = tflite.parse(content, loaded.path.name)
    found = {}
    for edge, index in zip(loaded.inputs, file.inputs, strict=True):
        dtype = loaded.saved_type(edge.name)
        readers = {call.kind for call in file.calls if index in call.inputs}
        if dtype is not None and edge.dtype is DType.FLOAT32 and readers == {"QUANTIZE"}:
            found[index] = dtype.value
    return found


def _check_data(inputs: Sequence[Edge], data: Dataset) -> None:
    wanted = [edge.sample for edge in inputs]
    given = [array.shape[1:] for array in data.inputs]
    if wanted != given:
        raise InputError(
            "the data does not fit the model",
            why=f"the model takes {', '.join(map(format_shape, wanted))}; the data holds"
            f" {', '.join(map(format_shape, given))}",
            next_step="give one array per input with --data",
        )


def _calibration_indices(data: Dataset) -> list[int]:
    total = len(data.inputs[0])
    count = min(total, CALIBRATION_SAMPLES)
    return [index * total // count for index in range(count)]


def _frozen(
    tensorflow: Any, loaded: KerasModel | SavedModel, saved: Path | None, beginnings: Beginnings
) -> Any:
    """The model as a function of one sample per input, and of what its layers begin with, variables
    turned into constants. It is put
    into the folder `saved` too, where there is one, as it was before that: only of such a one makes
    the converter operators with memory."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    call = _call(tensorflow, loaded)
    signature = [
        tensorflow.TensorSpec((1, *edge.sample), edge.dtype.value, name=f"input_{index}")
        for index, edge in enumerate(loaded.inputs)
    ]
    given = len(signature)
    signature += [
        tensorflow.TensorSpec(shape, tensorflow.float32, name=f"input_{given + index}")
        for index, shape in enumerate(beginnings.shapes)
    ]

    def serve(*inputs: Any) -> Any:
        beginnings.give(inputs[given:])
        outputs = call(inputs[:given])
        if gives_what_it_assigns(loaded):  # of which the converter makes a file that is none
            return [tensorflow.gather(output, [0]) for output in outputs]
        return outputs

    try:
        with quiet(), traceable_names(loaded), plainer_layers(loaded), beginnings.taken():
            function = tensorflow.function(serve, input_signature=signature, autograph=False)
            concrete = function.get_concrete_function()
            if saved is not None:
                _save(tensorflow, function, concrete, saved)
            # What is assigned cannot be a constant; what is saved has all of it.
            if saved is not None and remembers(loaded):
                return concrete
            if saved is not None or not has_loops(concrete):
                return convert_variables_to_constants_v2(concrete)
            whole = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
            frozen, zeros = unrolled(tensorflow, whole)
            beginnings.more(zeros)
            return frozen
    except InputError:
        raise
    except Exception as error:  # whatever the model's layers raise while they are traced
        what = "cannot be run with a batch of 1"
        raise conversion_failure(loaded, what, str(error), "") from error


def _save(tensorflow: Any, function: Any, concrete: Any, folder: Path) -> None:
    """As a SavedModel, whose outputs keep their order."""
    module = tensorflow.Module()
    module.variables_of_it = list(concrete.variables)

    def serve(**inputs: Any) -> dict[str, Any]:
        outputs = function(*(inputs[name] for name in sorted(inputs)))
        return {f"output_{i:04}": output for i, output in enumerate(outputs)}

    specs = {
        f"input_{i:04}": tensorflow.TensorSpec(spec.shape, spec.dtype, name=f"input_{i:04}")
        for i, spec in enumerate(concrete.inputs[: len(function.input_signature)])
    }
    module.serve = tensorflow.function(serve, autograph=False)
    signature = module.serve.get_concrete_function(**specs)
    tensorflow.saved_model.save(module, str(folder), signatures=signature)


def _call(tensorflow: Any, loaded: KerasModel | SavedModel) -> Callable[[Sequence[Any]], list[Any]]:
    """The model as a function of its inputs in order that gives its outputs in order."""
    if isinstance(loaded, SavedModel):
        names = [edge.name for edge in loaded.inputs]
        function = loaded.function.function

        def call_signature(inputs: Sequence[Any]) -> list[Any]:
            outputs = function(**dict(zip(names, inputs, strict=True)))
            return [outputs[name] for name in loaded.outputs]

        return call_signature
    model = loaded.model

    def call_keras(inputs: Sequence[Any]) -> list[Any]:
        packed = inputs[0] if len(inputs) == 1 else list(inputs)
        # A model that was built from a dictionary of inputs is called with one.
        structure = getattr(model, "_inputs_struct", None)
        if structure is None:
            structure = getattr(model, "_nested_inputs", None)
        if isinstance(structure, dict):
            order = {id(tensor): value for tensor, value in zip(model.inputs, inputs, strict=True)}
            packed = {name: order[id(tensor)] for name, tensor in structure.items()}
        return list(tensorflow.nest.flatten(model(packed, training=False)))

    return call_keras


def _convert(
    tensorflow: Any,
    frozen: Any,
    loaded: FloatModel,
    samples: Callable[[], Iterator[list[np.ndarray]]] | None,
    saved: Path | None,
    *,
    float_edges: bool,
    computed: Sequence[str],
    activations: str = "",
    steps_of: bytes | None = None,
) -> bytes:
    """The frozen function, or what was saved of it, as `.tflite`: float without samples, quantized
    with, of these sets of operators. Where it has equal steps, and is given in float, that is
    quantized as the converter does it, but for their ranges."""
    lite = tensorflow.lite
    with quiet() as noise:
        try:
            if samples is not None and steps_of is not None and has_steps(steps_of):
                return quantized_content(steps_of, samples, activations, float_edges=float_edges)
            converter = (
                lite.TFLiteConverter.from_concrete_functions([frozen])
                if saved is None
                else lite.TFLiteConverter.from_saved_model(str(saved))
            )
            if samples is not None:
                converter.optimizations = [lite.Optimize.DEFAULT]
                converter.representative_dataset = samples
                converter.target_spec.supported_ops = [getattr(lite.OpsSet, s) for s in computed]
                if not float_edges:
                    converter.inference_input_type = tensorflow.dtypes.as_dtype(activations)
                    converter.inference_output_type = tensorflow.dtypes.as_dtype(activations)
            content = bytes(converter.convert())
            return content if saved is None else tflite.in_order_of_names(content)
        except Exception as error:  # the converter raises many types
            what = (
                "cannot be converted"
                if samples is None
                else f"cannot be quantized to {activations}"
            )
            raise conversion_failure(loaded, what, str(error), noise.text(), frozen) from error
