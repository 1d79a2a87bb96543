"""Loops of a frozen graph, step by step: the graph is traced anew, node by node, with each loop's
body as often as its condition says, and lists of tensors as the tensors in them.

TensorFlow Lite has int8 operators for neither. Recurrent layers in a SavedModel are such loops:
their number of steps is a constant of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygen.errors import InputError
from tinygen.ir import Shape

_LOOPS = ("While", "StatelessWhile")
_BRANCHES = ("If", "StatelessIf")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_STEPS = 1000
"""Loops of more steps together are refused: each of them is traced and calibrated."""


def has_loops(function: Any) -> bool:
    """Whether a concrete function has loops or branches, in what it calls too."""
    definition = function.graph.as_graph_def()
    bodies = [definition.node, *(one.node_def for one in definition.library.function)]
    return any(node.op in (*_LOOPS, *_BRANCHES) for nodes in bodies for node in nodes)


def unrolled(tensorflow: Any, frozen: Any) -> tuple[Any, list[Shape]]:
    """The frozen function without loops, and the shapes of the inputs that it has besides: what
    loops begin with where that is zeros (tinygen.quantize.beginnings says why).

    Raises InputError where how often a loop runs depends on the data, or is too often.
    """
    inputs = [tensorflow.TensorSpec(one.shape, one.dtype) for one in frozen.inputs]
    shapes: list[Shape] = []

    def traced() -> Any:
        begins = [tensorflow.TensorSpec(shape, tensorflow.float32) for shape in shapes]
        signature = [
            tensorflow.TensorSpec(one.shape, one.dtype, name=f"input_{index}")
            for index, one in enumerate([*inputs, *begins])
        ]

        def serve(*given: Any) -> list[Any]:
            trace = _Trace(tensorflow, frozen, given[len(inputs) :])
            outputs = trace.outputs(frozen, given[: len(inputs)])
            shapes[:] = trace.begins
            return outputs

        function = tensorflow.function(serve, input_signature=signature, autograph=False)
        return function.get_concrete_function()

    concrete = traced()  # which tells what its loops begin with
    return (traced() if shapes else concrete), shapes


class _Trace:
    """One pass over the graph. Values are tensors, and tuples of them for lists of tensors, in
    which None is a tensor that has not been written."""

    def __init__(self, tensorflow: Any, frozen: Any, begins: Sequence[Any]) -> None:
        self._tf = tensorflow
        self._definition = frozen.graph.as_graph_def()
        self._functions = {one.signature.name: one for one in self._definition.library.function}
        self._given = iter(begins)
        self._left = _STEPS
        self.begins: list[Shape] = []
        """Of the zeros that loops begin with and change, in order."""

    def outputs(self, frozen: Any, given: Iterable[Any]) -> list[Any]:
        """What the whole graph gives for these inputs."""
        named = zip((one.op.name for one in frozen.inputs), given, strict=True)
        values = {name: {"": [value]} for name, value in named}
        self._run(self._definition.node, values)
        return [self._tf.identity(_read(values, one.name)) for one in frozen.outputs]

    def _called(self, name: str, given: Sequence[Any]) -> list[Any]:
        """What a function of the library gives."""
        function = self._functions[name]
        named = (argument.name for argument in function.signature.input_arg)
        values = {name: {"": [value]} for name, value in zip(named, given, strict=True)}
        self._run(function.node_def, values)
        results = (one.name for one in function.signature.output_arg)
        return [_read(values, function.ret[name]) for name in results]

    def _run(self, nodes: Iterable[Any], values: _Values) -> None:
        for node in _in_order(nodes, values):
            inputs = [_read(values, name) for name in node.input if not name.startswith("^")]
            values[node.name] = self._node(node, inputs)

    def _node(self, node: Any, inputs: list[Any]) -> dict[str, list[Any]]:
        """The outputs of a node by their names in the operation's declaration; by "" all of them,
        in order."""
        if node.op in _LOOPS:
            return {"": (found := self._loop(node, inputs)), "output": found}
        if node.op in _BRANCHES:
            taken = self._decided(node, inputs[0], "which of its branches is taken")
            branch = node.attr["then_branch" if taken else "else_branch"].func.name
            return {"": (found := self._called(branch, inputs[1:])), "output": found}
        if node.op in _CALLS:
            found = self._called(node.attr["f"].func.name, inputs)
            return {"": found, "output": found}
        if node.op in _LISTS:
            found = _LISTS[node.op](self._tf, *inputs)
            names = _LIST_OUTPUTS.get(node.op, ("output_handle",))
            return {"": found, **{name: [one] for name, one in zip(names, found, strict=True)}}
        if node.op == "NoOp":
            return {"": []}
        if node.op == "Identity":  # of a list too
            return {"": inputs, "output": inputs}
        if node.op == "ZerosLike" and inputs[0].shape.is_fully_defined():  # no other layer has it
            return {"": (zeros := [self._tf.zeros(inputs[0].shape, inputs[0].dtype)]), "y": zeros}
        return self._computed(node, inputs)

    def _loop(self, node: Any, given: list[Any]) -> list[Any]:
        values = self._with_begins(node, given)
        while True:
            (goes_on,) = self._called(node.attr["cond"].func.name, values)
            if not self._decided(node, goes_on, "how often it runs"):
                return values
            self._left -= 1
            if self._left < 0:
                raise InputError(
                    f"the model's loops have more than {_STEPS:,} steps",
                    why=f"counted into '{_last(node.name)}'; each step becomes operators of its"
                    " own, which are calibrated one by one",
                    next_step="give fewer steps at a time, or a stateful layer a few of them",
                )
            values = self._called(node.attr["body"].func.name, values)

    def _with_begins(self, node: Any, given: list[Any]) -> list[Any]:
        """What a loop begins with, with an input in place of zeros that its body changes."""
        zeros = [index for index, value in enumerate(given) if self._is_zeros(value)]
        after = self._called(node.attr["body"].func.name, given) if zeros else given
        values = list(given)
        for index in zeros:
            if after[index] is not given[index]:
                self.begins.append(tuple(given[index].shape))
                values[index] = next(self._given, given[index])
        return values

    def _is_zeros(self, value: Any) -> bool:
        if isinstance(value, tuple) or value.dtype != self._tf.float32 or not value.shape.rank:
            return False
        held = _constant(value)
        return held is not None and not np.any(held)

    def _decided(self, node: Any, value: Any, what: str) -> bool:
        if (held := _constant(value)) is None:
            raise InputError(
                f"the model's '{_last(node.name)}' depends on the data",
                why=f"{what} is computed from the inputs; firmware computes the same operators"
                " each time",
                next_step="give it a number of steps that is known when it is saved: fixed shapes,"
                " no mask and no early end",
            )
        return bool(np.all(held))

    def _computed(self, node: Any, inputs: list[Any]) -> dict[str, list[Any]]:
        """An ordinary node, in the graph that is traced; what can be said of it now, as a constant,
        where it is an integer: sizes and counters are."""
        definition = self._tf.compat.v1.GraphDef()
        definition.versions.CopyFrom(self._definition.versions)
        alone = definition.node.add(name=node.name, op=node.op)
        for name, attr in node.attr.items():
            if not name.startswith("_"):
                alone.attr[name].CopyFrom(attr)
        alone.input.extend(f"given_{index}" for index in range(len(inputs)))
        given = {f"given_{index}:0": value for index, value in enumerate(inputs)}
        names = _output_names(node)
        found = self._tf.graph_util.import_graph_def(
            definition,
            input_map=given,
            return_elements=[f"{node.name}:{index}" for index in range(len(names))],
            name="",
        )
        outputs: dict[str, list[Any]] = {"": []}
        for name, value in zip(names, found, strict=True):
            if node.op != "Const" and (value.dtype.is_integer or value.dtype.is_bool):
                held = _constant(value)
                known = value if held is None else self._tf.constant(held, value.dtype)
            else:
                known = value
            outputs[""].append(known)
            outputs.setdefault(name, []).append(known)
        return outputs


_Values = dict[str, dict[str, list[Any]]]
"""Of each node, what it gives."""


def _read(values: Mapping[str, Mapping[str, Sequence[Any]]], name: str) -> Any:
    """By a name as a graph writes it, node:index, or a function, node:output:index."""
    node, _, place = name.partition(":")
    output, _, index = place.rpartition(":")
    return values[node][output][int(index or 0)]


def _in_order(nodes: Iterable[Any], known: Mapping[str, Any]) -> list[Any]:
    """Each after what it reads."""
    named = {node.name: node for node in nodes if node.name not in known}
    done: dict[str, Any] = {}
    begun: set[str] = set()
    pending = list(reversed(named))
    while pending:
        name = pending[-1]
        begun.add(name)
        before = [_node_of(one) for one in named[name].input if not one.startswith("^")]
        missing = [one for one in before if one in named and one not in done]
        if begun.intersection(missing):
            raise InputError(
                f"the model's '{_last(name)}' is in a loop as TensorFlow 1 wrote them",
                why="such a loop is a circle of nodes; only loops that call functions are unrolled",
                next_step="save the model again with TensorFlow 2",
            )
        if missing:
            pending += missing
        else:
            done[pending.pop()] = named[name]
    return list(done.values())


def _node_of(name: str) -> str:
    return name.partition(":")[0]


def _last(name: str) -> str:
    """Of a node's long name what a person gave."""
    return "/".join([part for part in name.split("/") if part not in _CALLS][-2:])


def _output_names(node: Any) -> list[str]:
    """Of each output its name in the declaration of the operation."""
    from tensorflow.python.framework import op_def_registry

    names = []
    for argument in op_def_registry.get(node.op).output_arg:
        count = 1
        if argument.number_attr:
            count = node.attr[argument.number_attr].i
        elif argument.type_list_attr:
            count = len(node.attr[argument.type_list_attr].list.type)
        names += [argument.name] * count
    return names


def _constant(value: Any) -> np.ndarray | None:
    """What a tensor is, if that does not depend on the inputs."""
    from tensorflow.python.framework.smart_cond import smart_constant_value

    held = smart_constant_value(value)
    return None if held is None else np.asarray(held)


def _whole(value: Any) -> int:
    """An index or a size of a list, which has to be known."""
    held = _constant(value)
    if held is None:
        raise InputError(
            "the model's loop keeps a list whose places depend on the data",
            why="firmware has no lists: each place of one becomes a tensor of its own",
            next_step="write each step's result to the place of the step",
        )
    return int(held)


def _reserved(_: Any, _shape: Any, count: Any) -> list[Any]:
    return [(None,) * _whole(count)]


def _empty(_: Any, _shape: Any, _most: Any) -> list[Any]:
    return [()]


def _parts(tf: Any, tensor: Any, _shape: Any) -> list[Any]:
    return [tuple(tf.unstack(tensor))]


def _stacked(tf: Any, values: tuple[Any, ...], shape: Any) -> list[Any]:
    return [tf.stack(_filled(tf, values, shape))]


def _read_item(tf: Any, values: tuple[Any, ...], index: Any, shape: Any) -> list[Any]:
    return [_filled(tf, values, shape)[_whole(index)]]


def _written(_: Any, values: tuple[Any, ...], index: Any, item: Any) -> list[Any]:
    place = _whole(index)
    longer = (*values, *(None,) * (place + 1 - len(values)))
    return [(*longer[:place], item, *longer[place + 1 :])]


def _pushed(_: Any, values: tuple[Any, ...], item: Any) -> list[Any]:
    return [(*values, item)]


def _popped(tf: Any, values: tuple[Any, ...], shape: Any) -> list[Any]:
    return [values[:-1], _filled(tf, values, shape)[-1]]


def _length(tf: Any, values: tuple[Any, ...]) -> list[Any]:
    return [tf.constant(len(values))]


def _filled(tf: Any, values: tuple[Any, ...], shape: Any) -> list[Any]:
    """With zeros for what has not been written."""
    if all(one is not None for one in values):
        return list(values)
    written = next((one for one in values if one is not None), None)
    zeros = tf.zeros(_constant(shape)) if written is None else tf.zeros_like(written)
    return [zeros if one is None else one for one in values]


_LISTS: Mapping[str, Callable[..., list[Any]]] = {
    "TensorListReserve": _reserved,
    "EmptyTensorList": _empty,
    "TensorListFromTensor": _parts,
    "TensorListStack": _stacked,
    "TensorListGetItem": _read_item,
    "TensorListSetItem": _written,
    "TensorListPushBack": _pushed,
    "TensorListPopBack": _popped,
    "TensorListLength": _length,
}
"""What the operations on lists of tensors give."""
_LIST_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "TensorListStack": ("tensor",),
    "TensorListGetItem": ("item",),
    "TensorListPopBack": ("output_handle", "tensor"),
    "TensorListLength": ("length",),
    "EmptyTensorList": ("handle",),
    "TensorListReserve": ("handle",),
}
