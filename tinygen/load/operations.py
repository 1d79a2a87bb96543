"""Which operations of TensorFlow a graph of somebody else's may hold.

Accepted is what cannot touch files, run Python or keep state: operations that TensorFlow itself
declares free of state and that take no string (every file operation needs a name), and a list of
state that models need.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygen.errors import InputError
from tinygen.load.keras_config import words

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
_MAX_CONSTANTS = 1 << 28


@functools.cache
def is_harmless(op: str) -> bool:
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


def why_not(op: str, where: str) -> str:
    """Why a model with this operation in `where` is not opened."""
    return (
        f"the operation {op} in {where} is not known to be harmless: it may touch"
        " files, run Python or keep state"
    )


def reachable(definition: Any, roots: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(function, op) of all that the functions `roots` of a GraphDef can call."""
    library = {entry.signature.name: entry for entry in definition.library.function}
    gradients = {entry.function_name: entry.gradient_func for entry in definition.library.gradient}
    pending = sorted(roots)
    seen = set(pending)
    while pending:
        name = pending.pop()
        called = {gradients.get(name, "")}
        for node in library[name].node_def if name in library else ():
            if node.op not in library:  # else a call without PartitionedCall
                yield name, node.op
            called |= calls(node, library)
        fresh = (called & library.keys()) - seen
        seen |= fresh
        pending.extend(sorted(fresh))


def calls(node: Any, library: Mapping[str, Any]) -> set[str]:
    """The functions of the library that a node names, to call them."""
    named = {node.op}
    for attr in node.attr.values():
        named |= {attr.func.name, *(entry.name for entry in attr.list.func)}
    return named & library.keys()


def check_constants(definition: Any, file_name: str) -> None:
    """Refuses constants that say a size, as they can with a single value, that no memory holds."""
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
