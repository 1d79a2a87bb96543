"""MEAN: kernel = reference = TFLM over all sorts of axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, int32
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands, Shape
from tinygen.ops.mean import Mean


def mean(
    name: str,
    shape: Shape,
    axes: list[int],
    *,
    keep_dims: bool = False,
    scales: tuple[float, float] = (0.05, 0.03),
    zero_points: tuple[int, int] = (3, -5),
    seed: int = 0,
) -> Case:
    return case(
        Mean(keep_dims),
        [int8(shape, scales[0], zero_points[0]), int32(np.array(axes, np.int32))],
        [int8(scale=scales[1], zero_point=zero_points[1])],
        name=name,
        options={"keepDims": keep_dims},
        random_vectors=4,
        seed=seed,
    )


EDGES = (
    mean("global pooling", (1, 5, 4, 7), [1, 2]),
    mean("global pooling, kept", (1, 5, 4, 7), [2, 1], keep_dims=True),
    mean("negative axes", (1, 5, 4, 3), [-2, -3]),
    mean("an axis twice", (2, 3, 4), [1, -2, 1]),
    mean("channels", (1, 3, 4, 5), [3]),
    mean("batch and channels", (2, 3, 4, 5), [0, 3]),
    mean("alternating", (2, 3, 4, 5), [0, 2]),
    mean("alternating, the others", (2, 3, 4, 5), [1, 3], keep_dims=True),
    mean("six dimensions", (2, 3, 2, 3, 2, 3), [1, 3, 5]),
    mean("everything", (2, 3, 5), [0, 1, 2]),
    mean("everything, kept", (2, 3, 5), [0, 1, 2], keep_dims=True),
    mean("of one element", (1, 1, 1, 6), [1, 2]),
    mean("vector", (13,), [0]),
    mean("a power of two", (1, 4, 4, 5), [1, 2]),
    mean("one less than a power of two", (1, 31, 5), [1]),
    mean("same scale", (1, 7, 3), [1], scales=(0.05, 0.05), zero_points=(-128, -128)),
    mean("clips", (1, 7, 3), [1], scales=(0.5, 0.03), zero_points=(127, -128)),
    mean("left shift", (1, 3, 3), [1], scales=(7.0, 0.003)),
    mean("tiny multiplier", (1, 3, 3), [1], scales=(1e-7, 70.0)),
    mean("shift at its end", (1, 200, 2), [1], scales=(1e-9, 1.0)),
    mean("many elements", (1, 64, 48, 2), [1, 2], zero_points=(-128, -128)),
)


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(5000 + seed)
    rank = int(rng.integers(1, 5))
    shape = tuple(int(d) for d in rng.integers(1, 8, rank))
    axes = rng.choice(rank, int(rng.integers(1, rank + 1)), replace=False)
    return mean(
        f"random {seed}",
        shape,
        [int(a) - (rank if rng.integers(0, 2) else 0) for a in axes],
        keep_dims=bool(rng.integers(0, 2)),
        scales=(float(rng.uniform(0.01, 0.1)), float(rng.uniform(0.01, 0.1))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        seed=seed,
    )


CASES = (*EDGES, *(random_case(seed) for seed in range(20)))


def test_mean_kernel_equals_reference(tmp_path: Path) -> None:
    check(CASES, tmp_path)


def test_mean_reference_equals_tflm() -> None:
    check_against_tflm(CASES)


def test_mean_refuses_axes_out_of_range_or_unknown() -> None:
    source = int8((1, 4, 3))
    with pytest.raises(UnsupportedModel, match="axis 3"):
        Mean().infer(Operands((source, int32(np.array([3], np.int32))), ()))
    with pytest.raises(UnsupportedModel, match="constant"):
        Mean().infer(Operands((source, None), ()))
