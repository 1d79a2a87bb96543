"""What the set's kernels share: channels with their constants, as kernels read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.kernel_sets.products import products
from tinygen.engines.aot.offers import Cost, Declined, Site
from tinygen.ir import Array, Constant, ParamValue
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64

LANES = 16
"""Of int8 in a vector."""
HALF = 8
WORDS = 4
"""Of int32."""
ROUNDINGS = ("shifts to the right", "any shifts")


@dataclass(frozen=True, eq=False)
class Channels:
    """The output channels of a layer with weights."""

    weights: Int64
    """[channels, taps]."""
    addend: Int64
    """[channels]: to a sum of products, modulo 2^32."""
    multiplier: Int64
    shift: Int64
    """[channels]: to the left."""
    zero_point: int
    """Of the output."""
    clamp: tuple[int, int]

    @property
    def count(self) -> int:
        return len(self.weights)

    @property
    def lefts(self) -> bool:
        """Whether one instruction is not enough to round away from zero."""
        return bool((self.shift > -1).any())

    @property
    def way(self) -> str:
        """How sums become codes, in words."""
        return ROUNDINGS[self.lefts]

    def params(self) -> dict[str, ParamValue]:
        """The parameters of a kernel that requantizes like this."""
        low, high = self.clamp
        return {
            "lefts": int(self.lefts),
            "output_zero_point": self.zero_point,
            "output_min": low,
            "output_max": high,
        }

    def requantized(self, vectors: int) -> float:
        """Instructions for so many vectors of four sums, four of which are one of codes; their
        constants are in registers."""
        clamp = (self.clamp[0] > INT8_MIN) + (self.clamp[1] < INT8_MAX)
        each = 10.5 if self.lefts else 6
        return each * vectors + clamp * vectors / 4

    def scales(self, channels: int) -> Array:
        """[channels / 4, 48] int8: the three numbers of each, for four channels at a time; zeros
        for those that there are not."""
        columns = np.stack([self.addend, self.multiplier, self.shift])
        columns = np.pad(columns, ((0, 0), (0, channels - self.count)))
        words = columns.astype(np.uint32).reshape(3, -1, WORDS).transpose(1, 0, 2)
        return np.ascontiguousarray(words).reshape(len(words), -1).view(np.int8)

    def in_fours(self) -> Constant:
        """For each four channels sixteen weights of each in turn, eight where that is enough for
        the last ones, and their scales."""
        taps = self.weights.shape[1]
        rounded = -(-taps // HALF) * HALF
        count = -(-self.count // WORDS) * WORDS
        padded = np.pad(self.weights, ((0, count - self.count), (0, rounded - taps)))
        fours = padded.astype(np.int8).reshape(-1, WORDS, rounded)
        whole = rounded // LANES * LANES
        first = fours[:, :, :whole].reshape(len(fours), WORDS, -1, LANES).transpose(0, 2, 1, 3)
        parts = (first, fours[:, :, whole:], self.scales(count))
        flat = [np.ascontiguousarray(part).reshape(len(fours), -1) for part in parts]
        return Constant(np.concatenate(flat, axis=1).reshape(-1), align=LANES)


def cost(instructions: float, flash: int, scratch: int) -> Cost:
    """Cycles are as many as instructions: no more is known of them."""
    return Cost(round(instructions), round(instructions), flash, scratch)


def channels(site: Site, weights: Array, beside: int) -> Channels | Declined:
    """The channels of the site's node, whose weights are these [channels, taps] in the order in
    which a kernel takes them; or why there are none. A tap and the one `beside` taps behind it are
    added in sixteen bits, for as many taps, and then for the next 2 * `beside` ones."""
    given = products(site, weights)
    if isinstance(given, Declined):
        return given
    if _overflow(given.weights, beside):
        return Declined("two products that sixteen bits may not hold")
    requantization = given.requantization
    multiplier, shift = (
        np.broadcast_to(each.astype(np.int64), given.start.shape)
        for each in (requantization.multiplier, requantization.shift)
    )
    return Channels(
        given.weights,
        given.start,
        multiplier,
        np.where(multiplier == 0, -1, shift),
        site.io.output.q.zero_point,
        (requantization.low, requantization.high),
    )


def _overflow(weights: Int64, beside: int) -> bool:
    """Whether two weights of -128 meet: only that, times -128 both, is too much."""
    taps = weights.shape[1]
    padded = np.pad(weights, ((0, 0), (0, -taps % (2 * beside)))) == INT8_MIN
    pairs = padded.reshape(len(weights), -1, 2, beside)
    return bool(pairs.all(axis=2).any())
