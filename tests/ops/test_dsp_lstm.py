"""UNIDIRECTIONAL_SEQUENCE_LSTM of the set `dsp` equals the reference on every core that runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn_recurrent import lstm
from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, check, offered
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.lstm import VARIANTS
from tinygen.ir import Quant

_WEIGHTS, _BIASES = range(1, 9), range(12, 16)
"""Positions of the inputs."""


def _drawn(
    steps: int, features: int, units: int, *, clip: float = 0.0, power: int | None = None
) -> Case:
    rng = np.random.default_rng([steps, features, units])
    return lstm(rng, steps, features, units, clip=clip, power=power)


def _with(one: Case, name: str, codes: dict[int, int], *, quiet: bool = False) -> Case:
    """The case with constants that are one code all over; `quiet` with weights a thousandth as
    large, which leave gates off their ends."""
    inputs = list(one.io.inputs)
    for at in (*_WEIGHTS, *_BIASES):
        t = one.io.input(at)
        assert t.data is not None
        data = np.full_like(t.data, codes[at]) if at in codes else t.data
        less = Quant((t.q.scale / 1024,), (0,)) if quiet and at in _WEIGHTS else t.quant
        inputs[at] = replace(t, data=data, quant=less)
    vectors = tuple(
        tuple(
            v if t is None or not t.constant else t.data
            for t, v in zip(inputs, values, strict=True)
        )
        for values in one.vectors
    )
    return replace(one, name=name, io=replace(one.io, inputs=tuple(inputs)), vectors=vectors)


def _extreme(weight: int, bias: int, *, quiet: bool) -> Case:
    codes = dict.fromkeys(_WEIGHTS, weight) | dict.fromkeys(_BIASES, bias)
    name = f"weights {weight}, biases {bias}{', quiet' if quiet else ''}"
    return _with(_drawn(2, 9, 6), name, codes, quiet=quiet)


_ROOM = (1 << 23) - 1 - 9 * 127 * 255
"""A bias beside which any sum of nine inputs fits."""

EDGES = (
    *(
        _drawn(*shape)
        for shape in [
            (1, 1, 1),
            (3, 4, 4),
            (2, 5, 7),
            (2, 31, 3),
            (2, 32, 2),
            (1, 33, 34),
            (2, 70, 5),
        ]
    ),
    *(_drawn(3, 4, 5, power=power) for power in (-30, -16, -1, 2)),
    *(_drawn(4, 6, 5, clip=clip) for clip in (0.01, 0.5, 10.0)),
    *(
        _extreme(weight, bias, quiet=quiet)
        for weight, bias in [(127, _ROOM), (-127, -_ROOM), (127, -_ROOM), (-127, _ROOM), (0, 0)]
        for quiet in (False, True)
    ),
)


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(9000 + seed)
    steps, features, units = (int(n) for n in rng.integers(1, (4, 45, 40)))
    one = lstm(rng, steps, features, units, clip=float(rng.choice([0.0, 0.0, 0.5])))
    return _with(one, f"random {seed}", {}, quiet=bool(rng.integers(2)))


RANDOM = tuple(_random_case(seed) for seed in range(12))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*EDGES, *RANDOM]) == set(VARIANTS)


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near([_drawn(5, 12, 32), _drawn(1, 80, 16), _drawn(3, 40, 6)], tmp_path)


@pytest.mark.parametrize(
    "case",
    [
        lstm(np.random.default_rng(1), 1, 4, 5, wide=True),
        _with(_drawn(1, 9, 6), "a bias of 2^24", {12: 1 << 24}),
        _with(_drawn(1, 9, 6), "a bias of -2^23", {15: -(1 << 23)}),
        _with(_drawn(1, 8, 6), "a weight of -128 behind a negative one", {7: -128}),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
