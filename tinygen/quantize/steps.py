"""Equal steps of a model get equal ranges, so that they are quantized to the same numbers.

An unrolled layer computes the same for every step, but each step's tensors were calibrated by
themselves: no two of them would have the same scales, biases and tables. What is the same in all
steps is quantized by what its range is in any of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_WEIGHTED = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
_MOVES = ("RESHAPE", "SPLIT", "SPLIT_V", "SLICE", "STRIDED_SLICE", "UNPACK", "SQUEEZE")
"""What makes of a tensor its parts."""
_ONE_SCALE = ("CONCATENATION", "PACK", "RESHAPE", "REVERSE_V2", "TRANSPOSE")
_FIXED = {"TANH": (-1.0, 127 / 128), "LOGISTIC": (0.0, 255 / 256), "SOFTMAX": (0.0, 255 / 256)}
"""What ends in a scale that the specification fixes."""


def with_equal_ranges(calibrated: bytes) -> bytes:
    """A float .tflite whose tensors have the ranges that were seen, with one range for what is the
    same in equal steps; as it was where it has no such steps. Needs TensorFlow."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(calibrated))
    tensors = model.subgraphs[0].tensors
    calls, changed = _calls(model), False
    fixed = {i: _FIXED[call.kind] for call in calls if call.kind in _FIXED for i in call.outputs}
    for equal in equal_tensors(calls, _constants(model)):
        ranges = [tensors[i].quantization for i in equal]
        if any(one is None or not _one(one.min) or not _one(one.max) for one in ranges):
            continue
        seen = min(one.min[0] for one in ranges), max(one.max[0] for one in ranges)
        low, high = next((fixed[i] for i in equal if i in fixed), seen)
        for one in ranges:
            changed = changed or (one.min[0], one.max[0]) != (low, high)
            one.min, one.max = [low], [high]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model)) if changed else calibrated


def has_steps(content: bytes) -> bool:
    """Whether some tensors of a .tflite are the same in several steps, or in several inferences.
    Needs TensorFlow."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    return bool(equal_tensors(_calls(model), _constants(model)))


def _one(values: Any) -> bool:
    return values is not None and len(values) == 1


def _calls(model: Any) -> list[Call]:
    from tensorflow.lite.python import schema_py_generated as schema

    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    found = []
    for operator in model.subgraphs[0].operators:
        options = operator.builtinOptions
        written = "" if options is None else repr(sorted(vars(options).items(), key=str))
        found.append(
            Call(
                names[codes[operator.opcodeIndex]],
                written,
                _numbers(operator.inputs),
                _numbers(operator.outputs),
            )
        )
    return found


def _numbers(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(i) for i in values)


def _constants(model: Any) -> dict[int, Hashable]:
    found: dict[int, Hashable] = {-1: None}
    for index, tensor in enumerate(model.subgraphs[0].tensors):
        data = model.buffers[tensor.buffer].data
        if data is not None and len(data):
            shape = _numbers(tensor.shape)
            found[index] = tensor.type, shape, bytes(np.asarray(data, np.uint8))
    return found


@dataclass(frozen=True)
class Call:
    """An operator of the file: what it is, its options, and its tensors."""

    kind: str
    options: Hashable
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def equal_tensors(
    calls: Sequence[Call], constants: Mapping[int, Hashable]
) -> list[tuple[int, ...]]:
    """Sets of tensors that are the same in several steps; `constants` are what those that are not
    computed hold.

    Operators with the same weights are equal steps where one depends on another, or where all of
    them read parts of one tensor. Then what they read is equal, what they write, and what is
    computed alike of what is equal, in part or in all. So is what a variable holds.
    """
    together: dict[Hashable, list[Call]] = {}
    for call in calls:
        held = tuple(constants.get(i, "computed") for i in call.inputs)
        if call.kind in _WEIGHTED and any(i in constants and i >= 0 for i in call.inputs):
            together.setdefault((call.kind, call.options, held), []).append(call)
    groups = [group for group in together.values() if len(group) > 1]
    kept = _variables(calls)
    if not any(_of_one(group, calls) or _in_a_row(group, calls) for group in groups) and not kept:
        return []
    sets = _Sets()
    for values in kept:
        sets.join(values)
    while groups:
        joined = [sets.join(side) for group in groups for side in _sides(group, constants)]
        joined += [sets.join(one) for one in _of_one_scale(calls, constants, sets)]
        groups = [*_computed_alike(calls, constants, sets), *_read_alike(calls, constants, sets)]
        if not any(joined):
            break
    return sets.several()


def _variables(calls: Sequence[Call]) -> list[list[int]]:
    """Of each variable what is read of it and what is assigned to it: one step leaves it for the
    next."""
    handles = {call.outputs[0]: call.options for call in calls if call.kind == "VAR_HANDLE"}
    values: dict[Hashable, list[int]] = {}
    for call in calls:
        if call.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            value = call.outputs[0] if call.outputs else call.inputs[1]
            values.setdefault(handles[call.inputs[0]], []).append(value)
    return list(values.values())


def _sides(group: Sequence[Call], constants: Mapping[int, Hashable]) -> Iterator[list[int]]:
    """The tensors that equal operators read or write in one place."""
    for role in ("inputs", "outputs"):
        for tensors in zip(*(getattr(call, role) for call in group), strict=False):
            yield [i for i in tensors if i not in constants]


def _of_one_scale(
    calls: Sequence[Call], constants: Mapping[int, Hashable], sets: _Sets
) -> Iterator[list[int]]:
    """The tensors of operators whose inputs and outputs get one scale, where a set has one."""
    for call in calls:
        if call.kind in _ONE_SCALE:
            tensors = [i for i in (*call.inputs, *call.outputs) if i not in constants]
            if any(map(sets.has, tensors)):
                yield tensors


def _computed_alike(
    calls: Sequence[Call], constants: Mapping[int, Hashable], sets: _Sets
) -> Iterable[list[Call]]:
    """Operators of one kind whose inputs are equal."""
    alike: dict[Hashable, list[Call]] = {}
    for call in calls:
        held = tuple((i in constants, constants.get(i, sets.of(i))) for i in call.inputs)
        alike.setdefault((call.kind, call.options, held), []).append(call)
    return alike.values()


def _read_alike(
    calls: Sequence[Call], constants: Mapping[int, Hashable], sets: _Sets
) -> Iterator[list[Call]]:
    """Operators of one kind that read equal tensors in one place, each of which has one of them:
    what else they read is a state that the step before left."""
    alike: dict[tuple[Hashable, int], list[Call]] = {}
    for call in calls:
        held = tuple(constants.get(i, "computed") for i in call.inputs)
        for place, i in enumerate(call.inputs):
            if i not in constants:
                key = call.kind, call.options, held, sets.of(i)
                alike.setdefault((key, place), []).append(call)
    for (_, place), group in alike.items():
        if len({call.inputs[place] for call in group}) == len(group):
            yield group


def _of_one(group: Sequence[Call], calls: Sequence[Call]) -> bool:
    """Whether all of them read parts of one tensor."""
    writers = {i: call for call in calls for i in call.outputs}

    def whole(tensor: int) -> int:
        while (call := writers.get(tensor)) is not None and call.kind in _MOVES:
            tensor = call.inputs[1] if call.kind == "SPLIT" else call.inputs[0]
        return tensor

    return len({whole(call.inputs[0]) for call in group}) == 1


def _in_a_row(group: Sequence[Call], calls: Sequence[Call]) -> bool:
    """Whether one of them depends on another."""
    reached = set(group[0].outputs)
    for call in calls:
        if reached.intersection(call.inputs):
            if call in group:
                return True
            reached.update(call.outputs)
    return False


class _Sets:
    """Disjoint sets of tensors."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def of(self, tensor: int) -> int:
        """What stands for the set in which it is."""
        while (above := self._above.get(tensor, tensor)) != tensor:
            tensor = above
        return tensor

    def has(self, tensor: int) -> bool:
        """Whether it is in a set with others."""
        return tensor in self._above

    def join(self, tensors: Iterable[int]) -> bool:
        """Make one set of those in which these are; whether they were several."""
        roots = sorted({self.of(i) for i in tensors})
        for root in roots if len(roots) > 1 else ():
            self._above[root] = roots[0]
        return len(roots) > 1

    def several(self) -> list[tuple[int, ...]]:
        """The sets of more than one tensor."""
        sets: dict[int, list[int]] = {}
        for tensor in sorted(self._above):
            sets.setdefault(self.of(tensor), []).append(tensor)
        return [tuple(one) for one in sets.values() if len(one) > 1]
