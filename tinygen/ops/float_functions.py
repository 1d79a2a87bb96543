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
from tinygen.ops.float_function import FloatFunction
from tinygen.ops.parse import Parser


class Exp(FloatFunction):
    kind = "EXP"

    def exact(self, value: Array) -> Array:
        return np.asarray(np.exp(value))


class Log(FloatFunction):
    """Of zero and less it is the least code that the output has."""

    kind = "LOG"
    least = 0.0

    def exact(self, value: Array) -> Array:
        return np.where(value > 0, np.log(np.maximum(value, np.finfo(np.float64).tiny)), -np.inf)


class Sqrt(FloatFunction):
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
class Gelu(FloatFunction):
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


class _Exact(FloatFunction):
    """A float32 of a float32, rightly rounded everywhere."""

    units = 0
    coded = False


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


class Sin(FloatFunction):
    kind = "SIN"
    coded = False

    def exact(self, value: Array) -> Array:
        return np.asarray(np.sin(value))


class Cos(FloatFunction):
    kind = "COS"
    coded = False

    def exact(self, value: Array) -> Array:
        return np.asarray(np.cos(value))
