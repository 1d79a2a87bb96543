"""MobileNetV2 as converters from PyTorch write it: a PAD before each layer of stride 2.

After Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), table 2.
Weights are random: what memory it takes does not hang on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Op, Operands, Quant, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.mean import Mean
from tinygen.ops.pad import Pad
from tinygen.ops.spatial import Padding

_BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
_MORE = ((6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, repeats, stride of the first."""
_CLIPPED = Quant((6.0 / 255.0,), (-128,))
_LINEAR = Quant((0.05,), (3,))


class Net:
    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.tensors: list[Tensor] = []
        self.nodes: list[Node] = []

    def tensor(
        self, shape: Sequence[int], quant: Quant | None, data: Array | None = None
    ) -> Tensor:
        dtype = DType.INT8 if quant is not None else DType.INT32
        number = len(self.tensors)
        self.tensors.append(Tensor(number, f"t{number}", tuple(shape), dtype, quant, data))
        return self.tensors[-1]

    def node(self, op: Op, inputs: Sequence[Tensor], quant: Quant) -> Tensor:
        stand_in = Tensor(ABSENT, "", (), DType.INT8, quant)
        (shape,) = op.infer(Operands(tuple(inputs), (stand_in,), op.kind))
        output = self.tensor(shape, quant)
        self.nodes.append(Node(op, tuple(t.id for t in inputs), (output.id,)))
        return output

    def constant(self, data: Array) -> Tensor:
        return self.tensor(data.shape, None, data.astype(np.int32))

    def weights(self, shape: Sequence[int]) -> Tensor:
        data = self.rng.integers(-127, 128, shape, np.int8)
        return self.tensor(shape, Quant((0.01,), (0,)), data)

    def conv(self, x: Tensor, channels: int, taps: int, stride: int, quant: Quant) -> Tensor:
        op = Conv2D(Padding.VALID, stride, stride, activation=_activation(quant))
        inputs = [self.padded(x, taps), self.weights((channels, taps, taps, x.shape[3]))]
        return self.node(op, [*inputs, self.constant(np.arange(channels))], quant)

    def depthwise(self, x: Tensor, stride: int) -> Tensor:
        op = DepthwiseConv2D(Padding.VALID, stride, stride, activation=Activation.RELU6)
        inputs = [self.padded(x, 3), self.weights((1, 3, 3, x.shape[3]))]
        return self.node(op, [*inputs, self.constant(np.arange(x.shape[3]))], _CLIPPED)

    def padded(self, x: Tensor, taps: int) -> Tensor:
        if taps == 1:
            return x
        table = self.constant(np.array([(0, 0), (1, 1), (1, 1), (0, 0)]))
        return self.node(Pad(), [x, table], x.q)


def _activation(quant: Quant) -> Activation:
    return Activation.RELU6 if quant == _CLIPPED else Activation.NONE


def mobilenet_v2(size: int, classes: int = 1000) -> Graph:
    """The graph for images of `size` x `size` x 3."""
    net = Net()
    x = net.tensor((1, size, size, 3), _LINEAR)
    x = net.conv(x, 32, 3, 2, _CLIPPED)
    for expansion, channels, repeats, first in (*_BLOCKS, *_MORE):
        for repeat in range(repeats):
            stride = first if repeat == 0 else 1
            wide = x if expansion == 1 else net.conv(x, expansion * x.shape[3], 1, 1, _CLIPPED)
            made = net.conv(net.depthwise(wide, stride), channels, 1, 1, _LINEAR)
            same = stride == 1 and made.shape == x.shape
            x = net.node(Add(Activation.NONE), [x, made], _LINEAR) if same else made
    x = net.conv(x, 1280, 1, 1, _CLIPPED)
    x = net.node(Mean(), [x, net.constant(np.array([1, 2]))], _CLIPPED)
    inputs = [x, net.weights((classes, 1280)), net.constant(np.arange(classes))]
    x = net.node(FullyConnected(Activation.NONE), inputs, _LINEAR)
    tensors = {t.id: t for t in net.tensors}
    graph = Graph("mobilenet_v2", tensors, tuple(net.nodes), (0,), (x.id,))
    graph.verify()
    return graph
