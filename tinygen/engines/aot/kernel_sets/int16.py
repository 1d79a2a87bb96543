"""int16 activations: what sets take of a layer with weights, for sums of 32 bits and one rounding.

The specification's rounding, (sum m + 2^(s-1)) >> s with 15 bits of m and 16 <= s <= 32, is the
upper half of sum times m 2^(32-s), rounded, which cores have an instruction for, whatever the sum:
both sides of the division by 2^s are multiplied by 2^(32-s), and the product still fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import DType, ParamValue
from tinygen.ops.fixed_point import INT32_MAX, Int64
from tinygen.ops.requantization import OneRounding
from tinygen.ops.spatial import Extent
from tinygen.ops.weighted import Weighted, constant_bias

ALL, RELU = "every code", "no code below 0"
"""What an activation lets through, each by an instruction of its own."""

_SHIFTS = (16, 32)
"""To the right: a multiplier of 15 bits, shifted to 32, has 31 at most."""


@dataclass(frozen=True, eq=False)
class Channels16:
    """The output channels of a layer with weights."""

    weights: Int64
    """As the operator has them."""
    start: Int64
    """[channels]: the bias, as far as 32 bits hold it."""
    multiplier: Int64
    """[channels]: of 31 bits; the upper 32 of a product, rounded, are the code."""
    relu: bool

    @property
    def why(self) -> str:
        return RELU if self.relu else ALL


def channels_16(site: Site, count: int) -> Channels16 | Declined:
    """The `count` channels of the site's node; or why these kernels cannot compute them."""
    op, io = site.node.op, site.io
    assert isinstance(op, Weighted)
    op.check(io)
    sums = site.facts.accumulators.get(io.output.id)
    if sums is None or io.input(1).data is None:
        return Declined("its weights or its bias are not constant")
    scale = op.requantization(io)
    if not isinstance(scale, OneRounding):
        return Declined("a bias of int32, for which TFLM rounds twice")
    if sums.magnitude.max() > INT32_MAX:
        return Declined("sums that may need more than 32 bits")
    if scale.high != DType.INT16.high or scale.low not in (DType.INT16.low, 0):
        return Declined(f"codes from {scale.low} to {scale.high} only")
    shift = scale.shift.astype(np.int64)
    alive = scale.multiplier != 0
    if (alive & ((shift < _SHIFTS[0]) | (shift > _SHIFTS[1]))).any():
        return Declined("a factor of 1/2 or more, or of less than 2^-18")
    multiplier = np.where(alive, scale.multiplier.astype(np.int64) << (32 - shift).clip(0), 0)
    return Channels16(
        io.constant(1).astype(np.int64),
        constant_bias(io, count).astype(np.uint32).astype(np.int32).astype(np.int64),
        np.broadcast_to(multiplier, (count,)),
        relu=scale.low == 0,
    )


def none_of_16_bits(_: Site) -> Iterable[Candidate | Declined]:
    """What a set says where its kernels of an operator are others."""
    yield Declined("its kernels for this operator are for int8")


def depthwise_params_16(
    image: tuple[int, ...], extents: tuple[Extent, Extent], pitch: int, *, relu: bool
) -> dict[str, ParamValue]:
    """Of a DEPTHWISE_CONV_2D whose kernel keeps rows of `pitch` bytes."""
    height, width = extents
    channels = image[3]
    return {
        "batches": image[0],
        "input_height": height.input,
        "input_width": width.input,
        "channels": channels,
        "output_height": height.output,
        "output_width": width.output,
        "filter_height": height.filter,
        "filter_width": width.filter,
        "stride_height": height.stride,
        "stride_step": 2 * width.stride * channels,
        "dilation_height": height.dilation,
        "dilation_step": 2 * width.dilation * channels,
        "pad_top": height.before,
        "pad_left": 2 * width.before * channels,
        "kept": height.span,
        "pitch": pitch,
        "relu": int(relu),
    }
