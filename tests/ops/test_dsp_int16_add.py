"""ADD and SUB of int16 activations by the set `dsp`: equal to the reference on every core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, case, check, offered, tensor
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.int16_add import VARIANTS
from tinygen.ir import Array, DType, Shape
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.sub import Sub

Scales = tuple[float, float, float]

PLAIN: Scales = (0.001, 0.0007, 0.0013)
EVERY = np.arange(-(1 << 15), 1 << 15).astype(np.int16)


def pair(
    kind: type[Add],
    scales: Scales = PLAIN,
    shapes: tuple[Shape, Shape] = ((3, 5, 7), (3, 5, 7)),
    activation: Activation = Activation.NONE,
    values: list[list[Array]] | None = None,
) -> Case:
    inputs = [tensor(s, DType.INT16, scale=q) for s, q in zip(shapes, scales[:2], strict=True)]
    return case(
        kind(activation),
        inputs,
        [tensor(dtype=DType.INT16, scale=scales[2])],
        name=f"{kind.kind} {scales} {shapes} {activation.name}",
        values=values,
        random_vectors=4,
    )


def every_code(kind: type[Add], *scales: float) -> Case:
    """Every code of each input, a quarter at a time, beside ends and random codes of the other."""
    rng = np.random.default_rng(0)
    values = []
    for part in range(4):
        codes = EVERY[part::4]
        others = [np.full(codes.shape, end) for end in (EVERY[0], EVERY[-1])]
        others.append(rng.permutation(EVERY)[: codes.size])
        values += [[codes, other] for other in others] + [[other, codes] for other in others]
    shape = values[0][0].shape
    return pair(kind, (scales[0], scales[1], scales[2]), (shape, shape), values=values)


def edges() -> Iterator[Case]:
    for kind in (Add, Sub):
        yield from (pair(kind, shapes=(shape, shape)) for shape in ((1,), (2,), (9,), (1, 8, 3)))
        yield pair(kind, shapes=((1, 6, 5, 16), (16,)))
        yield pair(kind, shapes=((1, 1, 11), (4, 3, 11)))
        yield pair(kind, activation=Activation.RELU)
        yield pair(kind, (0.0002, 0.003, 0.0001))
        yield pair(kind, (2.0**-12, 2.0**-13, 2.0**-11))
        yield pair(kind, (0.001, 0.001, 0.0015))
        yield pair(kind, (1e-6, 0.01, 0.012))


RANDOM = tuple(
    pair(
        (Add, Sub)[seed % 2],
        tuple(np.exp(np.random.default_rng(seed).uniform(-9, -5, 3)).tolist()),
        activation=(Activation.NONE, Activation.RELU)[seed // 2 % 2],
    )
    for seed in range(20)
)
CODES = (
    every_code(Add, *PLAIN),
    every_code(Sub, 0.0007, 0.001, 0.0017),
    every_code(Sub, 0.001, 0.001, 0.002),
)
CASES = {"edges": tuple(edges()), "random": RANDOM, "every code": CODES}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*edges()]) == set(VARIANTS)


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            pair(Add, shapes=((1, 12, 12, 16),) * 2),
            pair(Sub, (0.0007, 0.001, 0.0017), shapes=((1, 9, 9, 7),) * 2),
            pair(Add, (0.001, 0.001, 0.002), shapes=((1, 12, 12, 24), (1, 1, 1, 24))),
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        pair(Add, shapes=((4, 3), (4, 1))),
        pair(Add, (0.001, 0.0007, 1e-7)),
        pair(Add, (0.0001, 0.001, 0.001), activation=Activation.RELU_N1_TO_1),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
