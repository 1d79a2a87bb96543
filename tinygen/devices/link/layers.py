"""What firmware that is built to be looked into tells of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.devices.link import frames
from tinygen.devices.link.reader import Reader, told
from tinygen.ir import DType


@dataclass(frozen=True)
class LayerOutput:
    """A tensor that a layer writes."""

    dtype: DType
    elements: int

    @property
    def nbytes(self) -> int:
        return self.elements * self.dtype.size


@dataclass(frozen=True)
class DeviceLayer:
    """A layer as the device has it: its name and its operators."""

    name: str
    kind: str
    outputs: tuple[LayerOutput, ...]


@dataclass(frozen=True)
class Noted:
    """What an inference noted of a layer: ticks, and a CRC-32 of each output."""

    ticks: int
    crcs: tuple[int, ...]


def parse_layers(data: bytes, count: int) -> tuple[DeviceLayer, ...]:
    """The table of `count` layers; DeviceError where it makes no sense."""
    with told("its layers"):
        reader = Reader(data)
        layers = tuple(
            DeviceLayer(reader.text(), reader.text(), _outputs(reader)) for _ in range(count)
        )
        reader.end()
        return layers


def parse_trace(data: bytes, layers: Sequence[DeviceLayer]) -> tuple[Noted, ...]:
    """What the last inference noted of these layers; DeviceError where it makes no sense."""
    with told("what its layers took"):
        reader = Reader(data)
        noted = tuple(
            Noted(reader.number("Q"), tuple(reader.number("I") for _ in layer.outputs))
            for layer in layers
        )
        reader.end()
        return noted


def _outputs(reader: Reader) -> tuple[LayerOutput, ...]:
    outputs = []
    for _ in range(reader.number("B")):
        code, elements = reader.number("B"), reader.number("I")
        if code not in frames.LAYER_TYPES:
            raise ValueError(f"a layer's output has the unknown type {code}")
        outputs.append(LayerOutput(frames.LAYER_TYPES[code], elements))
    return tuple(outputs)
