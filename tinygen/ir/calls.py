"""Kernel calls: the joint between what knows models and what knows C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    constants: Mapping[str, Array] = field(default_factory=dict)
    scratch_bytes: int = 0
    in_place: tuple[tuple[int, int], ...] = ()
    """(input position, output position) pairs that may lie at the same address: the kernel
    reads each element of that input for the last time before it writes the output there."""


@dataclass(frozen=True)
class Alias:
    """`target` holds the same bytes as `source` under another shape: no code, one buffer."""

    source: TensorId
    target: TensorId


Lowered = tuple["KernelCall | Alias", ...]
