"""Fixed-point arithmetic: numpy against the definition in exact integers, C against numpy."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import case, check, tensor
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, KernelCall, Lowered, Op, Operands, Shape, Values, portable
from tinygen.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)

_EDGES = [0, 1, 2, 3, 5, 127, 128, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, INT32_MAX - 1, INT32_MAX]
_VALUES = sorted({*_EDGES, *(-v for v in _EDGES), INT32_MIN, INT32_MIN + 1})
_MULTIPLIERS = [0, 1 << 30, (1 << 30) + 1, 3 << 29, INT32_MAX - 1, INT32_MAX]
_SHIFTS = [*range(-31, 4), 15, 29, 30]


def _triples(seed: int, count: int) -> tuple[Array, Array, Array]:
    """Values, multipliers and shifts: all edges with each other, and random ones."""
    edges = np.array([(v, m, s) for v in _VALUES for m in _MULTIPLIERS for s in _SHIFTS], np.int64)
    rng = np.random.default_rng(seed)
    # Small values and multipliers with many zeros at their end make ties.
    random = np.stack(
        [
            rng.integers(INT32_MIN, INT32_MAX, count, endpoint=True) >> rng.integers(0, 28, count),
            rng.integers(1 << 30, INT32_MAX, count) & -(1 << rng.integers(0, 30, count)),
            rng.integers(-31, 31, count),
        ],
        axis=1,
    )
    values, multipliers, shifts = np.concatenate([edges, random]).T
    return values.copy(), multipliers.copy(), shifts.copy()


def _divide_toward_zero(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


def _exact(value: int, multiplier: int, shift: int) -> int:
    """One requantization as gemmlowp defines its parts."""
    left = (value << max(shift, 0)) & 0xFFFFFFFF
    left -= (left >> 31) << 32
    product = left * multiplier
    nudge = (1 << 30) if product >= 0 else 1 - (1 << 30)
    high = _divide_toward_zero(product + nudge, 1 << 31)
    quotient = Fraction(high, 1 << max(-shift, 0))
    rounded = math.floor(abs(quotient) + Fraction(1, 2))  # half away from zero
    return rounded if quotient >= 0 else -rounded


def test_requantization_equals_its_definition() -> None:
    values, multipliers, shifts = _triples(1, 20_000)
    got = multiply_by_quantized_multiplier(values, multipliers, shifts)
    want = [_exact(*triple) for triple in np.stack([values, multipliers, shifts], 1).tolist()]
    np.testing.assert_array_equal(got, want)


def test_high_mul_saturates() -> None:
    lowest = np.array([INT32_MIN])
    assert saturating_rounding_doubling_high_mul(lowest, lowest).tolist() == [INT32_MAX]


def test_division_rounds_half_away_from_zero() -> None:
    values = np.array([-7, -6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6, 7])
    want = [-2, -2, -1, -1, -1, 0, 0, 0, 1, 1, 1, 2, 2]
    assert rounding_divide_by_pot(values, 2).tolist() == want


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (1.0, (1 << 30, 1)),
        (0.75, (3 << 29, 0)),
        (0.3, (1288490189, -1)),
        (1.0 - 2.0**-40, (1 << 30, 1)),  # the mantissa rounds up to the next power of two
        (2.0**-33, (0, 0)),
        (2.0**-32, (1 << 30, -31)),
        (0.0, (0, 0)),
    ],
)
def test_quantize_multiplier(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


def test_quantize_multiplier_refuses_huge_ratios() -> None:
    with pytest.raises(UnsupportedModel, match="too large"):
        quantize_multiplier(2.0**31)


class _Requantize(Op):
    """value, multiplier, shift -> tg_requantize, and tg_requantize_right where it is allowed."""

    kind = "REQUANTIZE"
    arity = (3, 3)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape, io.input(0).shape)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        value, multiplier, shift = values
        result = multiply_by_quantized_multiplier(value, multiplier, shift).astype(np.int32)
        return result, result

    def kernels(self, io: Operands) -> Lowered:
        ids = tuple(t.id for t in io.inputs if t is not None)
        params = {"count": io.output.elements}
        return (KernelCall(portable("requantize"), ids, tuple(t.id for t in io.outputs), params),)


def test_c_equals_numpy(tmp_path: Path) -> None:
    (tmp_path / "portable").mkdir()
    (tmp_path / "portable" / "tg_requantize.h").write_text(
        '#include "tg_weighted.h"\n'
        "struct tg_portable_requantize_params { int32_t count; };\n"
        "static void tg_requantize_all(int32_t n, const int32_t *v, const int32_t *m,\n"
        "    const int32_t *s, int32_t *a, int32_t *b) {\n"
        "  for (int32_t i = 0; i < n; ++i) {\n"
        "    a[i] = tg_requantize(v[i], m[i], s[i]);\n"
        "    b[i] = s[i] < 0 ? tg_requantize_right(v[i], m[i], s[i]) : a[i];\n"
        "  }\n"
        "}\n"
        "#define tg_portable_requantize(p, v, m, s, a, b) \\\n"
        "  tg_requantize_all((p)->count, v, m, s, a, b)\n"
    )
    arrays = [array.astype(np.int32) for array in _triples(2, 100_000)]
    inputs = [tensor(arrays[0].shape, DType.INT32) for _ in arrays]
    outputs = [tensor(dtype=DType.INT32) for _ in range(2)]
    check([case(_Requantize(), inputs, outputs, values=[arrays])], tmp_path, tmp_path)
