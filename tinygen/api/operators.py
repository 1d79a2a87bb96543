"""`ops`: every operator that is compiled, and every one of TensorFlow Lite Micro's that is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinygen.api.operator_facts import (
    COMPILED,
    FLOAT_IN_TFLM,
    MISSING,
    ONLY_LITERT,
    VARIABLES,
)
from tinygen.engines.aot.kernel_sets import KERNEL_SETS
from tinygen.ops import BY_KIND


@dataclass(frozen=True)
class OperatorRow:
    """One operator of TFLite's schema."""

    kind: str
    types: tuple[str, ...]
    """Of the elements that it is compiled for; empty where it is not."""
    engines: tuple[str, ...]
    kernel_sets: tuple[str, ...]
    """Of the engine aot."""
    layers: str
    """What makes it, in Keras and in TensorFlow's functions."""
    note: str
    """Why it is not compiled, or what its oracle is where that is not TFLM."""


def operators() -> tuple[OperatorRow, ...]:
    """All of them by name, those that are compiled first."""
    compiled = sorted((*_compiled(), *_variables()), key=lambda row: row.kind)
    return (*compiled, *_missing())


def _compiled() -> Iterator[OperatorRow]:
    for kind in sorted(BY_KIND):
        facts = COMPILED[kind]
        folded = facts.types == ("folded",)
        yield OperatorRow(
            kind,
            facts.types,
            ("aot",) if kind in ONLY_LITERT else ("aot", "tflm"),
            () if folded else _sets(kind),
            facts.layers,
            _note(kind),
        )


def _sets(kind: str) -> tuple[str, ...]:
    return tuple(s.name for s in KERNEL_SETS if s.kinds is None or kind in s.kinds)


def _note(kind: str) -> str:
    if COMPILED[kind].note:
        return COMPILED[kind].note
    if kind in ONLY_LITERT:
        return "LiteRT is the oracle: TFLM has no such operator"
    coded = "int8" in COMPILED[kind].types
    if kind in FLOAT_IN_TFLM:
        return "TFLM has it in float" + ("; of int8, LiteRT is the oracle" if coded else "")
    return ""


def _variables() -> Iterator[OperatorRow]:
    for kind, facts in VARIABLES.items():
        yield OperatorRow(kind, facts.types, ("aot", "tflm"), (), facts.layers, facts.note)


def _missing() -> Iterator[OperatorRow]:
    for kind, why in sorted(MISSING.items()):
        yield OperatorRow(kind, (), (), (), "", why)
