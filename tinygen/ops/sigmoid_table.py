"""The functions of LOGISTIC and TANH on int16, by TFLM's table with interpolation.

tanh(x) is 2 * logistic(2 * x) - 1, and both are symmetric: one table of the logistic function of
what is not negative is enough. Codes come in steps of 1 / (3 * 4096), so that 2^17 is 10.7.
"""

from __future__ import annotations

import math

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Constant, KernelCall, Operands, Overlap, portable
from tinygen.ops.fixed_point import Int64, wrap_int32

_STEPS = 24
"""Of the table, in one."""


def _table() -> Int64:
    """[256]: logistic(i / 24) in 2^-16, each raised by half of what a straight line to the next
    one misses in the middle, so that interpolation errs to both sides; the last one is the
    greatest of 16 bits, where it saturates."""
    places = np.arange(256)

    def logistic(place: Array) -> Array:
        value: Array = np.reciprocal(1 + np.exp(-place / _STEPS)) * 65536
        return value

    line = (logistic(places) + logistic(places + 1)) / 2
    missed = logistic(places + 0.5) - line
    table = np.floor(logistic(places) + missed / 2 + 0.5).astype(np.int64)
    table[-1] = 65535
    return table


TABLE = _table()
_LAST = 255
_FACTOR = 3 * 4096.0
_LARGEST = 32767
_MOST_SHIFT = 31


def rescaled(io: Operands, codes: Int64, exact_shifts: range) -> Int64:
    """The codes in steps of the table's input."""
    multiplier, shift = _factor(io, exact_shifts)
    rounding = 1 << (shift - 1) if shift else 0
    return wrap_int32(codes * multiplier + rounding) >> shift


def interpolated(magnitude: Int64, bits: int) -> Int64:
    """The function of a number that is not negative, whose last `bits` are a part of a step of the
    table, in 2^-(16 + bits); steps behind the table are its last one."""
    index = magnitude >> bits
    inside = np.minimum(index, _LAST - 1)
    low, high = TABLE[inside], TABLE[inside + 1]
    made: Int64 = (low << bits) + (magnitude & ((1 << bits) - 1)) * (high - low)
    return made


def call(io: Operands, name: str, exact_shifts: range) -> KernelCall:
    """The call of the portable kernel of this name."""
    multiplier, shift = _factor(io, exact_shifts)
    return KernelCall(
        kernel=portable(name),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"count": io.output.elements, "multiplier": multiplier, "shift": shift},
        constants={"table": Constant(TABLE.astype(np.uint16).view(np.int16))},
        overlaps=(Overlap(0, 0, io.output.nbytes),),
    )


def beyond(magnitude: Int64, bits: int) -> Array:
    """Where a number lies behind the table."""
    past: Array = magnitude >> bits >= _LAST
    return past


def _factor(io: Operands, exact_shifts: range) -> tuple[int, int]:
    """What codes are multiplied by, and shifted to the right by then. Scales of 2^(shift - 12),
    of these shifts, need no rounding."""
    scale = io.input(0).q.scale
    mantissa, exponent = math.frexp(scale)
    shift = exponent - 1 + 12
    if mantissa == 0.5 and shift in exact_shifts:
        return 3 << shift, 0
    multiplier, shift = scale * _FACTOR, 0
    while multiplier <= _LARGEST / 2 and shift < _MOST_SHIFT:
        multiplier, shift = 2 * multiplier, shift + 1
    if multiplier > _LARGEST:
        raise UnsupportedModel(
            f"{io.kind} reads '{io.input(0).name}' with the scale {scale:g}",
            why="its input is more than 2.67 for each step of the code: runtimes have no number"
            " for that",
            next_step="quantize the Keras model with tinygen",
        )
    return int(multiplier), shift
