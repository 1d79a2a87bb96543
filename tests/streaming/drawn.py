"""Random small networks over time windows, call by call: windows of every sort along time, and what
lies between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.ops.network_file import Network
from tests.ops.tflite_file import tensor
from tinygen.ir import DType, Shape, Tensor

SAME, VALID = 0, 1
_QUANTS = ((0.1, 3), (0.05, -30), (0.2, 25), (0.13, -7))
_SPREAD = 50
"""Of codes, about: scales are drawn so that it stays."""


@dataclass
class Drawn:
    """A network as it grows: `now` is the tensor that was made last, [1, height, width, channels],
    with time along `axis`."""

    rng: np.random.Generator
    net: Network
    now: Tensor
    axis: int
    strides: bool

    @property
    def rows(self) -> int:
        return self.now.shape[self.axis]

    def pick(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def quant(self, factor: float = 1.0) -> tuple[float, int]:
        """A quantization of what has so many times the values of what was made last."""
        scale = self.now.q.scale * factor * float(self.rng.uniform(0.7, 1.4))
        return scale, self.pick(3, -30, 25, -128, -7)

    def summed(self, scale: float, terms: int) -> tuple[float, int]:
        """Of sums of so many products with weights of this scale."""
        return self.quant(scale * 73 * math.sqrt(terms))

    @property
    def same(self) -> tuple[float, int]:
        """The quantization of what was made last."""
        return self.now.q.scale, self.now.q.zero_point

    def sizes(self, along: int, across: int) -> tuple[int, int]:
        """(height, width) of what is said of time and of the other dimension."""
        return (along, across) if self.axis == 1 else (across, along)

    def convolution(self) -> None:
        depthwise = bool(self.rng.integers(2))
        other = self.now.shape[3 - self.axis]
        padding, stride = self.pick(SAME, VALID), self.pick(1, 1, 2) if self.strides else 1
        dilation = self.pick(1, 1, 2, 3) if stride == 1 else 1
        along, across = self.pick(1, 2, 3, 4), min(other, self.pick(1, 2, 3))
        steps = self.sizes(stride, self.pick(1, 2) if self.strides and not depthwise else stride)
        spans = self.sizes((along - 1) * dilation + 1, across)
        image = self.now.shape[1:3]
        output = [
            -(-size // step) if padding == SAME else (size - span) // step + 1
            for size, span, step in zip(image, spans, steps, strict=True)
        ]
        if min(output) < 1:
            return
        taps, channels = self.sizes(along, across), self.now.shape[3]
        made = channels if depthwise else self.pick(2, 3, 4)
        shape = (1, *taps, made) if depthwise else (made, *taps, channels)
        scale = 0.01 * float(self.rng.uniform(0.5, 2))
        quant = self.summed(scale, along * across * (1 if depthwise else channels))
        weights = tensor(shape, scale=scale, data=self.rng.integers(-127, 128, shape))
        bias = tensor(
            (made,),
            DType.INT32,
            scale=self.now.q.scale * scale,
            data=self.rng.integers(-900, 900, made),
        )
        (dilations_h, dilations_w) = self.sizes(dilation, 1)
        more: dict[str, Any] = {"depthMultiplier": 1} if depthwise else {}
        self.now = self.net.call(
            "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
            [self.now, weights, bias],
            (1, *output, made),
            quant,
            padding=padding,
            strideH=steps[0],
            strideW=steps[1],
            dilationHFactor=dilations_h,
            dilationWFactor=dilations_w,
            fusedActivationFunction=self.pick(0, 1),
            **more,
        )

    def pool(self) -> None:
        padding = self.pick(SAME, VALID)
        stride, along = self.pick(1, 2) if self.strides else 1, self.pick(1, 2, 3)
        other = self.now.shape[3 - self.axis]
        taps, steps = self.sizes(along, min(other, self.pick(1, 2, 3))), self.sizes(stride, 1)
        output = [
            -(-size // step) if padding == SAME else (size - span) // step + 1
            for size, span, step in zip(self.now.shape[1:3], taps, steps, strict=True)
        ]
        if min(output) < 1:
            return
        self.now = self.net.call(
            ("AVERAGE_POOL_2D", "MAX_POOL_2D")[self.rng.integers(2)],
            [self.now],
            (1, *output, self.now.shape[3]),
            self.same,
            padding=padding,
            strideH=steps[0],
            strideW=steps[1],
            filterHeight=taps[0],
            filterWidth=taps[1],
        )

    def table(self) -> None:
        if self.rng.integers(2):
            self.now = self.net.call("LOGISTIC", [self.now], self.now.shape, (1 / 256, -128))
        else:
            self.now = self.net.call("RELU", [self.now], self.now.shape, self.quant())

    def softmax(self) -> None:
        if self.now.shape[3] == 1:
            return
        self.now = self.net.call("SOFTMAX", [self.now], self.now.shape, (1 / 256, -128), beta=1.0)

    def branch(self) -> None:
        """Layers that are passed by, where they leave the shape."""
        before = self.now
        for _ in range(self.pick(1, 2)):
            self.convolution()
        if self.now.shape == before.shape and self.now is not before:
            kind = ("ADD", "MUL")[self.rng.integers(2)]
            factor = 1.5 if kind == "ADD" else before.q.scale * _SPREAD
            self.now = self.net.call(kind, [before, self.now], before.shape, self.quant(factor))

    def constant(self) -> None:
        """A number for each channel."""
        shape = (self.now.shape[3],)
        numbers = tensor(shape, scale=0.1, data=self.rng.integers(-128, 128, shape))
        self.now = self.net.call("ADD", [self.now, numbers], self.now.shape, self.quant())

    def beside(self) -> None:
        """Channels beside each other."""
        other = self.net.call("RELU", [self.now], self.now.shape, self.same)
        *shape, channels = self.now.shape
        both = (*shape, 2 * channels)
        self.now = self.net.call("CONCATENATION", [self.now, other], both, self.same, axis=3)

    def pad(self) -> None:
        """In front, as a causal layer has it, and behind."""
        along = self.pick(0, 1, 2, 5), self.pick(0, 0, 1)
        across = self.pick(0, 0, 1), 0
        sizes = (along, across) if self.axis == 1 else (across, along)
        table = [[0, 0], *map(list, sizes), [0, 0]]
        shape = tuple(d + sum(p) for d, p in zip(self.now.shape, table, strict=True))
        self.now = self.net.call("PAD", [self.now, table], shape, self.same)

    def shorten(self) -> None:
        """The last rows alone."""
        count = self.rows - self.pick(0, 1, 2)
        if count < 1:
            return
        begin = [0, 0, 0, 0]
        begin[self.axis] = self.rows - count
        shape = list(self.now.shape)
        shape[self.axis] = count
        self.now = self.net.call("SLICE", [self.now, begin, shape], tuple(shape), self.same)

    def turn(self) -> None:
        """Time along the other dimension."""
        order = [0, 2, 1, 3]
        shape = tuple(self.now.shape[i] for i in order)
        self.now = self.net.call("TRANSPOSE", [self.now, order], shape, self.same)
        self.axis = 3 - self.axis

    def flatten_rows(self) -> None:
        """What is in a row one behind the other, a matrix for each, and an image again."""
        _, height, width, channels = self.now.shape
        if self.axis != 1:
            return
        depth, units = width * channels, self.pick(2, 3)
        flat = self.net.call("RESHAPE", [self.now, [height, depth]], (height, depth), self.same)
        weights = tensor(
            (units, depth), scale=0.02, data=self.rng.integers(-90, 90, (units, depth))
        )
        quant = self.summed(0.015, depth)
        made = self.net.call("FULLY_CONNECTED", [flat, weights], (height, units), quant)
        shape = (1, height, 1, units)
        self.now = self.net.call("RESHAPE", [made, list(shape)], shape, quant)

    def mean_across(self) -> None:
        shape = list(self.now.shape)
        shape[3 - self.axis] = 1
        self.now = self.net.call(
            "MEAN", [self.now, [3 - self.axis]], tuple(shape), self.quant(), keepDims=True
        )

    def end(self) -> Tensor:
        """What comes out: rows as they are, of all rows one, or the last one."""
        how = self.pick(0, 1, 2, 3)
        channels = self.now.shape[3]
        if how == 1:
            quant = self.quant(0.3)
            return self.net.call("MEAN", [self.now, [1, 2]], (1, channels), quant)
        if how == 2:
            flat = (1, int(np.prod(self.now.shape)))
            made = self.net.call("RESHAPE", [self.now, list(flat)], flat, self.same)
            weights = tensor(
                (3, flat[1]), scale=0.01, data=self.rng.integers(-50, 50, (3, flat[1]))
            )
            quant = self.summed(0.004, flat[1])
            return self.net.call("FULLY_CONNECTED", [made, weights], (1, 3), quant)
        if how == 3:
            at, ends = [0, 0, 0, 0], list(self.now.shape)
            at[self.axis], ends[self.axis] = self.rows - 1, self.rows
            shape = tuple(d for i, d in enumerate(self.now.shape) if i != self.axis)
            return self.net.call(
                "STRIDED_SLICE",
                [self.now, at, ends, [1, 1, 1, 1]],
                shape,
                self.same,
                shrinkAxisMask=1 << self.axis,
            )
        return self.now


def network(seed: int, *, strides: bool = True) -> bytes:
    """A file of one to six layers over a window of 6 to 20 rows, along height or width."""
    rng = np.random.default_rng(seed)
    axis = int(rng.integers(1, 3))
    rows, across = int(rng.integers(6, 21)), int(rng.integers(1, 5)) if axis == 1 else 1
    shape: Shape = (1, rows, across, int(rng.integers(1, 4)))
    if axis == 2:
        shape = (1, 1, rows, shape[3])
    net = Network()
    drawn = Drawn(rng, net, net.input(shape, _QUANTS[rng.integers(3)]), axis, strides)
    layers = (
        *(drawn.convolution,) * 5,
        *(drawn.pool, drawn.table, drawn.softmax, drawn.branch, drawn.branch, drawn.constant),
        *(drawn.beside, drawn.pad, drawn.shorten, drawn.turn, drawn.flatten_rows),
        drawn.mean_across,
    )
    while not net.calls or rng.integers(5):
        layers[rng.integers(len(layers))]()
        if len(net.calls) > 9:
            break
    return net.file(drawn.end())
