"""What the set's kernels with weights share: channels with their constants, as blocks read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.requantization import Roundings, Scale, scale_of
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.kernel_sets.products import products
from tinygen.engines.aot.offers import Declined, Site
from tinygen.ir import Array, Constant, ParamValue
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64

LANES = 16
"""Of int8 in a vector."""
WORDS = 4
"""Of int32."""


@dataclass(frozen=True, eq=False)
class Channels:
    """The output channels of a layer with weights."""

    weights: Int64
    """[channels, taps]; zeros where a channel's code is constant."""
    scale: Scale
    zero_point: int
    """Of the output."""

    @property
    def count(self) -> int:
        return len(self.weights)

    @property
    def twice(self) -> bool:
        return self.scale.roundings is Roundings.TWICE

    def params(self) -> dict[str, ParamValue]:
        """The parameters of a kernel that requantizes like this."""
        low, high = self.scale.clamp
        return {
            "twice": int(self.twice),
            "left": int(self.scale.left[0]),
            "right": max(1, self.scale.right - 16),
            "output_zero_point": self.zero_point,
            "output_min": low,
            "output_max": high,
        }

    def requantized(self, vectors: int) -> Work:
        """What it takes for so many vectors of four sums, two of which make one of codes: their
        constants are loaded apart."""
        clamp = 2 * (self.scale.clamp[0] > INT8_MIN) + 2 * (self.scale.clamp[1] < INT8_MAX)
        if self.twice:
            return Work(5 * vectors + (4 + clamp) * vectors / 2, vectors / 2)
        return Work(3 * vectors + (2 + clamp) * vectors / 2)

    def alone(self) -> Array:
        """[channels, 3] int32: of channels that have vectors for themselves; m is halved, because
        the product with a number is doubled."""
        if self.twice:
            return self.constants()
        scale = self.scale
        columns = [scale.addend, scale.multiplier >> 1, 1 << scale.left]
        return np.stack(columns, axis=1).astype(np.int32)

    def constants(self) -> Array:
        """[channels, 2 or 3] int32: in the order in which they are read."""
        columns = [self.scale.addend, self.scale.multiplier]
        if self.twice:
            columns.append(-self.scale.shift)
        return np.stack(columns, axis=1).astype(np.int32)

    def in_blocks(self, order: tuple[int, ...]) -> Constant:
        """For as many channels at a time as `order` is long: 16 weights of each in turn, then their
        constants, in vectors of four channels; the last ones are filled up with zeros.

        `order` says which channel of a block stands where.
        """
        size = len(order)
        steps = -(-self.weights.shape[1] // LANES)
        weights = _padded(self.weights, size, steps * LANES).astype(np.int8)
        weights = weights.reshape(-1, size, steps, LANES)[:, order].transpose(0, 2, 1, 3)
        constants = _padded(self.constants(), size, 0).astype(np.int32)
        at = np.array(order).reshape(size // WORDS, WORDS)
        vectors = constants.reshape(-1, size, constants.shape[1])[:, at].transpose(0, 3, 1, 2)
        blocks = len(weights)
        stream = (
            np.ascontiguousarray(weights).reshape(blocks, -1).view(np.int8),
            np.ascontiguousarray(vectors).reshape(blocks, -1).view(np.int8),
        )
        return Constant(np.concatenate(stream, axis=1).reshape(-1), align=LANES)


def _padded(rows: Array, multiple: int, columns: int) -> Array:
    """With zeros behind: as many rows as a multiple of that, and so many columns."""
    more = -len(rows) % multiple, max(0, columns - rows.shape[1])
    return np.pad(rows, ((0, more[0]), (0, more[1])))


def channels(site: Site, weights: Array, *, apart: bool = False) -> Channels | Declined:
    """The channels of the site's node, whose weights are these [channels, taps], in the order in
    which a kernel takes them; or why there are none. `apart` as `scale_of` has it."""
    given = products(site, weights)
    if isinstance(given, Declined):
        return given
    scale = scale_of(given.requantization, given.sums, given.start, apart=apart)
    if scale is None:
        return Declined("sums that may wrap, or a shift to the left")
    kept = np.where(scale.constant[:, None], 0, given.weights)
    return Channels(kept, scale, site.io.output.q.zero_point)
