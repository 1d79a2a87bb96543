"""Arithmetic in float32: kernel = reference = TFLM, in every bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.ops.drawn_reals import check_reals, reals
from tests.ops.harness import Case, case, check, tensor
from tinygen.ir import DType
from tinygen.ops.real import RealMap, RealPair

_F = tensor((), DType.FLOAT32)


def of_bits() -> Case:
    """Roots of numbers whose bits are spread over all there are: the smallest, infinity too."""
    bits = np.arange(1, 0x7F800000, 0x7F8000 - 77, dtype=np.uint32)
    values = np.append(bits, np.uint32(0x7F800000)).view(np.float32).reshape(1, -1)
    return case(RealMap("SQRT"), [tensor(values.shape, DType.FLOAT32)], [_F], values=[[values]])


def beyond() -> Case:
    """A sum that is infinite is the largest number: TFLM clamps even without an activation."""
    most = np.full((1, 2), np.finfo(np.float32).max)
    inputs = [tensor((1, 2), DType.FLOAT32)] * 2
    return case(RealPair("ADD"), inputs, [_F], values=[[most, most], [-most, -most]], options={})


EDGES = (of_bits(), beyond())


def test_references_equal_the_oracle() -> None:
    check_reals([*EDGES, *reals(8)])


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *reals(2)], tmp_path)
