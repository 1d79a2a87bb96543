"""The forms, as a core computes them, and the proof that one computes a staircase."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.engines.aot.requantize.stairs import Stairs, exact
from tinygen.ir import Array
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64, wrap_int32

LIMIT = 1 << 31
"""A register's magnitude, and m, are below it."""


class Form(Enum):
    """What is computed of a register; see the package."""

    FLOOR = "floor"
    SIGN = "sign"
    TWICE = "twice"


@dataclass(frozen=True, eq=False)
class Fast:
    """One form's numbers, per channel [channels], proved for the stairs they were found for."""

    form: Form
    factor: Int64
    multiplier: Int64
    """m, from 0 to 2^31 - 1. Zero where a channel is constant: its register may hold anything."""
    addend: Int64
    """k, of int32."""
    shift: Int64
    """S, from 1 to 23."""
    tweak: Int64
    """What is added to the register beside `factor * sum`, bias and all."""
    before: Int64
    """p: not 0 only in TWICE, and there one less than the factor's logarithm."""
    sign: int = 0
    """t, of SIGN: how far the sign is shifted to the left before it is added."""
    clamp: tuple[int, int] | None = None
    """The lowest and the highest code, where they have to be held beyond what SSAT8 does."""

    @property
    def common_shift(self) -> int | None:
        """S, where all channels have the same."""
        return int(self.shift[0]) if (self.shift == self.shift[0]).all() else None

    def registers(self, sums: Array) -> Int64:
        """What the registers hold for sums [channels, any number], before int32 wraps."""
        x: Int64 = self.factor[:, None] * sums.astype(np.int64) + self.tweak[:, None]
        return x

    def apply(self, registers: Array) -> Int64:
        """The codes of registers [channels, any number], as a core computes them."""
        codes: Int64 = np.clip(self._rounded(registers) >> self.shift[:, None], INT8_MIN, INT8_MAX)
        return codes if self.clamp is None else codes.clip(*self.clamp)

    def fits(self, sums: Array) -> bool:
        """Whether no register wraps, and no intermediate result does."""
        x = self.registers(sums)
        whole = (np.abs(x) < LIMIT) | (self.multiplier == 0)[:, None]
        return bool(whole.all() and (np.abs(self._rounded(x)) < LIMIT).all())

    def _rounded(self, registers: Array) -> Int64:
        x = wrap_int32(registers)
        m, k, p = (each[:, None] for each in (self.multiplier, self.addend, self.before))
        signs = 0 if self.form is Form.FLOOR else x >> 31 << self.sign
        rounded: Int64 = (((x >> p) * m + (1 << 31)) >> 32) + (k + signs)
        return rounded


def agrees(fast: Fast, there: Stairs) -> bool:
    """The proof: both staircases rise with the sums, and are equal on both sides of every threshold
    and at the ends, where nothing overflows."""
    sums = np.concatenate(
        [there.low[:, None], there.first - 1, there.first, there.high[:, None]], axis=1
    )
    sums = np.clip(sums, there.low[:, None], there.high[:, None])
    same = fast.apply(fast.registers(sums)) == exact(sums, there.scale)
    return fast.fits(sums) and bool(same.all())
