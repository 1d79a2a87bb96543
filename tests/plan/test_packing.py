"""Packing: as small as any packing, where the exact search can be held against every one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.plan import ALIGNMENT, Buffer, Reach
from tinygen.plan.exact import Answer, fitting
from tinygen.plan.packing import pack


@st.composite
def buffers(draw: st.DrawFn, most: int = 4) -> tuple[list[Buffer], tuple[Reach, ...]]:
    """Some buffers, of which those that are written when another is read last may reach into it."""
    count = draw(st.integers(1, most))
    found = []
    for _ in range(count):
        first = draw(st.integers(0, 4))
        last = draw(st.integers(first, 5))
        found.append(Buffer({}, ALIGNMENT * draw(st.integers(1, 3)), first, last))
    reaches: list[Reach] = []
    for i, j in itertools.permutations(range(count), 2):
        if found[i].last == found[j].first and draw(st.booleans()):
            exact = draw(st.booleans())
            distance = 0 if exact else ALIGNMENT * draw(st.integers(0, 3))
            if not any((r.reader, r.writer) == (j, i) for r in reaches):
                reaches.append(Reach(i, j, found[i].last, distance, exact))
    return found, tuple(reaches)


def allowed(
    offsets: Sequence[int], given_buffers: Sequence[Buffer], reaches: Sequence[Reach]
) -> bool:
    """Whether whoever lives together lies apart, or as a reach allows."""
    reach_of = {(r.reader, r.writer): r for r in reaches}
    for i, j in itertools.combinations(range(len(offsets)), 2):
        a, b = given_buffers[i], given_buffers[j]
        apart = offsets[i] + a.nbytes <= offsets[j] or offsets[j] + b.nbytes <= offsets[i]
        if apart or a.last < b.first or b.last < a.first:
            continue
        for reader, writer in ((i, j), (j, i)):
            reach = reach_of.get((reader, writer))
            if reach is not None:
                below = offsets[reader] - offsets[writer]
                if below == 0 if reach.exact else below >= reach.distance:
                    break
        else:
            return False
    return True


@settings(max_examples=200, deadline=None)
@given(buffers())
def test_no_packing_is_smaller(case: tuple[list[Buffer], tuple[Reach, ...]]) -> None:
    found, reaches = case
    packing = pack(found, reaches, max(b.nbytes for b in found))
    assert allowed(packing.offsets, found, reaches)
    top = max(o + b.nbytes for o, b in zip(packing.offsets, found, strict=True))
    assert packing.bound == top
    smaller = (range(0, top - ALIGNMENT - b.nbytes + 1, ALIGNMENT) for b in found)
    assert not any(allowed(offsets, found, reaches) for offsets in itertools.product(*smaller))


@settings(max_examples=60, deadline=None)
@given(buffers(most=25))
def test_a_packing_is_allowed_and_its_bound_is_none_too_high(
    case: tuple[list[Buffer], tuple[Reach, ...]],
) -> None:
    found, reaches = case
    packing = pack(found, reaches, max(b.nbytes for b in found))
    assert allowed(packing.offsets, found, reaches)
    top = max(o + b.nbytes for o, b in zip(packing.offsets, found, strict=True))
    assert packing.bound <= top


@pytest.mark.parametrize(("budget", "answer"), [(10_000, Answer.IMPOSSIBLE), (3, Answer.UNKNOWN)])
def test_what_the_search_has_not_looked_at_is_not_known(budget: int, answer: Answer) -> None:
    """Six buffers that all live at once, in a byte less than they take."""
    conflicts = [[(j, -8, 8) for j in range(6) if j != i] for i in range(6)]
    assert fitting([8] * 6, conflicts, 47, budget) is answer
    assert isinstance(fitting([8] * 6, conflicts, 48, 10_000), list)
