"""Gates: conditions on a result under which a build in CI is to fail."""

from __future__ import annotations

import dataclasses
import math
import operator
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygen.api.bench import BenchResult
from tinygen.api.build import BuildResult
from tinygen.api.inspect import InspectResult
from tinygen.api.profile import ProfileResult
from tinygen.api.verify import VerifyResult
from tinygen.errors import InputError
from tinygen.printable import printable

EXIT_CODE = 7
"""Of a command whose result is good, but for a gate."""

NAMES: Mapping[type, Mapping[str, str]] = {
    InspectResult: {
        "macs": "macs",
        "parameters": "parameters",
        "constants": "constant_bytes",
        "arena": "arena_bytes",
        "sqnr": "fidelity.outputs.*.distance.sqnr_db",
        "layer_sqnr": "fidelity.layers.*.sqnr_db",
        "alone_sqnr": "fidelity.layers.*.alone_sqnr_db",
        "saturated": "fidelity.layers.*.saturated",
    },
    BuildResult: {
        "flash": "sizes.flash",
        "ram": "sizes.ram",
        "arena": "generated.arena_bytes",
        "constants": "generated.constant_bytes",
        "macs": "generated.macs",
        "cycles": "generated.estimate.cycles",
        "sqnr": "generated.fidelity.*.distance.sqnr_db",
        "layer_sqnr": "generated.layer_fidelity.layers.*.sqnr_db",
        "alone_sqnr": "generated.layer_fidelity.layers.*.alone_sqnr_db",
        "seconds": "seconds",
    },
    VerifyResult: {
        "accuracy": "accuracy.device",
        "accuracy_low": "accuracy.low",
        "balanced_accuracy": "accuracy.balanced",
        "precision": "accuracy.precision",
        "f1": "accuracy.f1",
        "auc": "accuracy.auc",
        "recall": "accuracy.classes.*.recall",
        "rmse": "regression.device.rmse",
        "mae": "regression.device.mae",
        "nash_sutcliffe": "regression.device.nash_sutcliffe",
        "instructions": "instructions",
        "cost": "cost.mean",
        "worst_cost": "cost.maximum",
        "arena": "arena_bytes",
        "stack": "stack_used_bytes",
        "mismatched": "mismatched_elements",
        "lsb": "max_abs_diff_lsb",
        "sqnr": "outputs.*.float_model.sqnr_db",
        "vectors": "vectors",
        "seconds": "seconds",
    },
    ProfileResult: {
        "instructions": "instructions",
        "cost": "inference",
        "worst_layer": "layers.*.amount",
        "cycles": "modelled_cycles",
        "macs": "macs",
        "seconds": "seconds",
    },
    BenchResult: {
        "flash": "rows.*.flash",
        "arena": "rows.*.arena",
        "static_ram": "rows.*.static_ram",
        "stack": "rows.*.stack_used",
        "cost": "rows.*.per_inference",
        "instructions": "rows.*.instructions",
    },
}
"""Short names of a command's figures, and where its result has them. `*` is each of several."""

COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
"""The signs of a condition."""
NUMBER = r"[+-]?(?:\d[\d_]*)?\.?\d+(?:[eE][+-]?\d+)?"
"""How a number is written in one."""
_FORM = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*(?:\.(?:\w+|\*))*)\s*(?P<sign><=|>=|==|!=|<|>)\s*"
    rf"(?P<limit>{NUMBER})\s*"
)


@dataclass(frozen=True)
class Gate:
    """A condition under which to fail: a figure of the result, a sign, a number."""

    text: str
    path: str
    sign: str
    limit: float


@dataclass(frozen=True)
class GateOutcome:
    """A gate, and what the result has to say of it."""

    gate: str
    """As it was given: the condition under which to fail."""
    where: str
    """The figure's place in the result."""
    value: float | None
    """None where the result does not have it, which fails too: not known is not passed."""
    failed: bool


def parse(conditions: Sequence[str], kind: type) -> tuple[Gate, ...]:
    """The gates that conditions as `flash > 200000` mean for results of the type `kind`.

    InputError for what is no such condition, and for a figure that such results do not have.
    """
    return tuple(_parsed(text, kind) for text in conditions)


def judge(gates: Sequence[Gate], result: object) -> tuple[GateOutcome, ...]:
    """Every gate held against the result; of several figures the first one that fails it."""
    return tuple(_judged(gate, result) for gate in gates)


def gates(result: object, *conditions: str) -> tuple[GateOutcome, ...]:
    """Hold a result against conditions under which to fail, as `--fail-if` does.

    Parameters
    ----------
    result : BuildResult, VerifyResult or BenchResult
        What a command returned.
    *conditions : str
        A name, one of ``< <= > >= == !=``, a number: ``"flash > 200000"``. A name is one of those
        in the reference, or a field's path, as ``"outputs.0.device.rmse_lsb"``.

    Returns
    -------
    tuple of GateOutcome
        One for each condition, in their order. A figure that the result does not have fails.

    Raises
    ------
    InputError
        For what is no such condition, or a name that such results do not have.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.inspect("model.tflite")  # doctest: +SKIP
    >>> [gate.failed for gate in tinygen.gates(result, "macs > 1e6")]  # doctest: +SKIP
    [False]
    """
    return judge(parse(conditions, type(result)), result)


def _parsed(text: str, kind: type) -> Gate:
    match = _FORM.fullmatch(text)
    if match is None:
        raise InputError(
            f"--fail-if '{printable(text)}' is not understood",
            why=f"it is a name, one of {' '.join(sorted(COMPARED))}, and a number",
            next_step='--fail-if "flash > 200000", for example',
        )
    known = NAMES.get(kind, {})
    path = known.get(match["name"], match["name"])
    if not _is_number(kind, path.split(".")):
        raise InputError(
            f"--fail-if '{printable(text)}': there is no figure {match['name']}",
            why=f"known are {', '.join(known) or 'fields of the result'}, and every number of the "
            "result by its path, as in docs/results.schema.json",
            next_step="give one of those",
        )
    return Gate(text.strip(), path, match["sign"], float(match["limit"].replace("_", "")))


def _judged(gate: Gate, result: object) -> GateOutcome:
    found = [
        (f"{name}{where}", value)
        for name, one in _models(result)
        for where, value in _values(one, gate.path.split("."), "")
    ]
    compare = COMPARED[gate.sign]
    judged = [
        GateOutcome(gate.text, where, value, value is None or compare(value, gate.limit))
        for where, value in found
    ] or [GateOutcome(gate.text, gate.path, None, True)]
    return next((outcome for outcome in judged if outcome.failed), judged[0])


def _models(result: Any) -> list[tuple[str, Any]]:
    """The result, or of several models each, with what is said before a place in it."""
    models = getattr(result, "models", ())
    return [(f"{one.c_name}: ", one) for one in models] if models else [("", result)]


def _values(value: object, path: Sequence[str], where: str) -> list[tuple[str, float | None]]:
    """The numbers at a path with their places; NaN is none. A place that has nothing is None."""
    if not path:
        number = isinstance(value, int | float) and not math.isnan(value)
        return [(where, value if number else None)]  # type: ignore[list-item]
    head, *rest = path
    if isinstance(value, tuple | list):
        picks = range(len(value)) if head == "*" else [int(head)]
        return [
            one
            for i in picks
            for one in _values(value[i] if i < len(value) else None, rest, f"{where}.{i}")
        ]
    found = getattr(value, head, None)
    return _values(found, rest, f"{where}.{head}".removeprefix("."))


def _is_number(kind: Any, path: Sequence[str]) -> bool:
    """Whether values of this type have a number there."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return any(_is_number(one, path) for one in typing.get_args(kind))
    if not path:
        return kind in (int, float)
    head, *rest = path
    if typing.get_origin(kind) in (tuple, list):
        return (head == "*" or head.isdecimal()) and _is_number(typing.get_args(kind)[0], rest)
    if not dataclasses.is_dataclass(kind):
        return False
    member = getattr(kind, head, None)
    if isinstance(member, property) and member.fget is not None:
        return _is_number(typing.get_type_hints(member.fget)["return"], rest)
    hints = typing.get_type_hints(kind)
    return head in hints and _is_number(hints[head], rest)
