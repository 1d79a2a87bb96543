"""Functions of one number that TFLM or LiteRT compute in float.

EXP, LOG, SQRT and GELU are in LiteRT in int8 as well. The others stand between a DEQUANTIZE and a
QUANTIZE, where converters leave them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.ir import Array
from tinygen.ops.float_function import Coded, Uncoded, WithNumber
from tinygen.ops.parse import Parser


class Exp(Coded):
    kind = "EXP"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.exp(value))


class Log(Coded):
    """Of zero and less it is the least code that the output has."""

    kind = "LOG"
    least = 0.0

    def exact(self, value: Array) -> Array:
        return np.where(value > 0, np.log(np.maximum(value, np.finfo(np.float64).tiny)), -np.inf)


class Sqrt(Coded):
    """Of negative numbers it is zero here; runtimes have no number for them. LiteRT rounds down."""

    kind = "SQRT"
    least = 0.0
    units = 0
    """A root is rightly rounded in every library."""

    def exact(self, value: Array) -> Array:
        return np.asarray(np.sqrt(np.maximum(value, 0)))

    def results(self, value: Array, scale: np.float32) -> tuple[Array, Array]:
        """LiteRT may divide by the scale, or multiply by its inverse."""
        root, _ = self.tabulated(value)
        ways = np.floor(root / scale), np.floor(root * (np.float32(1.0) / scale))
        return np.minimum(*ways), np.maximum(*ways)


@dataclass(frozen=True)
class Gelu(Coded):
    approximate: bool
    """By tanh, instead of the error function."""

    kind = "GELU"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(bool(parser.options(tflite.GeluOptions).Approximate()))

    def exact(self, value: Array) -> Array:
        if self.approximate:
            inner = math.sqrt(2 / math.pi) * (value + 0.044715 * value**3)
            return np.asarray(0.5 * value * (1 + np.tanh(inner)))
        erf = np.vectorize(math.erf, otypes=[np.float64])
        return np.asarray(0.5 * value * (1 + erf(value * math.sqrt(0.5))))


class _Exact(Uncoded):
    """A float32 of a float32, rightly rounded everywhere."""

    units = 0


class Neg(_Exact):
    kind = "NEG"

    def exact(self, value: Array) -> Array:
        return np.asarray(-value)


class Square(_Exact):
    kind = "SQUARE"

    def exact(self, value: Array) -> Array:
        return np.asarray(value * value)


class Floor(_Exact):
    kind = "FLOOR"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.floor(value))


class Ceil(_Exact):
    kind = "CEIL"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.ceil(value))


class Round(_Exact):
    """To the nearest whole number, of two to the even one."""

    kind = "ROUND"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.rint(value))


class Sign(_Exact):
    kind = "SIGN"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.sign(value))


class Sin(Uncoded):
    kind = "SIN"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.sin(value))


class Cos(Uncoded):
    kind = "COS"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.cos(value))


class Pow(WithNumber):
    kind = "POW"

    def pair(self, value: Array, number: Array) -> Array:
        return np.asarray(np.power(value, number))


class FloorDiv(WithNumber):
    """The quotient of two float32 in double precision, rounded down."""

    kind = "FLOOR_DIV"
    units = 0

    def pair(self, value: Array, number: Array) -> Array:
        return np.asarray(np.floor(value / number))


class FloorMod(WithNumber):
    """What a division leaves, with the divisor's sign: exact, but for the divisor added in
    float32."""

    kind = "FLOOR_MOD"
    units = 0

    def pair(self, value: Array, number: Array) -> Array:
        left = np.fmod(value, number)
        added = (left.astype(np.float32) + np.float32(number)).astype(np.float64)
        return np.where((left != 0) & ((number < 0) != (left < 0)), added, left)
