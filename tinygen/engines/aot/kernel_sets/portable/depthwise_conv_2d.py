"""DEPTHWISE_CONV_2D by packed rows (`tg_depthwise_conv_2d_packed.h`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import Params, estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.kernel_sets.portable.scales import codes_of, scale_of, unpackable
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, KernelCall, Overlap, portable
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.spatial import Extent

_ROWS = 3
"""Of the output that are computed together."""


def packed_depthwise_conv_2d(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none."""
    op, io = site.node.op, site.io
    if not isinstance(op, DepthwiseConv2D):
        return
    image, weights = io.input(0).shape, io.constant(1)
    height, width = op.extents(image, weights.shape)
    if image[0] != 1 or (height.dilation, width.dilation) != (1, 1):
        yield Declined("packed: for one image, and taps that are neighbours")
        return
    if io.output.id not in site.facts.accumulators:
        yield Declined("packed: nothing is known of its sums")
        return
    multiplier = weights.shape[3] // image[3]
    # [output channel][filter column][filter row]
    filters = np.ascontiguousarray(weights[0].transpose(2, 1, 0))
    flat = filters.reshape(weights.shape[3], -1).astype(np.int64)
    codes = codes_of(site).channels(image[3])
    if not unpackable(flat, *(np.repeat(e, multiplier)[:, None] for e in (codes.low, codes.high))):
        yield Declined("packed: the sums of its products are too large")
        return
    scale = scale_of(site, family, flat.sum(axis=1))
    if isinstance(scale, Declined):
        yield scale
        return
    in_place = _in_place(height, width) if multiplier == 1 else _InPlace(False)
    columns = (width.output - 1) * width.stride + width.filter
    words = multiplier * flat.shape[1] + 2 * height.filter * columns
    call = KernelCall(
        kernel=portable("depthwise_conv_2d_packed"),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "input_height": height.input,
            "input_width": width.input,
            "input_channels": image[3],
            "output_height": height.output,
            "output_width": width.output,
            "depth_multiplier": multiplier,
            "filter_height": height.filter,
            "filter_width": width.filter,
            "stride_height": height.stride,
            "stride_width": width.stride,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "kept": int(in_place.kept),
            **scale.params,
        },
        constants={"weights": Constant(filters), **scale.constants()},
        scratch_bytes=4 * words + (height.before * width.input if in_place.kept else 0),
        overlaps=(Overlap(0, 0, io.output.nbytes, exact=True),) if in_place.possible else (),
        outer=frozenset({"input_zero_point"}),
    )
    price = _cost(call, _PRICES[family.name])
    yield Candidate((site.node,), (call,), price, why="three products in two multiplications")


class _InPlace(NamedTuple):
    possible: bool
    kept: bool = False
    """Whether for that rows are kept, as many as lie above the first window."""


def _in_place(height: Extent, width: Extent) -> _InPlace:
    """Whether, channel by channel, rows can lie over rows that have been read."""
    written = np.arange(_ROWS, height.output, _ROWS) * width.output
    needed = np.arange(_ROWS, height.output, _ROWS) * height.stride - height.before
    if (written <= np.maximum(needed, 0) * width.input).all():
        return _InPlace(True)
    fresh = width.output <= width.input and height.stride == 1 and height.before <= _ROWS
    return _InPlace(fresh, kept=fresh)


class _Price(NamedTuple):
    """Instructions: for a channel; for three rows of it and each row of the filter; for what is
    packed; for three outputs, and each tap of theirs."""

    channel: float
    rows: float
    packed: float
    outputs: float
    tap: float
    code: int
    """Bytes."""


_PRICES: Mapping[str, _Price] = {
    "armv6m": _Price(0, 65.6, 29.8, 46.4, 10.8, code=900),
    "thumb2": _Price(0, 45, 6.0, 60, 6.2, code=800),
    "rv32m": _Price(0, 46, 11.8, 18.7, 11.6, code=900),
    "xtensa": _Price(0, 55, 16.5, 32, 11.8, code=900),
}
"""Fitted as `costs` says, for each family."""


def _cost(call: KernelCall, price: _Price) -> Cost:
    p: Params = call.params
    strips = p["input_channels"] * -(-p["output_height"] // _ROWS)
    columns = min(p["input_width"], (p["output_width"] - 1) * p["stride_width"] + p["filter_width"])
    triples = strips * p["depth_multiplier"] * p["output_width"]
    instructions = (
        price.channel * p["input_channels"] * p["depth_multiplier"]
        + price.rows * strips * p["filter_height"]
        + price.packed * strips * p["filter_height"] * columns
        + price.outputs * triples
        + price.tap * triples * p["filter_height"] * p["filter_width"]
    )
    return estimated(call, instructions, price.code)
