"""What the set's kernels with weights share: channels with their constants, as blocks read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.kernel_sets.esp32s3.requantization import Scale, scale_of
from tinygen.engines.aot.kernel_sets.products import products
from tinygen.engines.aot.offers import Cost, Declined, Site
from tinygen.ir import Array, Constant, ParamValue
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64

LANES = 16
"""Of int8 in a vector."""
ROUNDINGS = ("one rounding", "two roundings")
_AHEAD = 2
"""Vectors of weights that are loaded before they are used."""
_CHEAP_LEFT = 3
HELD = 6
"""Vectors of a run that stay in registers, and may lie anywhere."""
BEFORE = 12
"""Bytes of scratch that may lie before the first place where a vector starts."""
_UNROLLED = 14
"""Those for which nothing loops."""


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

    def params(self) -> dict[str, ParamValue]:
        """The parameters of a kernel that requantizes like this."""
        low, high = self.scale.clamp
        return {
            "twice": int(self.scale.twice),
            "left": self.scale.left,
            "right": self.scale.right,
            "output_zero_point": self.zero_point,
            "output_min": low,
            "output_max": high,
        }

    @property
    def way(self) -> str:
        """How sums become codes, in words."""
        return ROUNDINGS[self.scale.twice]

    def constants(self) -> Constant:
        """Of each channel in turn."""
        return Constant(self.scale.words().reshape(-1))

    def requantized(self) -> int:
        """Instructions from a sum to a code that is stored, but for n."""
        low, high = self.scale.clamp
        clamp = 2 * (low > INT8_MIN) + 2 * (high < INT8_MAX)
        return (18 if self.scale.twice else 7) + clamp

    @property
    def steps(self) -> int:
        """Vectors of a channel's taps."""
        taps: int = self.weights.shape[1]
        return -(-taps // LANES)

    def stream(self) -> Constant:
        """Those of all channels, one behind the other."""
        taps = _padded(self.weights, self.steps * LANES)
        ahead = np.zeros(_AHEAD * LANES, np.int8)
        return Constant(np.concatenate([taps.reshape(-1).astype(np.int8), ahead]), align=LANES)

    def run(self) -> int:
        """Instructions for all channels of a run."""
        steps, scale = self.steps, self.scale
        held = steps if steps <= HELD else 4 - steps % 2
        sums = 2 + held
        if steps > HELD:
            sums += 1 + 2 * (steps - held) + 2 * (steps > _UNROLLED)
        left = 0 if scale.twice else scale.left > _CHEAP_LEFT
        pair = 2 * (sums + left + self.requantized()) + 2
        if steps > HELD or scale.twice:
            pair += 2
        return (held if steps > HELD else held + 3) + 12 + self.count * pair // 2

    def code(self) -> int:
        """Bytes of what computes a run."""
        steps = self.steps
        held = steps if steps <= HELD else 4 - steps % 2
        unrolled = 2 if steps > _UNROLLED else steps - held
        channel = 4 * held + 7 * unrolled + 3 * self.requantized() + 12
        return (2 + self.count % 2) * channel + 40


def cost(instructions: float, flash: int, scratch: int) -> Cost:
    """Cycles are as many as instructions: no more is known of them."""
    return Cost(round(instructions), round(instructions), flash, scratch)


def _padded(rows: Array, columns: int) -> Array:
    """With zeros behind, so many columns."""
    return np.pad(rows, ((0, 0), (0, columns - rows.shape[1])))


def channels(site: Site, weights: Array, *, left: int | None = None) -> Channels | Declined:
    """The channels of the site's node, whose weights are these [channels, taps], in the order in
    which a kernel takes them; or why there are none. `left` as `scale_of` has it."""
    given = products(site, weights)
    if isinstance(given, Declined):
        return given
    scale = scale_of(given.requantization, given.sums, given.start, left=left)
    if scale is None:
        return Declined("sums that may wrap, or a shift to the left")
    kept = np.where(scale.constant[:, None], 0, given.weights)
    return Channels(kept, scale, site.io.output.q.zero_point)
