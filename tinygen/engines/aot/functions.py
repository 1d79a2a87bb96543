"""Which layers share a C function: those whose kernel and shapes are equal.

A function is compiled for the shapes of its layers. Where they lie in the arena, and the constants
and scalars in which they differ, it takes as arguments. Where flash is dear, layers of one portable
kernel share one function whatever their shapes: all in which they differ is in a struct, and only
what they have in common is compiled in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tinygen import csource
from tinygen.boards import Core
from tinygen.ir import PORTABLE, KernelCall

if TYPE_CHECKING:
    from tinygen.engines.aot.program import Layer

_GENERAL = 2.0
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
    """Whether its layers differ in shapes; its arguments then are fields of a struct."""

    @property
    def name(self) -> str:
        """In C."""
        if self.general:
            return f"model_any_{self.layers[0].call.kernel.name}"
        first, last = self.layers[0], self.layers[-1]
        which = f"model_layer_{first.label}"
        if last is not first:
            which = f"model_layers_{first.label}_to_{last.label}"
        return f"{which}_{first.call.kernel.name}"


def functions(layers: Sequence[Layer], *, small: bool = False) -> tuple[Function, ...]:
    """The functions of a program, in the order in which they are first called; `small` where one
    for all shapes is taken as soon as that takes less flash."""
    found = {key: _function(group) for key, group in _grouped(layers, alike).items()}
    if small:
        for group in _grouped(layers, of_one_kernel).values():
            keys = dict.fromkeys(alike(layer.call) for layer in group)
            taken, calls = group[0].choice.taken, [layer.call for layer in group]
            code = taken.cost.flash - taken.constant_bytes
            if general_bytes(calls, code) < len(keys) * code:
                general = replace(_function(group), general=True)
                found.update(dict.fromkeys(keys, general))
    return tuple(dict.fromkeys(found.values()))


def shares_shapes(core: Core) -> bool:
    """Whether functions for several shapes may pay: on an AVR a struct that is not folded into
    code is a variable, in RAM."""
    return not core.startswith("avr")


def _grouped(
    layers: Sequence[Layer], key: Callable[[KernelCall], Hashable]
) -> dict[Hashable, tuple[Layer, ...]]:
    groups: dict[Hashable, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(key(layer.call), []).append(layer)
    return {name: tuple(group) for name, group in groups.items()}


def of_one_kernel(call: KernelCall) -> Hashable:
    """The same for calls that one function can compute, of whatever shapes: those of one kernel in
    plain C, with as many arguments."""
    own = None if call.kernel.set == PORTABLE else id(call)
    lengths = tuple(len(v) if isinstance(v, tuple) else 0 for v in call.params.values())
    return call.kernel, own, lengths, len(call.inputs), len(call.outputs), call.scratch_bytes > 0


def general_bytes(calls: Sequence[KernelCall], code: int) -> int:
    """Flash of one function for all of these and what it is given, where one for one shape takes
    so many bytes."""
    constants, scalars = _differing(calls)
    fields = (f for f in csource.narrow_fields({k: [c.params[k] for c in calls] for k in scalars}))
    struct = 4 * len(constants) + sum(field.nbytes for field in fields)
    return round(_GENERAL * code) + len(calls) * (struct + -struct % 4)


def _function(layers: tuple[Layer, ...]) -> Function:
    return Function(layers, *_differing([layer.call for layer in layers]))


def _differing(calls: Sequence[KernelCall]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the constants and of the parameters that are not the same in all of them."""
    first, *others = calls
    return (
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
