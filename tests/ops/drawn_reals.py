"""Random cases of arithmetic in float32."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tests.ops.drawn_moves import Rng, shape
from tests.ops.harness import Case, case, int32, tensor
from tests.ops.tflite_file import options_of, parse_operator, run_litert, run_tflm, single_operator
from tinygen.ir import Array, DType, Shape
from tinygen.ops.activation import Activation
from tinygen.ops.real import FOLDS, MAPS, PAIRS, RealFold, RealMap, RealPair, real_of

_ACTIVATED = ("ADD", "SUB", "MUL", "DIV")
_SLOPE = float(np.float32(0.3))


def numbers(dims: Shape, rng: Rng) -> Array:
    """Large and small ones of both signs, some of them halves."""
    found = rng.normal(0, 3, dims) * 10.0 ** rng.integers(-3, 4)
    return (np.round(found * 2) / 2 if rng.integers(3) == 0 else found).astype(np.float32)


def _real(dims: Shape = (), data: Array | None = None) -> Any:
    return tensor(dims, DType.FLOAT32, data=data)


def mapped(function: str, rng: Rng) -> Case:
    dims = shape(rng)
    values = numbers(dims, rng)
    if function.endswith("SQRT"):
        values = np.abs(values) + np.float32(1e-3)
    leaky = function == "LEAKY_RELU"
    op = RealMap(function, _SLOPE if leaky else 0.0)
    options = {"alpha": _SLOPE} if leaky else None
    return case(op, [_real(dims)], [_real()], values=[[values]], options=options)


def paired(function: str, rng: Rng) -> Case:
    dims = shape(rng)
    other = tuple(1 if rng.integers(3) == 0 else d for d in dims)
    second = numbers(other, rng)
    second[second == 0] = 1
    values, constant = [numbers(dims, rng), second], bool(rng.integers(2)) or function == "PRELU"
    inputs = [_real(dims), _real(other, second if constant else None)]
    code = int(rng.integers(4)) if function in _ACTIVATED else 0
    options = {"fusedActivationFunction": code} if function in _ACTIVATED else None
    op = RealPair(function, Activation(code))
    return case(op, inputs, [_real()], values=[values[: 2 - constant]], options=options)


def folded(function: str, rng: Rng) -> Case:
    dims, keep = shape(rng), bool(rng.integers(2))
    axes = rng.choice(len(dims), int(rng.integers(1, len(dims) + 1)), replace=False)
    inputs = [_real(dims), int32(axes)]
    op, options = RealFold(keep, function), {"keepDims": keep}
    return case(op, inputs, [_real()], values=[[numbers(dims, rng)]], options=options)


_KINDS: tuple[tuple[Mapping[str, object], Callable[[str, Rng], Case]], ...] = (
    (MAPS, mapped),
    (PAIRS, paired),
    (FOLDS, folded),
)
REALS: Mapping[str, Callable[[str, Rng], Case]] = {
    function: draw for functions, draw in _KINDS for function in functions
}


def reals(count: int, functions: Collection[str] = REALS.keys()) -> list[Case]:
    """So many random cases of each of these functions."""
    return [
        draw(function, np.random.default_rng([number, index]))
        for index, (function, draw) in enumerate(REALS.items())
        for number in range(count)
        if function in functions
    ]


_LITERTS = ("SIGN", "RELU_N1_TO_1")
"""TFLM has them not."""


def check_reals(cases: Sequence[Case]) -> None:
    """They equal what the runtime computes, in every bit."""
    for one in cases:
        assert isinstance(one.op, RealMap | RealPair | RealFold)
        function = one.op.function
        options = one.options or ({} if options_of(function) != "NONE" else None)
        model = single_operator(function, one.io.inputs, one.io.outputs, options)
        parsed, _ = parse_operator(model)
        assert real_of(parsed) == one.op, function
        run = run_litert if function in _LITERTS else run_tflm
        for vector, (want,) in zip(one.vectors, one.expected, strict=True):
            live = [v for t, v in zip(one.io.inputs, vector, strict=True) if t and not t.constant]
            (got,) = run(model, [v for v in live if v is not None])
            assert np.array_equal(got.view(np.uint32), want.view(np.uint32)), one.name
