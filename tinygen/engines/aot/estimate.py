"""What several candidates take together: what they share, a C function or an array, is in flash
once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from tinygen.engines.aot.functions import alike
from tinygen.engines.aot.offers import Candidate, Cost
from tinygen.ir import KernelCall

NOTHING = Cost(instructions=0, cycles=0, flash=0)


def functions_of(candidate: Candidate) -> Hashable:
    """The same for those whose calls are the same C functions."""
    return tuple(alike(call) for call in candidate.calls if isinstance(call, KernelCall))


def arrays_of(candidate: Candidate) -> dict[int, int]:
    """The bytes of its constants, by the identity of each."""
    calls = (call for call in candidate.calls if isinstance(call, KernelCall))
    return {id(c.data): c.data.nbytes for call in calls for c in call.constants.values()}


def constants_of(candidate: Candidate) -> int:
    """Bytes of flash that are its own, and not its functions'."""
    return min(sum(arrays_of(candidate).values()), candidate.cost.flash)


def total(candidates: Iterable[Candidate]) -> Cost:
    """Of all of them, each once."""
    each = {id(one): one for one in candidates}.values()
    code = {functions_of(one): one.cost.flash - constants_of(one) for one in each}
    seen: set[int] = set()
    own = []
    for one in each:
        arrays = arrays_of(one)
        again = sum(nbytes for array, nbytes in arrays.items() if array in seen)
        own.append(replace(one.cost, flash=max(0, constants_of(one) - again)))
        seen.update(arrays)
    return sum(own, replace(NOTHING, flash=sum(code.values())))
