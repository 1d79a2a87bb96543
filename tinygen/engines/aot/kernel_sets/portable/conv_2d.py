"""CONV_2D by packed pixels: three products in two multiplications (`tg_conv_2d_packed.h`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import Params, estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.kernel_sets.portable.scales import codes_of, scale_of, unpackable
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Interval, KernelCall, portable
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fixed_point import Int64
from tinygen.ops.orders import in_runs


def packed_conv_2d(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none."""
    op, io = site.node.op, site.io
    if not isinstance(op, Conv2D):
        return
    image, weights = io.input(0).shape, io.constant(1)
    if image[0] != 1 or image[3] != weights.shape[3]:
        yield Declined("packed: for one image, and channels that are no groups")
        return
    height, width = op.extents(image, weights.shape)
    if (height.dilation, width.dilation) != (1, 1):
        yield Declined("packed: taps that are neighbours")
        return
    if io.output.id not in site.facts.accumulators:
        yield Declined("packed: nothing is known of its sums")
        return
    chunks = _chunks(weights.astype(np.int64), codes_of(site))
    if chunks is None:
        yield Declined("packed: the sums of its products are too large")
        return
    scale = scale_of(site, family, weights.astype(np.int64).sum(axis=(1, 2, 3)))
    if isinstance(scale, Declined):
        yield scale
        return
    padding = -chunks.products % min(4, family.unroll)
    products = chunks.products + padding
    words = 2 * family.triples
    unroll = family.unroll if products % family.unroll == 0 else min(4, family.unroll)
    border = height.before + height.after + width.before + width.after
    pixels = 3 * family.triples
    order = in_runs(height, width, (image[3], io.output.shape[3]), pixels)
    call = KernelCall(
        kernel=portable("conv_2d_packed"),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "input_height": height.input,
            "input_width": width.input,
            "input_channels": image[3],
            "output_height": height.output,
            "output_width": width.output,
            "output_channels": weights.shape[0],
            "filter_height": height.filter,
            "filter_width": width.filter,
            "stride_height": height.stride,
            "stride_width": width.stride,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "triples": family.triples,
            "block": family.block,
            "unroll": unroll,
            "taps": chunks.taps,
            "parts": chunks.parts,
            "chunks": chunks.count,
            "runs": chunks.runs,
            "padding": padding,
            **scale.params,
        },
        constants={
            "weights": Constant(_packed(weights, chunks.count, padding, family.block)),
            **scale.constants(family.block),
        },
        scratch_bytes=4 * words * chunks.count * (products + 1) + (image[3] if border else 0),
        overlaps=order.overlaps(io.output.nbytes),
        outer=frozenset({"input_zero_point"}),
    )
    price = _cost(call, _PRICES[family.name])
    yield Candidate((site.node,), (call,), price, why="three products in two multiplications")


class _Price(NamedTuple):
    """Instructions for what is packed: for each product of a triple of pixels, and each run of
    them; for what a block does: with each product, each chunk and each output."""

    packed: float
    run: float
    product: float
    chunk: float
    output: float
    code: int
    """Bytes."""


_PRICES: Mapping[str, _Price] = {
    "armv6m": _Price(18.2, 200, 10.4, 120, 7.5, code=1150),
    "thumb2": _Price(13.4, 130, 14.35, 165, 6.1, code=1150),
    "rv32m": _Price(17.7, 115, 23.5, 93, 11, code=1250),
    "xtensa": _Price(20, 165, 16.3, 135, 0, code=900),
}
"""Fitted as `costs` says, for each family."""


def _cost(call: KernelCall, price: _Price) -> Cost:
    p: Params = call.params
    groups = -(-p["output_height"] * p["output_width"] // (3 * p["triples"]))
    run = p["taps"] * p["input_channels"] // p["parts"]
    runs = p["runs"] * p["chunks"]
    blocks = groups * -(-p["output_channels"] // p["block"])
    chunks = blocks * p["chunks"]
    instructions = (
        price.packed * groups * p["triples"] * runs * run
        + price.run * groups * p["triples"] * runs
        + price.product * chunks * (p["runs"] * run + p["padding"])
        + price.chunk * chunks
        + price.output * blocks * 3 * p["triples"] * p["block"]
    )
    return estimated(call, instructions, price.code)


@dataclass(frozen=True)
class _Chunks:
    """How the products of an output are divided: see the kernel's parameters."""

    taps: int
    parts: int
    runs: int
    count: int
    products: int
    """Of a chunk."""


def _chunks(weights: Int64, codes: Interval) -> _Chunks | None:
    """The largest chunks whose sums of raw codes times weights can be unpacked, or None."""
    low, high = (
        np.broadcast_to(codes.low, weights.shape),
        np.broadcast_to(codes.high, weights.shape),
    )
    channels, rows, columns, depth = weights.shape

    def fit(count: int) -> bool:
        return unpackable(*(each.reshape(channels, count, -1) for each in (weights, low, high)))

    row = columns * depth
    for runs in range(rows, 0, -1):  # whole rows of the filter
        if rows % runs == 0 and fit(rows // runs):
            return _Chunks(columns, 1, runs, rows // runs, runs * row)
    if fit(rows * columns):
        return _Chunks(1, 1, 1, rows * columns, depth)
    for parts in range(2, min(depth, 64) + 1):
        if depth % parts == 0 and fit(rows * columns * parts):
            return _Chunks(1, parts, 1, rows * columns * parts, depth // parts)
    return None


def _packed(weights: Array, chunks: int, padding: int, block: int) -> Array:
    """uint8 [output channels / block][chunks][products][block] of w + 128."""
    channels = weights.shape[0]
    rows = weights.reshape(channels, chunks, -1).astype(np.int16) + 128
    rows = np.pad(rows, ((0, -channels % block), (0, 0), (0, padding)))
    blocks = rows.reshape(-1, block, *rows.shape[1:])
    return np.ascontiguousarray(blocks.transpose(0, 2, 3, 1).astype(np.uint8))
