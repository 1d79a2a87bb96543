"""What several candidates take together: what they share, a C function or an array, is in flash
once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import replace

from tinygen.engines.aot.functions import general_bytes, of_one_kernel
from tinygen.engines.aot.offers import Candidate, Cost

NOTHING = Cost(instructions=0, cycles=0, flash=0)


def total(candidates: Iterable[Candidate], *, small: bool = False) -> Cost:
    """Of all of them, each once; `small` as `functions` has it."""
    each = {id(one): one for one in candidates}.values()
    seen: set[int] = set()
    own = []
    for one in each:
        again = sum(nbytes for array, nbytes in one.arrays.items() if array in seen)
        own.append(replace(one.cost, flash=max(0, one.constant_bytes - again)))
        seen.update(one.arrays)
    return sum(own, replace(NOTHING, flash=_code(each, small=small)))


def _code(candidates: Iterable[Candidate], *, small: bool) -> int:
    """Bytes of all of their functions."""
    groups: defaultdict[Hashable, list[Candidate]] = defaultdict(list)
    for one in candidates:
        alone = len(one.kernel_calls) == 1
        groups[of_one_kernel(one.kernel_calls[0]) if small and alone else one.functions].append(one)
    code = 0
    for group in groups.values():
        each = {one.functions: one.cost.flash - one.constant_bytes for one in group}
        separate = sum(each.values())
        if len(each) > 1:
            calls = [call for one in group for call in one.kernel_calls]
            separate = min(separate, general_bytes(calls, separate // len(each)))
        code += separate
    return code
