"""SavedModel folders: their graph is inspected before TensorFlow loads it.

A SavedModel holds no Python code, but its graph runs as TensorFlow operations, some of which
read and write files or call Python. Accepted is what cannot do so: operations that TensorFlow
itself declares free of state and that take no string (every file operation needs a name), and a
list of state that models need. Nothing that runs by itself at loading is accepted.
"""

from __future__ import annotations

import functools
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinygen.errors import InputError
from tinygen.ir import Edge
from tinygen.load.files import FORMATS
from tinygen.load.hdf5 import one_line
from tinygen.load.keras_config import untrusted, words
from tinygen.load.keras_file import checked_input
from tinygen.load.memory import bounded_memory
from tinygen.load.model import SavedModelFunction
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.load.signature import choose
from tinygen.load.weights import check_finite

# IteratorGetNext, in the function that adapts a Normalization, needs an iterator: nothing here
# makes one, and none is given to it.
_HARMLESS_STATE = words(
    """
VarHandleOp ReadVariableOp AssignVariableOp AssignAddVariableOp AssignSubVariableOp
VarIsInitializedOp VariableShape DisableCopyOnRead ResourceGather Placeholder
StatefulPartitionedCall If While Case Assert
IteratorGetNext
RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal Multinomial
StatefulUniform StatefulStandardNormalV2 StatefulTruncatedNormal RngReadAndSkip RngSkip
ResourceApplyAdam ResourceApplyGradientDescent ResourceApplyMomentum
ResourceApplyKerasMomentum ResourceApplyRMSProp ResourceApplyAdagradV2
"""
)
# A string in an attribute can name a file or a callback; these only say how to compute.
_HARMLESS_STRINGS = words(
    """
data_format padding equation mode round_mode bad_indices_policy config config_proto
executor_type message src_format dst_format align interpolation fill_mode method kernel_type
direction rnn_mode input_mode
"""
)
_HARMLESS_KINDS = ("user_object", "variable", "function", "bare_concrete_function", "constant")
_MAX_CONSTANTS = 1 << 28
_CONSTANT = "tf.TrackableConstant"


def load_saved_model(
    files: dict[str, bytes], file_name: str, asked: str | None, *, trust_model: bool
) -> tuple[SavedModelFunction, str, tuple[Edge, ...], tuple[str, ...]]:
    """The function to convert, the loader's name, and its inputs and outputs. `asked` is the
    signature that is meant, None for the one that serves.

    Raises InputError for damaged folders, UntrustedModel for what could touch files or run
    Python.
    """
    tensorflow = import_tensorflow()
    meta_graph = _parse(files["saved_model.pb"], file_name)
    if not trust_model:
        _check(meta_graph, file_name)
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        for name, data in files.items():  # a private copy: what was inspected is what is loaded
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        try:
            with quiet(), bounded_memory(sum(map(len, files.values()))):
                loaded = tensorflow.saved_model.load(folder)
        except Exception as error:  # whatever TensorFlow raises on a damaged folder
            raise InputError(
                f"'{file_name}' cannot be loaded",
                why=one_line(error).replace(folder, file_name),
                next_step="copy or export the model again: model.export('folder')",
            ) from error
    names = tuple(getattr(loaded, "signatures", {}))
    signature = choose(names, asked, file_name)
    function = loaded.signatures[signature]
    inputs = tuple(
        checked_input(name, _shape(spec.shape), str(spec.dtype.name), file_name)
        for name, spec in sorted(function.structured_input_signature[1].items())
    )
    if not inputs:
        raise InputError(f"'{file_name}' has no input", why=f"signature {signature} takes none")
    check_finite(function.graph.variables, file_name)
    outputs = tuple(sorted(function.structured_outputs))
    loader = f"TensorFlow {tensorflow.__version__} (SavedModel)"
    return SavedModelFunction(signature, names, function, loaded), loader, inputs, outputs


def _shape(shape: Any) -> tuple[int | None, ...]:
    return () if shape.rank is None else tuple(shape.as_list())


def _parse(content: bytes, file_name: str) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel()
    try:
        proto.ParseFromString(content)
    except DecodeError as error:
        raise InputError(
            f"'{file_name}' is damaged",
            why=f"its saved_model.pb cannot be read: {one_line(error)}",
            next_step="copy or export the model again",
        ) from error
    if len(proto.meta_graphs) != 1 or not proto.meta_graphs[0].HasField("object_graph_def"):
        raise InputError(
            f"'{file_name}' is no SavedModel of TensorFlow 2",
            why=f"it holds {len(proto.meta_graphs)} graphs and no object graph"
            if len(proto.meta_graphs) != 1
            else "it holds no object graph, as those of TensorFlow 1",
            next_step=f"give {FORMATS}, written by TensorFlow 2",
        )
    return proto.meta_graphs[0]


def _check(meta_graph: Any, file_name: str) -> None:
    for index, node in enumerate(meta_graph.object_graph_def.nodes):
        kind = node.WhichOneof("kind")
        # Which class builds an object is its registered name's to say, whatever its kind is. This
        # one makes a tensor of the numbers of a Const in the file, as of a Normalization's mean.
        registered = node.registered_name and not (
            kind == "constant" and node.registered_name == _CONSTANT
        )
        if kind not in _HARMLESS_KINDS or registered or node.saveable_objects:
            what = node.registered_name or ("saver" if node.saveable_objects else kind)
            raise untrusted(
                file_name,
                f"its object {index} ('{what}') runs operations of its own while it is loaded",
            )
    _check_constants(meta_graph, file_name)
    for function, op in _reachable_ops(meta_graph):
        if not _is_harmless(op):
            raise untrusted(
                file_name,
                f"the operation {op} in {function} is not known to be harmless: it may touch"
                " files, run Python or keep state",
            )


def _check_constants(meta_graph: Any, file_name: str) -> None:
    """Refuses constants that say a size, as they can with a single value, that no memory holds."""
    definition = meta_graph.graph_def
    functions = [function.node_def for function in definition.library.function]
    total = 0
    for nodes in (definition.node, *functions):
        for node in nodes:
            if node.op == "Const":
                axes = [axis.size for axis in node.attr["value"].tensor.tensor_shape.dim]
                total += math.prod(max(axis, 0) for axis in axes)
    if total > _MAX_CONSTANTS:
        raise InputError(
            f"'{file_name}' is too large",
            why=f"its constants have {total:,} values; at most {_MAX_CONSTANTS:,} are opened",
            next_step="give a smaller model",
        )


def _reachable_ops(meta_graph: Any) -> Iterator[tuple[str, str]]:
    """(function, op) of all that the object graph's functions can call.

    What saves and restores checkpoints (it names files) is not among them: the loader reads
    variables with its own code.
    """
    library = {entry.signature.name: entry for entry in meta_graph.graph_def.library.function}
    gradients = {
        entry.function_name: entry.gradient_func for entry in meta_graph.graph_def.library.gradient
    }
    pending = sorted(meta_graph.object_graph_def.concrete_functions)
    seen = set(pending)
    while pending:
        name = pending.pop()
        called = {gradients.get(name, "")}
        for node in library[name].node_def if name in library else ():
            if node.op in library:  # a call without PartitionedCall
                called |= {node.op}
            else:
                yield name, node.op
            for attr in node.attr.values():
                called |= {attr.func.name, *(entry.name for entry in attr.list.func)}
        fresh = (called & library.keys()) - seen
        seen |= fresh
        pending.extend(sorted(fresh))


@functools.cache
def _is_harmless(op: str) -> bool:
    """Whether TensorFlow's own declaration of the operation leaves it no way to the outside."""
    from tensorflow.core.framework import types_pb2
    from tensorflow.python.framework import op_def_registry

    if op in _HARMLESS_STATE:
        return True
    operation = op_def_registry.get(op)
    if operation is None or operation.is_stateful:
        return False
    arguments = [*operation.input_arg, *operation.output_arg]
    if any(argument.type == types_pb2.DT_STRING for argument in arguments):
        return False
    return all(
        attr.name in _HARMLESS_STRINGS
        for attr in operation.attr
        if attr.type in ("string", "list(string)")
    )
