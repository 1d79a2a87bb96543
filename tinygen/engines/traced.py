"""What an engine tells of a program, so that it can be followed layer by layer on a device."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tinygen import csource
from tinygen.ir import Array, Graph, Layout, Tensor, TensorId
from tinygen.templates import Identity, render

TABLE = "src/protocol/tg_layers_table.c"
"""The file of the project that tells the firmware what its layers are."""

FLAG = "-DTG_TRACED"
"""Of the compiler, for firmware that notes what its layers take and compute."""


@dataclass(frozen=True, eq=False)
class TracedOutput:
    """A tensor that a layer writes."""

    tensor: Tensor
    layout: Layout | None
    """The order in which its dimensions lie in memory, where that is not the shape's."""
    place: int
    """What the firmware asks the model for: bytes into the arena, or the tensor's number."""

    def in_memory(self, value: Array) -> Array:
        """The tensor's value as it lies there."""
        return np.ascontiguousarray(value if self.layout is None else value.transpose(self.layout))

    def of_memory(self, content: bytes) -> Array:
        """What lies there as the tensor's value."""
        shape = self.tensor.shape
        if self.layout is None:
            return np.frombuffer(content, self.tensor.dtype.numpy).reshape(shape)
        there = np.frombuffer(content, self.tensor.dtype.numpy)
        turned = there.reshape([shape[axis] for axis in self.layout])
        return turned.transpose(np.argsort(self.layout))


@dataclass(frozen=True, eq=False)
class TracedLayer:
    """One call of a kernel, or one operator of an interpreter.

    `operators` are all that it computes; the name is that of its last output. `plain` says whether
    it is the kernel that every other is held against. What is not known of an engine is None.
    """

    index: int
    operators: tuple[str, ...]
    name: str
    keras_layers: tuple[str, ...]
    kernel_set: str
    kernel: str
    plain: bool
    why: str
    macs: int
    inputs: tuple[TensorId, ...]
    outputs: tuple[TracedOutput, ...]
    constant_bytes: int
    """Bytes of flash that are constants of its own."""
    ram_bytes: int
    """Bytes of the arena that are in use while it computes, scratch included."""
    scratch_bytes: int | None
    function: str | None = None
    """The C function that computes it, which other layers may share."""
    estimated_cycles: int | None = None
    estimated_instructions: int | None = None

    @property
    def place(self) -> str:
        """Its number, its operators and its name, for people."""
        return f"layer {self.index}, {' + '.join(self.operators)} {self.name}"


@dataclass(frozen=True)
class Placed:
    """Bytes of the arena, and when they are in use. Step 0 writes the inputs, step i + 1 is layer
    i, the last one reads the outputs."""

    name: str
    """Of the tensor that lies there; empty for scratch."""
    offset: int
    nbytes: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Traced:
    """A program to be followed. `graph` is what is compiled: the reference of it gives the value of
    every tensor that a layer writes."""

    graph: Graph
    layers: tuple[TracedLayer, ...]
    places: tuple[Placed, ...] = ()
    """What lies where in the arena; empty where the engine places tensors as it starts."""

    def expected(self, values: Mapping[TensorId, Array]) -> list[tuple[int, ...]]:
        """A CRC-32 of each output of each layer, of these values of all tensors."""
        return [
            tuple(zlib.crc32(o.in_memory(values[o.tensor.id]).tobytes()) for o in layer.outputs)
            for layer in self.layers
        ]

    def table(self, identity: Identity) -> str:
        """The C file that tells the firmware its layers."""
        outputs = [output for layer in self.layers for output in layer.outputs]
        return render(
            "tg_layers_table.c.j2",
            title=csource.comment(identity.name),
            version=identity.version,
            layers=[
                {
                    "name": csource.string(layer.name),
                    "kind": csource.string(", ".join(layer.operators)),
                    "outputs": len(layer.outputs),
                    "first": sum(len(before.outputs) for before in self.layers[: layer.index]),
                }
                for layer in self.layers
            ],
            outputs=[
                {
                    "type": f"TG_TYPE_{output.tensor.dtype.name}",
                    "elements": output.tensor.elements,
                    "bytes": output.tensor.nbytes,
                    "place": output.place,
                }
                for output in outputs
            ],
        )


def title(tensor: Tensor) -> str:
    """Its name, short: converters join the names of all that they fused."""
    path = tensor.name.split(";")[0].split("/")
    return "/".join(path[1:] if len(path) > 2 else path)


def keras_layers(tensor: Tensor) -> tuple[str, ...]:
    """The layers of the Keras model that made the tensor, by its name: converters join the names of
    all that they fused, `model/layer/Operation;model/other/Operation`. A name without a path is
    told as it is."""
    return tuple(dict.fromkeys(_layer(name.split("/")) for name in tensor.name.split(";")))


def _layer(path: list[str]) -> str:
    """TensorFlow's operations begin with a capital, layers seldom do."""
    ends = (i for i, part in enumerate(path) if i and part[:1].isupper())
    named = path[1 : next(ends, len(path) - 1)]
    return "/".join(named) or path[0]
