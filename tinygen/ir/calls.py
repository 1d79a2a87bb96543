"""Kernel calls: the joint between what knows models and what knows C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from tinygen.ir.tensors import Array, TensorId

ParamValue = int | float | tuple[int, ...]

PORTABLE = "portable"
"""The kernel set that is always complete, on every core."""


class Kernel(NamedTuple):
    """A kernel's name: two sets may each have one of the same `name`, and both may be in use."""

    set: str
    name: str


def portable(name: str) -> Kernel:
    """The portable kernel of this name."""
    return Kernel(PORTABLE, name)


class Place(Enum):
    """Which memory a kernel reads a constant from."""

    FLASH = "flash"
    RAM = "ram"
    """Put there from flash when the firmware starts: it takes both."""


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that a kernel's parameters point to."""

    data: Array
    align: int = 1
    """Bytes, a power of two: what its address is a multiple of, beside what its elements need."""
    place: Place = Place.FLASH


class Overlap(NamedTuple):
    """How far a kernel's output may reach into an input that it still reads.

    The kernel goes through both from the front, so that the output may begin where the input does
    or before, and end up to `nbytes` behind the input's first byte. In place is all of the output.
    `Order.overlaps` works it out from the order in which a kernel reads and writes.
    """

    input: int
    """Positions in the call's `inputs` and `outputs`."""
    output: int
    nbytes: int
    exact: bool = False
    """The output may begin nowhere but where the input does: a kernel that goes through images
    channel by channel writes over the bytes that it has read, and would over others that it has
    still to read. All of the output is then `nbytes`."""
    free: bool = False
    """The output may lie anywhere, over the input too: the kernel goes through both from the end
    that allows it."""


Layout = tuple[int, ...]
"""The order in which a tensor's dimensions lie in memory, outermost first. A tensor for which
nobody asks lies as its shape says: (0, 1, 2, 3). Channels first is (0, 3, 1, 2)."""


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One call of one kernel: the joint between operators and C.

    The kernel `NAME` of `SET` is the C function `tg_SET_NAME` in `SET/tg_NAME.h`; it takes a
    pointer to `struct tg_SET_NAME_params`, then a pointer per input, per output, and, when
    `scratch_bytes` is not zero, one to that much scratch. `params` and `constants` (pointers to
    arrays) together fill every field of the struct. `inputs` may name constant tensors.
    """

    kernel: Kernel
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    scratch_bytes: int = 0
    overlaps: tuple[Overlap, ...] = ()
    """An input and an output for which none is named never share a byte."""
    layouts: Mapping[TensorId, Layout] = field(default_factory=dict)
    """Of its activations, where another layout than the shape's is read or written."""
    outer: frozenset[str] = frozenset()
    """Names of scalars in `params` that the kernel reads outside of its inner loops only: layers
    that differ in nothing else may share one C function, to which these are arguments."""
    needless: Alias | None = None
    """How its tensors lie in memory where it has nothing to do: it only moves bytes, all of one of
    them."""


@dataclass(frozen=True)
class Alias:
    """`target` holds bytes of `source`: the same under another shape, a part of it, or all of it
    and more. No code, one buffer."""

    source: TensorId
    target: TensorId
    offset: int = 0
    """Bytes from the first one of `source` to the first one of `target`: negative where the target
    begins before it."""


Lowered = tuple["KernelCall | Alias", ...]
