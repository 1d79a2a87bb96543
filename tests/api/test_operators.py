"""The table of operators is what is compiled: complete, with the types that kernels have."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.ops.drawn import DRAWN, NOT_TFLMS, drawn
from tests.ops.drawn_islands import ISLANDS
from tinygen.api.operator_facts import COMPILED, FLOAT_IN_TFLM, MISSING, ONLY_LITERT, VARIABLES
from tinygen.api.operators import operators
from tinygen.engines.aot.kernel_sets import KERNEL_SETS
from tinygen.ir import Op
from tinygen.ops import BY_KIND, FloatFunction
from tinygen.ops.comparison import Comparison
from tinygen.ops.move import Move
from tinygen.tflite.states import KINDS

ROWS = {row.kind: row for row in operators()}


def test_every_operator_that_is_compiled_is_in_the_table_and_no_other() -> None:
    assert set(COMPILED) == set(BY_KIND)
    assert set(VARIABLES) == set(KINDS)
    assert not {*COMPILED, *VARIABLES} & set(MISSING)
    assert len(ROWS) == len(COMPILED) + len(VARIABLES) + len(MISSING)
    assert all(facts.layers for facts in COMPILED.values())
    assert all(MISSING.values())


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_types_are_what_the_operator_says(kind: str) -> None:
    types, operator = ROWS[kind].types, BY_KIND[kind]
    assert (types == ("folded",)) == (operator.kernels is Op.kernels)
    assert ("table" in types) == issubclass(operator, FloatFunction)
    if issubclass(operator, FloatFunction):
        assert ("int8" in types) == operator.coded
    if "any" in types:
        assert issubclass(operator, Move)


@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_types_are_what_kernels_are_for(kind: str) -> None:
    (one,) = drawn([kind], 1)
    assert one.op.lower(one.io)
    read = next(t for t in one.io.inputs if t is not None and not t.constant)
    names = [read.dtype.value, one.io.output.dtype.value]
    if kind.endswith("QUANTIZE"):
        names = [name if name == "float32" else "codes" for name in names]
    expected = " to ".join(dict.fromkeys(names))
    if kind.startswith("SELECT"):
        expected = "int8"  # beside a condition
    if kind == "CAST" or issubclass(BY_KIND[kind], Comparison):
        expected = names[0].replace("int16", "int32")
    assert expected in ROWS[kind].types or "any" in ROWS[kind].types


def test_every_operator_has_random_cases() -> None:
    tables = {kind for kind, row in ROWS.items() if row.types == ("table",)}
    compiled = {kind for kind, row in ROWS.items() if row.types not in ((), ("folded",))}
    compiled -= set(VARIABLES)
    assert set(DRAWN) == compiled - tables, "a new operator goes into tests/ops/drawn.py"
    assert tables <= set(ISLANDS)


def test_kernel_sets_name_the_operators_that_they_have() -> None:
    for kernel_set in KERNEL_SETS:
        named = {kind for kind, row in ROWS.items() if kernel_set.name in row.kernel_sets}
        assert named == (kernel_set.kinds or named)
        assert named


def test_what_litert_is_the_oracle_of_says_so() -> None:
    for kind in NOT_TFLMS:
        assert "LiteRT" in ROWS[kind].note, kind
    in_int8 = {kind for kind in ONLY_LITERT if ROWS[kind].types != ("table",)}
    assert in_int8 <= NOT_TFLMS
    coded = {kind for kind in FLOAT_IN_TFLM if "int8" in ROWS[kind].types}
    assert coded <= NOT_TFLMS


def test_the_command_prints_all_of_them() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinygen", "ops"], capture_output=True, text=True, check=True
    )
    shown = set(re.findall(r"[A-Z0-9_]+", done.stdout))
    assert set(ROWS) <= shown
    assert max(map(len, done.stdout.splitlines())) <= 80
