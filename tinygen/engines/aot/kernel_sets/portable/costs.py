"""What portable kernels cost, estimated.

Each estimate was fitted in November 2026 to instructions counted in QEMU: of each layer of kws,
resnet, vww, ad01, hello_world and digits, and of small layers of the other kernels, on the
emulated Cortex-M4 (GCC 12.2, -O2), and of the benchmark models' kernels on one core of each other
family. `python -m tests.ops.measure` measures them again; a test holds the estimates against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any, NamedTuple

from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.offers import Cost
from tinygen.ir import KernelCall, Tensor, TensorId
from tinygen.ops.real import MAPS

_CYCLES_PER_INSTRUCTION = 1.29
"""Of all four benchmark models, by the Cortex-M4's timing: loads 2 then 1, taken branches 3."""

Params = Mapping[str, Any]
"""A call's parameters: numbers, and tuples of numbers for arrays."""


class _Loops(NamedTuple):
    """How often a call goes round: per element written, and the innermost loop in all."""

    outputs: int
    inner: int = 0


class _Price(NamedTuple):
    """Instructions for a call, for each output and for each round of the innermost loop."""

    call: float
    output: float
    inner: float


class _Fit(NamedTuple):
    """A kernel's price on the Cortex-M4, and the bytes of its code."""

    loops: Callable[[Params], _Loops]
    call: float
    output: float
    inner: float
    code: int


def cost(
    call: KernelCall, tensors: Mapping[TensorId, Tensor], family: Family | None = None
) -> Cost:
    """What a call of an operator's own kernel takes on a family of cores; without one, on those
    whose instructions are worth a Cortex-M4's."""
    fit = FITS.get(call.kernel.name)
    if fit is None:  # not measured: as the dearest of those that go over their output once
        fit = FITS["add"]
        loops = _Loops(sum(tensors[i].elements for i in call.outputs))
    else:
        loops = fit.loops(call.params)
    price, times = _Price(fit.call, fit.output, fit.inner), 1.0
    if family is not None:
        there = _PRICES.get(family.name, {}).get(call.kernel.name)
        price, times = (price, family.times) if there is None else (there, 1.0)
    instructions = price.call + price.output * loops.outputs + price.inner * loops.inner
    return estimated(call, times * instructions, fit.code)


def estimated(call: KernelCall, instructions: float, code: int) -> Cost:
    """The cost of a call that takes so many instructions, of so many bytes."""
    return Cost(
        instructions=round(instructions),
        cycles=round(_CYCLES_PER_INSTRUCTION * instructions),
        flash=code + sum(constant.data.nbytes for constant in call.constants.values()),
        scratch=call.scratch_bytes,
    )


def _pixels(p: Params) -> int:
    return int(p["batches"] * p["output_height"] * p["output_width"])


def _taps(p: Params) -> int:
    return int(p["filter_height"] * p["filter_width"])


def _conv(p: Params) -> _Loops:
    outputs = _pixels(p) * p["output_channels"]
    return _Loops(outputs, outputs * _taps(p) * p["input_channels"] // p["groups"])


def _depthwise(p: Params) -> _Loops:
    outputs = _pixels(p) * p["input_channels"] * p["depth_multiplier"]
    return _Loops(outputs, outputs * _taps(p))


def _pool(p: Params) -> _Loops:
    outputs = _pixels(p) * p["channels"]
    return _Loops(outputs, outputs * _taps(p))


def _fully_connected(p: Params) -> _Loops:
    outputs = p["rows"] * p["units"]
    return _Loops(outputs, outputs * p["depth"])


def _mean(p: Params) -> _Loops:
    outputs = prod(p["kept_size"])
    return _Loops(outputs, outputs * prod(p["reduced_size"]))


def _copy(p: Params) -> _Loops:
    return _Loops(prod(p["dims"]), prod(p["dims"]) * p["block_bytes"])


def _gather(p: Params) -> _Loops:
    picks = p["batches"] * p["outer"] * p["picks"]
    return _Loops(picks, picks * p["slice_bytes"])


def _gather_nd(p: Params) -> _Loops:
    return _Loops(p["picks"], p["picks"] * p["slice_bytes"])


def _update(p: Params) -> _Loops:
    return _Loops(prod(p["part"][:-1]), prod(p["dims"]) * p["element_bytes"])


def _block(p: Params) -> _Loops:
    return _Loops(prod(p["part"][:-1]), prod(p["part"]) * p["element_bytes"])


def _embedding(p: Params) -> _Loops:
    return _Loops(p["picks"], p["picks"] * p["length"])


def _real_map(p: Params) -> _Loops:
    roots = p["function"] in (list(MAPS).index("SQRT"), list(MAPS).index("RSQRT"))
    return _Loops(p["count"], p["count"] * roots)


def _resize_bilinear(p: Params) -> _Loops:
    pixels = _pixels(p)
    return _Loops(pixels, pixels * p["channels"])


def _transpose_conv(p: Params) -> _Loops:
    # Channels beyond a multiple of four are computed one by one, which takes twice as long.
    channels = p["output_channels"] + p["output_channels"] % 4
    inputs = p["batches"] * p["input_height"] * p["input_width"] * p["input_channels"]
    return _Loops(_pixels(p) * p["output_channels"], inputs * _taps(p) * channels)


def _batch_matmul(p: Params) -> _Loops:
    outputs = prod(p["dims"]) * p["rows"] * p["columns"]
    return _Loops(outputs, outputs * p["depth"])


def _add_n(p: Params) -> _Loops:
    return _Loops(p["count"], p["count"] * p["inputs"])


def _rows(p: Params) -> _Loops:
    return _Loops(p["rows"], p["rows"] * p["depth"])


def _lstm(p: Params) -> _Loops:
    outputs = p["steps"] * p["units"]
    return _Loops(outputs, 4 * outputs * (p["features"] + p["units"]))


def _softmax(p: Params) -> _Loops:
    return _Loops(p["rows"] * p["depth"], p["rows"])


def _svdf(p: Params, moved: float) -> _Loops:
    """What is remembered is moved on too: it takes so many times as long as a feature."""
    filters = p["batches"] * p["filters"]
    return _Loops(filters, round(filters * (p["features"] + moved * p["memory"])))


def _along(p: Params) -> _Loops:
    around = p["outer"] * p["inner"]
    return _Loops(around, around * p["size"])


def _dims(p: Params) -> _Loops:
    return _Loops(prod(p["dims"]))


def _count(p: Params) -> _Loops:
    return _Loops(p["count"])


FITS: Mapping[str, _Fit] = {
    "add": _Fit(_dims, call=0, output=40.7, inner=0, code=168),
    "add_n": _Fit(_add_n, call=30, output=9.6, inner=6.8, code=150),
    "arg_max": _Fit(_along, call=12, output=6, inner=9.9, code=80),
    "average_pool_2d": _Fit(_pool, call=0, output=0, inner=5.6, code=124),
    "batch_matmul": _Fit(_batch_matmul, call=60, output=22, inner=8.06, code=180),
    "cast": _Fit(_count, call=10, output=6, inner=0, code=60),
    "compare": _Fit(_dims, call=12, output=41, inner=0, code=150),
    "compare_plain": _Fit(_dims, call=12, output=9, inner=0, code=90),
    "conv_2d": _Fit(_conv, call=8200, output=31, inner=2.61, code=568),
    "copy": _Fit(_copy, call=14, output=3.6, inner=0.56, code=52),
    "cumsum": _Fit(_along, call=20, output=10, inner=26.7, code=130),
    "depthwise_conv_2d": _Fit(_depthwise, call=6900, output=0, inner=7.9, code=618),
    "dequantize": _Fit(_count, call=7, output=8, inner=0, code=56),
    "div": _Fit(_dims, call=12, output=168, inner=0, code=330),
    "dynamic_update_slice": _Fit(_update, call=50, output=11, inner=0.54, code=220),
    "embedding_lookup": _Fit(_embedding, call=14, output=10, inner=7, code=80),
    "fill": _Fit(_count, call=35, output=0.44, inner=0, code=16),
    "fill_with": _Fit(_count, call=14, output=4, inner=0, code=40),
    "fully_connected": _Fit(_fully_connected, call=44, output=18.3, inner=2.88, code=492),
    "fully_connected_computed": _Fit(_fully_connected, call=30, output=22, inner=7, code=180),
    "gather": _Fit(_gather, call=14, output=8.2, inner=0.75, code=90),
    "gather_nd": _Fit(_gather_nd, call=14, output=16, inner=0.6, code=110),
    "l2_normalization": _Fit(_rows, call=10, output=30, inner=29, code=420),
    "log_softmax": _Fit(_rows, call=10, output=280, inner=44, code=560),
    "move": _Fit(_count, call=30, output=0.7, inner=0, code=100),
    "logical": _Fit(_dims, call=8, output=9, inner=0, code=60),
    "lookup": _Fit(_count, call=9, output=5, inner=0, code=44),
    "max_pool_2d": _Fit(_pool, call=0, output=0, inner=4.55, code=112),
    "maximum": _Fit(_dims, call=8, output=8, inner=0, code=60),
    "mean": _Fit(_mean, call=290, output=5.6, inner=5, code=114),
    "mul": _Fit(_dims, call=12, output=29, inner=0, code=116),
    "prelu": _Fit(_dims, call=12, output=32.7, inner=0, code=170),
    "quantize": _Fit(_count, call=11, output=30, inner=0, code=180),
    "real_fold": _Fit(_mean, call=20, output=8, inner=6, code=110),
    "real_map": _Fit(_real_map, call=10, output=12, inner=220, code=120),
    "real_pair": _Fit(_dims, call=12, output=11, inner=0, code=90),
    "reduce_max": _Fit(_mean, call=20, output=8, inner=6.5, code=80),
    "relocate": _Fit(_copy, call=14, output=5.5, inner=0.85, code=150),
    "requantize": _Fit(_count, call=12, output=20, inner=0, code=120),
    "resize_bilinear": _Fit(_resize_bilinear, call=60, output=34, inner=20.3, code=330),
    "select": _Fit(_dims, call=8, output=9, inner=0, code=60),
    "select_words": _Fit(_dims, call=12, output=16, inner=0, code=110),
    "slice": _Fit(_block, call=30, output=10, inner=0.35, code=200),
    "softmax": _Fit(_softmax, call=0, output=33, inner=220, code=440),
    "softmax_to_int16": _Fit(_softmax, call=0, output=33, inner=120, code=490),
    "squared_difference": _Fit(_dims, call=12, output=43, inner=0, code=180),
    "svdf": _Fit(partial(_svdf, moved=2.5), call=0, output=73, inner=2.78, code=660),
    "svdf_int16": _Fit(partial(_svdf, moved=2.1), call=0, output=64, inner=2.83, code=640),
    "transpose_conv": _Fit(_transpose_conv, call=200, output=26, inner=2.9, code=620),
    "unidirectional_sequence_lstm": _Fit(_lstm, call=0, output=425, inner=2.76, code=1600),
    "whole_pair": _Fit(_dims, call=12, output=6, inner=0, code=90),
    "add_int16": _Fit(_dims, call=0, output=43, inner=0, code=172),
    "batch_matmul_int16": _Fit(_batch_matmul, call=20, output=24, inner=6, code=230),
    "prelu_int16": _Fit(_dims, call=12, output=28, inner=0, code=170),
    "rsqrt_int16": _Fit(_count, call=10, output=285, inner=0, code=260),
    "average_pool_2d_int16": _Fit(_pool, call=0, output=0, inner=4.8, code=96),
    "conv_2d_int16": _Fit(_conv, call=0, output=70, inner=2.4, code=800),
    "depthwise_conv_2d_int16": _Fit(_depthwise, call=0, output=40, inner=7.45, code=350),
    "fully_connected_int16": _Fit(_fully_connected, call=30, output=29, inner=2.6, code=640),
    "logistic_int16": _Fit(_count, call=18, output=20, inner=0, code=116),
    "max_pool_2d_int16": _Fit(_pool, call=0, output=0, inner=4.2, code=92),
    "maximum_int16": _Fit(_dims, call=8, output=9, inner=0, code=64),
    "mean_int16": _Fit(_mean, call=200, output=8, inner=4.4, code=120),
    "mul_int16": _Fit(_dims, call=12, output=27, inner=0, code=152),
    "rectify_int16": _Fit(_count, call=10, output=18, inner=0, code=128),
    "softmax_int16": _Fit(_rows, call=0, output=70, inner=45, code=296),
    "squared_difference_int16": _Fit(_dims, call=12, output=43, inner=0, code=180),
    "tanh_int16": _Fit(_count, call=18, output=22, inner=0, code=116),
    "transpose_conv_int16": _Fit(_transpose_conv, call=0, output=45, inner=3.4, code=324),
    "unidirectional_sequence_lstm_int16": _Fit(_lstm, call=0, output=345, inner=2.46, code=1450),
}

_PRICES: Mapping[str, Mapping[str, _Price]] = {
    "armv6m": {
        "add": _Price(38000, 143, 0),
        "average_pool_2d": _Price(0, 56, 7.0),
        "conv_2d": _Price(0, 87, 7.24),
        "depthwise_conv_2d": _Price(14400, 30, 13.6),
        "fully_connected": _Price(10, 72, 7.85),
        "max_pool_2d": _Price(61, 0, 3.8),
    },
    "thumb2": {},
    "rv32m": {
        "conv_2d": _Price(8000, 35, 2.9),
        "depthwise_conv_2d": _Price(6900, 0, 12),
        "fully_connected": _Price(45, 19.2, 3.8),
        "max_pool_2d": _Price(51, 0, 3.0),
    },
    "xtensa": {
        "add": _Price(24000, 133, 0),
        "average_pool_2d": _Price(0, 360, 3.0),
        "conv_2d": _Price(0, 67.5, 9.72),
        "depthwise_conv_2d": _Price(0, 30, 14.9),
        "fully_connected": _Price(14, 60, 10.2),
        "max_pool_2d": _Price(56, 0, 5.0),
    },
}
"""By the family's name; a kernel that is not here costs `Family.times` the Cortex-M4's price."""
