"""Frozen graphs: a GraphDef of TensorFlow with its weights as constants, in a `.pb` file.

Converters and TensorFlow 1 write them. Such a file says neither what goes in nor what comes out:
inputs are its placeholders, outputs what nothing else reads, or what is asked for. Of operations
only those pass that a SavedModel may have, and what no output needs is left out before TensorFlow
sees the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Edge, Shape
from tinygen.load.files import FORMATS
from tinygen.load.hdf5 import one_line
from tinygen.load.keras_config import untrusted, words
from tinygen.load.keras_file import checked_input
from tinygen.load.memory import bounded_memory
from tinygen.load.model import SavedModelFunction
from tinygen.load.operations import calls, check_constants, is_harmless, reachable, why_not
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.load.weights import check_finite
from tinygen.printable import printable, shell_word

_FREEZE = (
    "freeze it: tf.compat.v1.graph_util.convert_variables_to_constants, or"
    " convert_variables_to_constants_v2 of a function"
)
_VARIABLES = words("Variable VariableV2 VarHandleOp RestoreV2 RestoreSlice")
_GIVEN = words("Placeholder PlaceholderWithDefault Const")
"""What is no output of a model though nothing reads it."""
_SHOWN = 5


@dataclass(frozen=True)
class _Weights:
    """A constant of the graph, as `check_finite` takes a variable."""

    name: str
    node: Any
    file_name: str

    def numpy(self) -> np.ndarray:
        """Its values. Raises InputError where shape, type and bytes contradict each other."""
        from tensorflow.python.framework.tensor_util import MakeNdarray

        try:
            return np.asarray(MakeNdarray(self.node.attr["value"].tensor))
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(self.file_name, self.name, error) from error


def load_frozen(
    content: bytes,
    file_name: str,
    asked: str | None,
    shapes: Mapping[str, Shape],
    *,
    trust_model: bool,
) -> tuple[SavedModelFunction, str, tuple[Edge, ...], tuple[str, ...]]:
    """The function to convert, the loader's name, and its inputs and outputs. `asked` are the nodes
    that come out, with commas, None for all that nothing reads; `shapes` are those of inputs that
    leave theirs open, by name, without the batch.

    Raises InputError for what is damaged or no frozen graph, UntrustedModel for what could touch
    files or run Python.
    """
    tensorflow = import_tensorflow()
    definition = _parse(content, file_name)
    outputs = _outputs(definition) if asked is None else _chosen(definition, asked, file_name)
    if not outputs:
        raise InputError(
            f"'{file_name}' computes nothing", why="no node of it gives a result", next_step=_FREEZE
        )
    _keep(definition, _needed(definition, outputs))
    _check(definition, file_name, trust_model=trust_model)
    inputs = _inputs(definition, file_name, shapes)
    loader = f"TensorFlow {tensorflow.__version__} (frozen graph)"
    function = function_of(
        definition, [edge.name for edge in inputs], outputs, file_name, len(content)
    )
    return SavedModelFunction("", (), function, None), loader, inputs, tuple(outputs)


def function_of(
    definition: Any, inputs: Sequence[str], outputs: Sequence[str], file_name: str, size: int
) -> Any:
    """What takes the nodes `inputs` by their names, and gives `outputs` by theirs. `size` is that
    of the file, in bytes.

    Raises InputError where TensorFlow does not take the graph, or a constant is not finite.
    """
    tensorflow = import_tensorflow()
    constants = [node for node in definition.node if node.op == "Const"]
    check_finite((_Weights(node.name, node, file_name) for node in constants), file_name)

    def imported() -> None:
        tensorflow.graph_util.import_graph_def(definition, name="")

    try:
        with quiet(), bounded_memory(size):
            whole = tensorflow.compat.v1.wrap_function(imported, [])
            tensor = whole.graph.get_tensor_by_name
            fetched = [tensor(f"{name}:0") for name in outputs]
            made = whole.prune([tensor(f"{name}:0") for name in inputs], fetched)
    except Exception as error:  # whatever TensorFlow raises on a graph that contradicts itself
        raise InputError(
            f"'{file_name}' cannot be loaded",
            why=one_line(error),
            next_step="freeze or convert the model again",
        ) from error
    _check_types(
        {name: one.dtype.name for name, one in zip(outputs, fetched, strict=True)}, file_name
    )

    def call(**given: Any) -> dict[str, Any]:
        return dict(zip(outputs, made(*(given[name] for name in inputs)), strict=True))

    return call


def _parse(content: bytes, file_name: str) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import saved_model_pb2

    definition, saved = graph_pb2.GraphDef(), saved_model_pb2.SavedModel()
    try:
        definition.ParseFromString(content)
    except DecodeError as error:
        why = f"it cannot be read: {one_line(error)}"
        try:
            saved.ParseFromString(content)
        except DecodeError:
            raise InputError(
                f"'{file_name}' is damaged, or no frozen graph",
                why=why,
                next_step=f"copy or freeze the model again, or give {FORMATS}",
            ) from error
        raise InputError(
            f"'{file_name}' is one file of a SavedModel",
            why="its weights lie beside it",
            next_step="give the folder that holds it",
        ) from error
    if not definition.node or not all(node.name and node.op for node in definition.node):
        raise InputError(
            f"'{file_name}' is no frozen graph",
            why="it holds no node of TensorFlow's",
            next_step=f"give {FORMATS}",
        )
    return definition


def _damaged(file_name: str, node: str, error: Exception) -> InputError:
    return InputError(
        f"'{file_name}' is damaged",
        why=f"its node '{printable(node)}': {one_line(error)}",
        next_step="copy or freeze the model again",
    )


def _source(read: str) -> str:
    """The node that an input of another one names."""
    return read.removeprefix("^").split(":", 1)[0]


def _outputs(definition: Any) -> list[str]:
    """What nothing reads that has a result: what writes a file or a checkpoint has none."""
    from tensorflow.python.framework import op_def_registry

    read = {_source(name) for node in definition.node for name in node.input}
    unread = [n for n in definition.node if n.name not in read and n.op not in _GIVEN]
    return [
        node.name
        for node in unread
        if (known := op_def_registry.get(node.op)) is None or known.output_arg
    ]


def _chosen(definition: Any, asked: str, file_name: str) -> list[str]:
    names = [name for name in asked.split(",") if name]
    nodes = {node.name for node in definition.node}
    if unknown := [name for name in names if name not in nodes]:
        raise InputError(
            f"'{file_name}' has no node '{printable(unknown[0])}'",
            why=f"what nothing reads in it: {', '.join(map(printable, _outputs(definition)))}",
            next_step="give --signature nodes of the graph by their names, with commas",
        )
    return names


def _check_types(types: Mapping[str, str], file_name: str) -> None:
    """Raises UnsupportedModel for an output that is not made of real numbers."""
    real = [name for name, dtype in types.items() if dtype == "float32"]
    for name, dtype in types.items():
        if dtype not in ("float32", "int32"):
            raise UnsupportedModel(
                f"the output '{printable(name)}' of '{file_name}' is {dtype}",
                why="no device passes that on: what comes out is float32, or int32 where it counts",
                next_step=f"leave it out: --signature {shell_word(','.join(real))}"
                if real
                else "cut the graph before it: --signature NAME",
            )


def _needed(definition: Any, outputs: Iterable[str]) -> set[str]:
    nodes = {node.name: node for node in definition.node}
    pending, seen = list(outputs), set(outputs)
    while pending:
        node = nodes.get(pending.pop())
        fresh = {_source(name) for name in node.input} - seen if node is not None else set()
        seen |= fresh
        pending.extend(fresh)
    return seen


def _keep(definition: Any, names: set[str]) -> None:
    """Only these nodes; each on whatever device there is, and its shape worked out anew."""
    kept = [node for node in definition.node if node.name in names]
    for node in kept:
        node.device = ""
        node.attr.pop("_output_shapes", None)
        if node.op == "PlaceholderWithDefault":  # it is used as it is when nobody says otherwise
            node.op = "Identity"
            dtype = node.attr.pop("dtype", None)
            node.attr.pop("shape", None)
            if dtype is not None:
                node.attr["T"].CopyFrom(dtype)
    kept = [type(node).FromString(node.SerializeToString()) for node in kept]
    del definition.node[:]
    definition.node.extend(kept)


def _check(definition: Any, file_name: str, *, trust_model: bool) -> None:
    from tensorflow.python.framework import op_def_registry

    check_constants(definition, file_name)
    library = {entry.signature.name: entry for entry in definition.library.function}
    called = {name for node in definition.node for name in calls(node, library)}
    found = [(f"'{node.name}'", node.op) for node in definition.node if node.op not in library]
    found += [(f"the function {name}", op) for name, op in reachable(definition, called)]
    if variables := [where for where, op in found if op in _VARIABLES]:
        raise InputError(
            f"'{file_name}' is not frozen",
            why=f"{len(variables)} variables have no value in it, of which the first is"
            f" {printable(variables[0])}",
            next_step=_FREEZE,
        )
    unknown = dict.fromkeys(op for _, op in found if op_def_registry.get(op) is None)
    if unknown:
        raise UnsupportedModel(
            f"'{file_name}' has operations that TensorFlow does not have",
            why=", ".join(f"{printable(op)} ({_first(found, op)})" for op in list(unknown)[:_SHOWN])
            + (f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""),
            next_step="cut the graph before them, or convert the model without them",
        )
    for where, op in () if trust_model else found:
        if not is_harmless(op):
            raise untrusted(file_name, why_not(op, printable(where)))


def _first(found: Sequence[tuple[str, str]], op: str) -> str:
    return printable(next(where for where, other in found if other == op))


def _inputs(definition: Any, file_name: str, shapes: Mapping[str, Shape]) -> tuple[Edge, ...]:
    """The placeholders, in the file's order, each with its shape fixed there too."""
    from tensorflow.python.framework import dtypes

    placeholders = [node for node in definition.node if node.op == "Placeholder"]
    if not placeholders:
        raise InputError(
            f"'{file_name}' has no input", why="no output needs a placeholder", next_step=_FREEZE
        )
    names = [node.name for node in placeholders]
    if strange := [name for name in shapes if name and name not in names]:
        raise InputError(
            f"'{file_name}' has no input '{printable(strange[0])}'",
            why=f"its inputs are: {', '.join(map(printable, names))}",
            next_step="--input-shape NAME=HEIGHTxWIDTHxCHANNELS",
        )
    edges = []
    for node in placeholders:
        said = [axis.size if axis.size >= 0 else None for axis in node.attr["shape"].shape.dim]
        try:
            dtype = dtypes.as_dtype(node.attr["dtype"].type).name
        except TypeError as error:
            raise _damaged(file_name, node.name, error) from error
        if not said and dtype == "bool":
            raise UnsupportedModel(
                f"'{file_name}' asks whether it is trained or used",
                why=f"its input '{printable(node.name)}' is yes or no",
                next_step="freeze it with that input fixed, as a model is used",
            )
        given = shapes.get(node.name, shapes.get("") if len(placeholders) == 1 else None)
        edge = checked_input(
            node.name, tuple(said) if given is None else (None, *given), dtype, file_name
        )
        shape = node.attr["shape"].shape
        shape.Clear()
        for size in edge.shape:
            shape.dim.add(size=size)
        edges.append(edge)
    return tuple(edges)
