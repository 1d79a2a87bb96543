"""Functions that runtimes compute in float32: of an int8 code each is a table all the same.

A C library may round the last bits of exp or log otherwise than another. Where a code of the table
hangs on them, the model is refused: which code a device computes could not be told.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Given, Interval, Lowered, Operands, Shape, Values
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.lookup import lookup_call
from tinygen.ops.parse import Parsed

_BEYOND_INT32 = 2.0**31


class FloatFunction(Parsed):
    """One number in, one out: float32, or int8 codes that stand for real numbers."""

    units: ClassVar[int] = 2
    """How many units in the last place a C library may be off; glibc and newlib say 1."""
    least: ClassVar[float] = -np.inf
    """Below it runtimes have no number."""
    coded: ClassVar[bool] = False
    """A runtime has it on int8 codes as well."""

    @abstractmethod
    def of(self, io: Operands) -> Callable[[Array], Array]:
        """The function, float64 to float64."""

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.FLOAT32)
        require.dtype(self.kind, io.output, DType.FLOAT32)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (self.of(io)(values[0].astype(np.float64)).astype(np.float32),)

    def kernels(self, io: Operands) -> Lowered:
        raise UnsupportedModel(
            f"{self.kind} on '{io.input(0).name}' computes in float",
            why="as a table of int8 codes it is exact, between a DEQUANTIZE and a QUANTIZE of one "
            "tensor; of more, the last bits of the device's C library would decide",
            next_step="quantize the Keras model with tinygen, or compute it outside of the model",
        )

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        """Never in float: which float32 value a device computes is not known to the last bit."""
        return False

    def bounds(self, io: Operands, value: Array) -> tuple[Array, Array]:
        """Between which float32 values every C library's result lies."""
        return self.around(self.of(io), value)

    def around(self, function: Callable[[Array], Array], value: Array) -> tuple[Array, Array]:
        """The function's float32 results, and how far a C library may be off to either side."""
        with np.errstate(all="ignore"):
            low = high = function(value.astype(np.float64)).astype(np.float32)
        for _ in range(self.units):
            low = np.nextafter(low, np.float32(-np.inf))
            high = np.nextafter(high, np.float32(np.inf))
        return low, high


class Uncoded(FloatFunction):
    """A function that no runtime has on codes."""

    @abstractmethod
    def exact(self, value: Array) -> Array:
        """The function, float64 to float64."""

    def of(self, io: Operands) -> Callable[[Array], Array]:  # noqa: ARG002
        return self.exact


class WithNumber(FloatFunction):
    """A function of two, the second of which is one constant number."""

    arity = (2, 2)

    @abstractmethod
    def pair(self, value: Array, number: Array) -> Array:
        """The function, float64 to float64."""

    def check(self, io: Operands) -> None:
        super().check(io)
        if io.input(1).elements != 1 or io.input(1).dtype is not DType.FLOAT32:
            raise UnsupportedModel(f"{self.kind} with '{io.input(1).name}', which is no number")

    def of(self, io: Operands) -> Callable[[Array], Array]:
        number = io.constant(1).reshape(()).astype(np.float64)
        return lambda value: self.pair(value, number)


class Coded(Uncoded):
    """A function that a runtime has as a table of int8 codes too."""

    coded = True
    through_int32: ClassVar[bool] = False
    """The runtime makes an int32 of each result before it clamps it."""

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.FLOAT32, DType.INT8)
        require.dtype(self.kind, io.output, io.input(0).dtype)
        if io.output.dtype is DType.INT8:
            require.int8(self.kind, io.input(0), io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        if io.output.dtype is DType.INT8:
            return (self._codes(io, values[0]),)
        return super().compute(io, values)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is not DType.INT8:
            return super().ranges(io, inputs)
        return (inputs[0].through(lambda codes: self._codes(io, codes)),)

    def kernels(self, io: Operands) -> Lowered:
        if io.output.dtype is not DType.INT8:
            return super().kernels(io)
        return (lookup_call(io.input(0), io.output, lambda codes: self._codes(io, codes)),)

    def foldable(self, io: Operands) -> bool:
        return io.output.dtype is DType.INT8 and all(t is None or t.constant for t in io.inputs)

    def tabulated(self, value: Array) -> tuple[Array, Array]:
        """`bounds` for what a runtime computes that fills a table of int8 codes."""
        return self.around(self.exact, value)

    def _codes(self, io: Operands, codes: Array) -> Array:
        found: Array = self._table(io)[codes.astype(np.int64) - INT8_MIN]
        return found

    def results(self, value: Array, scale: np.float32) -> tuple[Array, Array]:
        """Between which whole numbers of `scale` a runtime's results for these values lie."""
        inverse = np.float32(1.0) / scale
        low, high = (_nearest(bound * inverse) for bound in self.tabulated(value))
        return low, high

    def _counted(self, io: Operands, value: Array) -> tuple[Array, Array]:
        """`results`; UnsupportedModel where a runtime has no int32 for one: processors differ in
        what they make of that. Far below zero all make the least code of it."""
        scale = np.float32(io.output.q.scale)
        with np.errstate(all="ignore"):
            low, high = self.results(value, scale)
            fits = max(low.max(), high.max()) < _BEYOND_INT32 and np.isfinite(1 / scale)
            if self.through_int32 and not fits:
                raise UnsupportedModel(
                    f"{self.kind} gives '{io.output.name}' the scale {scale:g}",
                    why=f"it is too small for an input with the scale {io.input(0).q.scale:g}",
                    next_step="quantize the Keras model with tinygen",
                )
        return low, high

    def _table(self, io: Operands) -> Array:
        """The output's code for every code from -128 on, as LiteRT and TFLM fill theirs."""
        source, target = io.input(0).q, io.output.q
        codes = np.arange(INT8_MIN, INT8_MAX + 1)
        with np.errstate(over="ignore"):
            value = np.float32(source.scale) * (codes - source.zero_point).astype(np.float32)
        low, high = (
            np.clip(bound + target.zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
            for bound in self._counted(io, value)
        )
        if not np.array_equal(low, high):
            code = int(codes[np.flatnonzero(low != high)[0]])
            raise UnsupportedModel(
                f"{self.kind} '{io.output.name}' cannot be compiled exactly",
                why=f"its result for the code {code} lies between two int8 values so closely that "
                "the last bits of the C library decide",
                next_step="quantize with other calibration data (some samples more or less), which "
                "moves the scale",
            )
        table: Array = low
        return table


def _nearest(value: Array) -> Array:
    """The nearest whole number, of two the one farther from zero; what is infinite is far."""
    wide = value.astype(np.float64)
    rounded = np.sign(wide) * np.floor(np.abs(wide) + 0.5)
    return np.asarray(np.nan_to_num(rounded, nan=0.0, posinf=1e30, neginf=-1e30))
