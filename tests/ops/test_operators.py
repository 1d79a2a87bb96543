"""What every operator has from its base, and what the tests' files take from the schema."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.ops.harness import int8
from tests.ops.tflite_file import options_of
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Lowered, Op, Operands, Shape, Values
from tinygen.ops import BY_KIND, OPERATORS, Parsed, Parser


@dataclass(frozen=True)
class _Choosy(Op):
    """Refuses every tensor."""

    kind = "CHOOSY"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        raise UnsupportedModel(f"'{io.input(0).name}' is not good enough")

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        raise AssertionError("computed without a check")

    def kernels(self, io: Operands) -> Lowered:  # noqa: ARG002
        raise AssertionError("lowered without a check")


def test_no_half_of_an_operator_runs_unchecked() -> None:
    io = Operands((int8((2,)),), (int8((2,)),))
    with pytest.raises(UnsupportedModel, match="good enough"):
        _Choosy().reference(io, [np.zeros(2, np.int8)])
    with pytest.raises(UnsupportedModel, match="good enough"):
        _Choosy().lower(io)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda o: o.kind)
def test_an_operator_with_attributes_reads_them(operator: type[Parsed]) -> None:
    if fields(operator):
        assert operator.parse.__func__ is not Parsed.parse.__func__  # type: ignore[attr-defined]
    else:
        assert operator.parse(Parser(operator.kind, None)) == operator()


def test_kinds_are_the_schemas() -> None:
    assert len(BY_KIND) == len(OPERATORS)
    assert set(BY_KIND) - {"DECODE"} <= set(vars(schema.BuiltinOperator))


def test_every_table_of_options_is_found_by_an_operator() -> None:
    tables = {name for name, code in vars(schema.BuiltinOptions).items() if isinstance(code, int)}
    kinds = [kind for kind, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)]
    assert {options_of(kind) for kind in kinds} == tables
    assert options_of("UNIDIRECTIONAL_SEQUENCE_LSTM") == "UnidirectionalSequenceLSTMOptions"
    assert options_of("REDUCE_MAX") == "ReducerOptions"
    assert options_of("RELU") == "NONE"


def test_a_missing_input_is_named() -> None:
    io = Operands((int8((2,)), None), (), "ADD")
    assert io.optional(1) is None
    assert io.optional(2) is None
    for index in (1, 2):
        with pytest.raises(UnsupportedModel, match=f"input {index} of ADD is missing"):
            io.input(index)
    with pytest.raises(UnsupportedModel, match="input 1 of ADD"):
        _ = io.every_input
    values = Values([np.zeros(2, np.int8), None])
    assert values.optional(1) is None
    assert values.optional(2) is None
    with pytest.raises(IndexError):
        _ = values[1]
