"""ABS, RSQRT and what runtimes compute in float: over all codes, reference = oracle, kernel =
reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import check_drawn, drawn
from tests.ops.drawn_numbers import ALL_CODES, from_zero, of_codes
from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_litert, check_against_tflm
from tests.ops.tflite_file import options_of, run_tflm, single_operator
from tinygen.api.operator_facts import FLOAT_IN_TFLM, ONLY_LITERT
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType
from tinygen.ops.abs import Abs
from tinygen.ops.elu import Elu
from tinygen.ops.float_function import Coded, FloatFunction
from tinygen.ops.float_functions import (
    Ceil,
    Cos,
    Exp,
    Floor,
    Gelu,
    Log,
    Neg,
    Round,
    Sin,
    Sqrt,
    Square,
)
from tinygen.ops.inverse_sqrt import inverse_sqrt
from tinygen.ops.rsqrt import Rsqrt

KINDS = ("ABS", "RSQRT", "ELU", "EXP", "LOG", "SQRT", "GELU", "RELU_N1_TO_1")


def rooted(source: tuple[float, int], target: tuple[float, int]) -> Case:
    return of_codes(Rsqrt(), source, target, None, from_zero(source[1]))


EDGES = (
    of_codes(Abs(), (0.1, 0), (0.1, 0)),
    of_codes(Abs(), (0.1, 7), (0.05, -128)),
    of_codes(Abs(), (0.5, -128), (0.01, 127)),
    of_codes(Abs(), (0.001, 100), (3.0, 5)),
    rooted((0.1, -128), (0.02, -128)),
    rooted((0.1, 127), (0.02, -128)),
    rooted((1e-6, -128), (3.9, 0)),
    rooted((200.0, 3), (1e-4, -100)),
    of_codes(Elu(), (0.05, 0), (0.043, -104)),
    of_codes(Elu(), (0.5, 100), (0.5, 100)),
)
OF_LITERT = (
    of_codes(Exp(), (0.05, 127), (1 / 256, -128), {}),
    of_codes(Exp(), (0.9, 0), (0.37, -128), {}),
    of_codes(Log(), (0.051, -128), (0.031, 100)),
    of_codes(Log(), (0.051, 3), (0.031, 100)),  # zero and less give the least code
    of_codes(Gelu(False), (0.05, 0), (0.031, -122), {"approximate": False}),
    of_codes(Gelu(True), (0.05, 0), (0.031, -122), {"approximate": True}),
)


def test_edge_cases_equal_the_oracle() -> None:
    check_against_tflm(EDGES)
    check_against_litert(OF_LITERT)


def test_random_scales_equal_the_oracle() -> None:
    check_drawn(KINDS, 10)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *OF_LITERT, *drawn(KINDS, 1)], tmp_path)


def test_the_root_of_what_is_not_positive_is_the_limit() -> None:
    (found,) = of_codes(Rsqrt(), (0.1, 5), (0.02, -128)).expected[0]
    assert (found[ALL_CODES <= 5] == 127).all()
    (found,) = of_codes(Sqrt(), (0.1, 5), (0.02, -128)).expected[0]
    assert (found[ALL_CODES <= 5] == -128).all()


def test_an_inverse_root_is_near() -> None:
    values = np.unique(np.geomspace(2, (1 << 31) - 1, 5000).astype(np.int64))
    multiplier, shift = inverse_sqrt(values)
    found = multiplier * 2.0 ** (shift - 31)
    assert np.abs(found * np.sqrt(values) - 1).max() < 2e-6
    multiplier, shift = inverse_sqrt(np.array([0, 1]))
    assert (multiplier.tolist(), shift.tolist()) == ([(1 << 31) - 1] * 2, [0, 0])


@pytest.mark.parametrize(
    ("op", "code"), [(Elu(), -4), (Exp(), 40), (Log(), 37), (Gelu(False), 40), (Gelu(True), 40)]
)
def test_a_code_that_hangs_on_the_last_bits_is_refused(op: Coded, code: int) -> None:
    low, high = op.tabulated(np.array([np.float32(0.05) * np.float32(code)]))
    # Rescaled it is a half: as far from one code as from the next.
    scale = abs(float(low[0]) + float(high[0])) / 2 / 20.5
    one = of_codes(op, (0.05, 0), (scale, 0))
    with pytest.raises(UnsupportedModel, match="cannot be compiled exactly") as caught:
        one.op.lower(one.io)
    assert f"the code {code} " in caught.value.why


@pytest.mark.parametrize(
    "op",
    [Exp(), Log(), Sqrt(), Neg(), Square(), Floor(), Ceil(), Round(), Sin(), Cos()],
)
def test_a_function_in_float_is_tflms(op: FloatFunction) -> None:
    """Within what is taken for the C library's error: of all codes of a scale."""
    codes = np.arange(1, 257) if op.kind in ("LOG", "SQRT") else np.arange(-128, 128)
    values = (codes.astype(np.float32) * np.float32(0.037)).reshape(1, 256)
    options: dict[str, object] | None = {} if options_of(op.kind) != "NONE" else None
    floats = [tensor((1, 256), DType.FLOAT32)], [tensor((1, 256), DType.FLOAT32)]
    one = case(op, *floats, values=[[values]])
    (got,) = run_tflm(single_operator(op.kind, *floats, options), [values])
    low, high = op.bounds(one.io, values)
    assert (low <= got).all()
    assert (got <= high).all()


@pytest.mark.parametrize("kind", sorted(FLOAT_IN_TFLM | ONLY_LITERT))
def test_tflm_has_no_int8_kernel_of_them(kind: str) -> None:
    options: dict[str, object] | None = {} if options_of(kind) != "NONE" else None
    q = int8((1, 4), 0.1)
    inputs = {"TILE": [q, int32(np.ones(2))], "SELECT": [tensor((1, 4), DType.BOOL), q, q]}
    inputs |= {
        pair: [q, int8(data=np.ones((1, 4)), scale=0.1)]
        for pair in ("POW", "FLOOR_DIV", "FLOOR_MOD")
    }
    model = single_operator(kind, inputs.get(kind, [q]), [q], options)
    live = [np.ones((1, 4), np.int8)] * (3 if kind == "SELECT" else 1)
    if kind == "SELECT":
        live[0] = live[0].astype(np.bool_)
    with pytest.raises((RuntimeError, ValueError)):
        run_tflm(model, live)


@pytest.mark.parametrize("op", [Neg(), Square(), Floor(), Ceil(), Round(), Sin(), Cos()])
def test_what_no_runtime_has_in_int8_is_refused(op: FloatFunction) -> None:
    one = of_codes(op, (0.1, 0), (0.1, 0))
    with pytest.raises(UnsupportedModel, match=f"{op.kind} works on"):
        one.op.lower(one.io)


@pytest.mark.parametrize("op", [Exp(), Log(), Sqrt(), Gelu(False)])
def test_float_alone_is_not_compiled(op: FloatFunction) -> None:
    floats = tensor((1, 4), DType.FLOAT32)
    one = case(op, [floats], [tensor((), DType.FLOAT32)], values=[])
    with pytest.raises(UnsupportedModel, match="computes in float"):
        one.op.lower(one.io)
    assert not op.foldable(one.io)


def test_mixed_types_are_refused() -> None:
    one = case(Exp(), [tensor((1, 4), DType.FLOAT32)], [int8((), 0.1)], values=[])
    with pytest.raises(UnsupportedModel, match="EXP works on"):
        one.op.lower(one.io)
