"""Which layers share a C function: those whose kernel and shapes are equal.

A function is compiled for the shapes of its layers. Where they lie in the arena, and the constants
and scalars in which they differ, it takes as arguments.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygen.ir import KernelCall

if TYPE_CHECKING:
    from tinygen.engines.aot.program import Layer


@dataclass(frozen=True, eq=False)
class Function:
    """One C function, and the layers that it computes, in their order."""

    layers: tuple[Layer, ...]
    constants: tuple[str, ...]
    """The constants of the call that are arguments: those in which the layers differ."""
    scalars: tuple[str, ...]
    """The parameters that are."""

    @property
    def name(self) -> str:
        """In C."""
        first, last = self.layers[0], self.layers[-1]
        which = f"layer_{first.index}"
        if last is not first:
            which = f"layers_{first.index}_to_{last.index}"
        return f"{which}_{first.call.kernel.name}"


def functions(layers: Sequence[Layer]) -> tuple[Function, ...]:
    """The functions of a program, in the order in which they are first called."""
    groups: dict[Hashable, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(alike(layer.call), []).append(layer)
    return tuple(_function(tuple(group)) for group in groups.values())


def _function(layers: tuple[Layer, ...]) -> Function:
    first = layers[0].call
    others = [layer.call for layer in layers[1:]]
    return Function(
        layers,
        tuple(
            name
            for name, constant in first.constants.items()
            if any(call.constants[name] is not constant for call in others)
        ),
        tuple(
            name
            for name, value in first.params.items()
            if any(call.params[name] != value for call in others)
        ),
    )


def alike(call: KernelCall) -> Hashable:
    """The same for calls that one function can compute at no cost.

    Arrays among the parameters are kept in flash only as long as the whole struct is constant.
    """
    arrays = any(isinstance(value, tuple) for value in call.params.values())
    return (
        call.kernel,
        tuple((k, v) for k, v in call.params.items() if arrays or k not in call.outer),
        tuple(
            (k, c.data.dtype.str, c.align, c.place, id(c) if arrays else None)
            for k, c in call.constants.items()
        ),
        (len(call.inputs), len(call.outputs), call.scratch_bytes > 0),
    )
