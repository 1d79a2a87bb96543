"""Which layers share a C function: those whose kernel and shapes are equal.

A function is compiled for the shapes of its layers. Where they lie in the arena, and the constants
and scalars in which they differ, it takes as arguments. Where flash is dear, layers of one portable
kernel share one function whatever their shapes: that takes all parameters as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygen.ir import PORTABLE, KernelCall

if TYPE_CHECKING:
    from tinygen.engines.aot.program import Layer

_GENERAL = 4
"""How many times the code a portable kernel is that knows no shapes: it has every way in it."""


@dataclass(frozen=True, eq=False)
class Function:
    """One C function, and the layers that it computes, in their order."""

    layers: tuple[Layer, ...]
    constants: tuple[str, ...]
    """The constants of the call that are arguments: those in which the layers differ."""
    scalars: tuple[str, ...]
    """The parameters that are."""
    general: bool = False
    """Whether all of them are, in a struct."""

    @property
    def name(self) -> str:
        """In C."""
        if self.general:
            return f"any_{self.layers[0].call.kernel.name}"
        first, last = self.layers[0], self.layers[-1]
        which = f"layer_{first.index}"
        if last is not first:
            which = f"layers_{first.index}_to_{last.index}"
        return f"{which}_{first.call.kernel.name}"


def functions(layers: Sequence[Layer], *, small: bool = False) -> tuple[Function, ...]:
    """The functions of a program, in the order in which they are first called; `small` where one
    for all shapes is taken as soon as that takes less flash."""
    found = {key: _function(group) for key, group in _grouped(layers, alike).items()}
    if small:
        for group in _grouped(layers, _of_one_kernel).values():
            keys = dict.fromkeys(alike(layer.call) for layer in group)
            if _smaller(group, len(keys)):
                general = Function(group, (), (), general=True)
                found.update(dict.fromkeys(keys, general))
    return tuple(dict.fromkeys(found.values()))


def _grouped(
    layers: Sequence[Layer], key: Callable[[KernelCall], Hashable]
) -> dict[Hashable, tuple[Layer, ...]]:
    groups: dict[Hashable, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(key(layer.call), []).append(layer)
    return {name: tuple(group) for name, group in groups.items()}


def _of_one_kernel(call: KernelCall) -> Hashable:
    """The same for calls that one function can compute, of whatever shapes: those of one kernel in
    plain C, with as many arguments."""
    general = None if call.kernel.set == PORTABLE else id(call)
    return call.kernel, general, len(call.inputs), len(call.outputs), call.scratch_bytes > 0


def _smaller(layers: Sequence[Layer], separate: int) -> bool:
    """Whether one function for all of these takes less flash than `separate` ones of their own."""
    taken, call = layers[0].choice.taken, layers[0].call
    code = taken.cost.flash - sum(c.data.nbytes for c in call.constants.values())
    words = sum(len(v) if isinstance(v, tuple) else 1 for v in call.params.values())
    struct = 4 * (words + len(call.constants))
    return _GENERAL * code + len(layers) * struct < separate * code


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
