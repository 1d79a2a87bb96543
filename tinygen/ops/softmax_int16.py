"""SOFTMAX of int16, by TFLM's two tables with interpolation: exp from -10 to 0, and 1 / (1 + x).

The output always has the scale 1/32768 and the zero point 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Constant, KernelCall, Operands, Overlap, portable
from tinygen.ops import require
from tinygen.ops.fixed_point import (
    INT32_MAX,
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)

_STEPS = 512
_LOW, _HIGH = -(1 << 15), (1 << 15) - 1
_SPAN = 10.0
"""exp of less than -10 is as good as nothing."""
_MOST_CLASSES = INT32_MAX >> 15
"""Exponentials are in 2^-15; their sum is an int32."""

Float32 = NDArray[np.float32]
Float = np.float32


def _table(low: Float, high: Float, function: Callable[[Float32], Float32]) -> Int64:
    """[513]: the function at equal steps from first to last, in 2^-15, each less half of what a
    straight line errs in the middle. All in float32, as TFLM's."""
    whole = np.float32(_HIGH - _LOW)
    step = (high - low) / np.float32(_STEPS)
    half = step / np.float32(2)
    # From -2^15 to 2^15 - 1 steps of 2 / 65535.
    unit = np.float32(2) / whole
    ends = unit * np.float32(_LOW), unit * np.float32(_HIGH)
    per_unit = (whole + np.float32(1)) / (ends[1] - ends[0])
    places = low + np.arange(_STEPS, dtype=np.float32) * step
    following = low + np.arange(1, _STEPS + 1, dtype=np.float32) * step
    here = _round(function(places) * per_unit)
    line = _round((function(following) * per_unit + here) / np.float32(2))
    missed = line - _round(function(places + half) * per_unit)
    table = np.append(
        here - _round(missed / np.float32(2)), _round(function(np.array(high)) * per_unit)
    )
    codes: Int64 = np.clip(table, _LOW, _HIGH).astype(np.int64)
    return codes


def _round(value: Float32) -> Float32:
    """To the nearest integer, halves away from zero."""
    rounded: Float32 = np.copysign(np.floor(np.abs(value) + np.float32(0.5)), value)
    return rounded


def _tables() -> tuple[Int64, Int64]:
    """exp from -10 to 0, and 1 / (1 + x) from 0 to 1, with TFLM's ends in float32."""
    whole = np.float32(_HIGH - _LOW)
    exp_step, one_step = np.float32(_SPAN) / whole, np.float32(1) / whole
    return (
        _table(exp_step * np.float32(_LOW - _HIGH), exp_step * np.float32(0), np.exp),
        _table(
            one_step * np.float32(0),
            one_step * np.float32(_HIGH - _LOW),
            lambda x: np.float32(1) / (np.float32(1) + x),
        ),
    )


EXP, RECIPROCAL = _tables()


def check(io: Operands) -> None:
    """Raise UnsupportedModel unless the output has the one scale that TFLM computes, and sums of
    exponentials fit."""
    require.share_of_32768(io.kind, io.output)
    if io.input(0).shape[-1] > _MOST_CLASSES:
        raise UnsupportedModel(f"{io.kind} over {io.input(0).shape[-1]:,} classes")


def compute(io: Operands, beta: float, value: Array) -> Array:
    """The shares of each row."""
    wide = value.astype(np.int64)
    difference = wide - wide.max(axis=-1, keepdims=True)
    place = multiply_by_quantized_multiplier(difference, *_factor(io, beta)) + _HIGH
    exps = _found(np.clip(place, _LOW, _HIGH), EXP)
    total = exps.sum(axis=-1, keepdims=True)
    zeros = 32 - (np.floor(np.log2(total.astype(np.float64))).astype(np.int64) + 1)
    shifted = ((total << (zeros - 1)) + (1 << 13)) >> 14
    centred = np.clip(shifted - ((1 << 15) + (1 << 16)), _LOW, _HIGH)
    shift = 31 - zeros
    share = (exps * _found(centred, RECIPROCAL) + (1 << (shift - 1))) >> shift
    codes: Array = np.clip(share, 0, _HIGH).astype(np.int16)
    return codes


def call(io: Operands, beta: float) -> KernelCall:
    """The kernel call."""
    depth = io.input(0).shape[-1]
    multiplier, shift = _factor(io, beta)
    return KernelCall(
        kernel=portable("softmax_int16"),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "rows": io.output.elements // depth,
            "depth": depth,
            "multiplier": multiplier,
            "shift": shift,
        },
        constants={
            "exponential": Constant(EXP.astype(np.int16)),
            "reciprocal": Constant(RECIPROCAL.astype(np.int16)),
        },
        overlaps=(Overlap(0, 0, io.output.nbytes),),
    )


def _factor(io: Operands, beta: float) -> tuple[int, int]:
    """From differences of codes to steps of the table's input, of which 65,535 are 10."""
    return quantize_multiplier(io.input(0).q.scale * beta / (_SPAN / 65535.0))


def _found(place: Int64, table: Int64) -> Int64:
    """The function at a number of 16 bits: nine of them pick, seven interpolate."""
    index = 256 + (place >> 7)
    slope = table[index + 1] - table[index]
    found: Int64 = table[index] + ((slope * (place & 0x7F) + 64) >> 7)
    return found
