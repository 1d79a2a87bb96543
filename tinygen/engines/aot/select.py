"""Which kernels compute each node: every set is asked, the cheapest answer is taken, all are kept.

Pure, and the same for the same offers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tinygen.engines.aot.answers import Answer, Answers
from tinygen.engines.aot.estimate import NOTHING, total
from tinygen.engines.aot.footprint import Footprints
from tinygen.engines.aot.functions import shares_shapes
from tinygen.engines.aot.goal import Goal, Whole, whole
from tinygen.engines.aot.offers import (
    Candidate,
    Choice,
    Cost,
    Declined,
    KernelSet,
    Offer,
    Site,
)
from tinygen.engines.aot.refusal import check, refusal
from tinygen.errors import UnsupportedModel
from tinygen.ir import Kernel, Lowered

_BESIDE = 0.03
"""So much slower kernels are where those of another set bring the compiler flags of their own."""
_DOUBT = 0.3
"""So much larger code may be than its estimate."""
_LIMITS = 32
"""So many sizes of scratch, or of the arena, are tried, the smallest ones."""
_SLOWER = 0.01
"""Of all cycles: what less scratch may take where most tensors live."""


@dataclass(frozen=True, eq=False)
class _Usable:
    """A candidate that could be taken. Positions: of its nodes in the graph, of its set in the
    order of the sets."""

    set: str
    set_position: int
    covers: tuple[int, ...]
    candidate: Candidate
    ram: int = 0
    """Bytes of the arena that live where it computes."""

    @cached_property
    def kernels(self) -> frozenset[Kernel]:
        return frozenset(call.kernel for call in self.candidate.kernel_calls)

    @cached_property
    def arrays(self) -> Hashable:
        return frozenset(self.candidate.arrays)


@dataclass(frozen=True)
class _Comparison:
    """How candidates for one graph are compared."""

    goal: Goal
    small: bool
    """Whether layers of several shapes share functions: see `functions`."""
    whole: Whole
    sharers: Mapping[Hashable, int]
    """How many nodes could be computed by the same C functions, or with the same constants."""
    flagged: frozenset[str]
    """Sets that have flags of the compiler for all of a firmware."""

    def cost(self, one: _Usable) -> Cost:
        """With its part of the code and of the constants that others share."""
        constants = one.candidate.constant_bytes
        code = -(-(one.candidate.cost.flash - constants) // self.sharers[one.candidate.functions])
        return replace(one.candidate.cost, flash=code - -constants // self.sharers[one.arrays])

    def rank(self, cost: Cost) -> tuple[int, ...]:
        """Of one among several for a node."""
        if self.goal is Goal.BALANCED:
            cost = replace(cost, scratch=0)
        return self.whole.rank(self.goal, cost)

    def together(self, taken: Mapping[int, _Usable]) -> tuple[int, ...]:
        """The rank of all of them."""
        return self.whole.rank(self.goal, self.total(taken))

    def worse(self, taken: Mapping[int, _Usable], alone: Mapping[int, _Usable]) -> bool:
        """Whether what is taken is worse than this all in all, or slower where that is no goal; for
        size also where it is smaller by no more than code may be larger than was estimated."""
        mine, other = self.total(taken), self.total(alone)
        others = [one for one in taken.values() if one.set not in self.flagged]
        beside = self.total(dict(enumerate(others))).cycles if len(others) < len(taken) else 0
        fast = self.goal in (Goal.BALANCED, Goal.SPEED)
        slower = fast and mine.cycles + _BESIDE * beside > other.cycles
        doubt = 0
        if self.goal is Goal.SIZE and mine.flash < other.flash:
            same = {id(one.candidate) for one in alone.values()}
            new = [one.candidate for one in taken.values() if id(one.candidate) not in same]
            doubt = total(new).flash - sum(one.constant_bytes for one in new)
        larger = self.goal is Goal.SIZE and mine.flash + _DOUBT * doubt > other.flash
        return slower or larger or self.together(taken) > self.together(alone)

    def total(self, taken: Mapping[int, _Usable]) -> Cost:
        return total((one.candidate for one in taken.values()), small=self.small)


def select(
    sites: Sequence[Site], sets: Sequence[KernelSet], goal: Goal, answers: Answers | None = None
) -> tuple[Choice, ...]:
    """A choice for each site; the sites are all nodes of one graph, in its order.

    Each node gets its cheapest candidate, of the earlier set where two are equal. Then candidates
    that cover several nodes replace those, the one that saves most first. Where all of that is
    worse than the last set's cheapest ones alone, these are taken. UnsupportedModel when a node is
    left over.
    """
    heard: list[list[Offer]] = [[] for _ in sites]
    errors: dict[int, UnsupportedModel] = {}
    usable = _with_ram(_ask(sites, sets, heard, errors, answers or Answers()), sites)
    flagged = frozenset(there.name for there in sets if there.build_flags)
    comparison = _comparison(sites, usable, goal, flagged)
    taken = _best(usable, comparison)
    last = [one for one in usable if one.set_position == len(sets) - 1]
    alone = _best(last, _comparison(sites, last, goal, flagged))
    if len(alone) == len(sites) and comparison.worse(taken, alone):
        taken = alone
    choices = []
    for at, site in enumerate(sites):
        if at not in taken:
            raise _unsupported(site, errors.get(at), heard[at])
        chosen = taken[at]
        others = tuple(offer for offer in heard[at] if offer.answer is not chosen.candidate)
        portable = alone[at].candidate if at in alone else None
        choices.append(Choice(site.node, chosen.set, chosen.candidate, others, portable))
    return tuple(choices)


def _best(usable: Sequence[_Usable], comparison: _Comparison) -> dict[int, _Usable]:
    """What is taken of these, for each node that one of them covers."""
    best = _within(usable, comparison)
    if comparison.goal is Goal.BALANCED:
        # Scratch is the same bytes for all: what counts is the most, so each limit is tried.
        every = usable
        for limit in sorted({one.candidate.cost.scratch for one in usable})[:_LIMITS]:
            fits = [one for one in every if one.candidate.cost.scratch <= limit]
            other = _within(fits, comparison)
            if len(other) == len(best) and comparison.together(other) < comparison.together(best):
                best, usable = other, fits
    if comparison.goal in (Goal.BALANCED, Goal.SIZE):
        best = _of_fewer_kernels(usable, comparison, best)
    if comparison.goal is Goal.BALANCED:
        best = _in_less_ram(usable, comparison, best)
    return best


def _in_less_ram(
    usable: Sequence[_Usable], comparison: _Comparison, best: dict[int, _Usable]
) -> dict[int, _Usable]:
    """The same with less scratch where most tensors live, if that takes hardly any cycles."""
    affordable = (1 + _SLOWER) * comparison.total(best).cycles
    most = max((one.ram for one in best.values()), default=0)
    limits = sorted({one.ram for one in usable if _least_ram(usable) <= one.ram < most})
    for limit in limits[:_LIMITS]:
        other = {at: one for at, one in best.items() if one.ram <= limit}
        fits = [one for one in usable if one.ram <= limit and other.keys().isdisjoint(one.covers)]
        other |= _within(fits, comparison)
        total = comparison.total(other)
        if len(other) == len(best) and total.cycles <= affordable:
            saved = most - limit
            flash = max(0, total.flash - comparison.total(best).flash)
            if flash * comparison.whole.ram < saved * comparison.whole.flash:
                return other
    return best


def _least_ram(usable: Sequence[_Usable]) -> int:
    """Bytes of the arena that no choice can do without."""
    least: dict[int, int] = {}
    for one in usable:
        for at in one.covers:
            least[at] = min(least.get(at, one.ram), one.ram)
    return max(least.values(), default=0)


def _of_fewer_kernels(
    usable: Sequence[_Usable], comparison: _Comparison, best: dict[int, _Usable]
) -> dict[int, _Usable]:
    """The same without some kernel, or with one wherever it can be, as long as that is better in
    all: what layers save together by sharing code none of them sees alone."""
    better = True
    while better:
        better = False
        for kernel in sorted({kernel for one in usable for kernel in one.kernels}):
            for fewer in (_without(usable, kernel), _only(usable, kernel)):
                other = _within(fewer, comparison)
                if len(other) != len(best):
                    continue
                if comparison.together(other) < comparison.together(best):
                    best, usable, better = other, fewer, True
    return best


def _without(usable: Sequence[_Usable], kernel: Kernel) -> list[_Usable]:
    return [one for one in usable if kernel not in one.kernels]


def _only(usable: Sequence[_Usable], kernel: Kernel) -> list[_Usable]:
    """Where there is a candidate with the kernel, no other."""
    there = {at for one in usable if kernel in one.kernels for at in one.covers}
    return [one for one in usable if kernel in one.kernels or there.isdisjoint(one.covers)]


def _within(usable: Sequence[_Usable], comparison: _Comparison) -> dict[int, _Usable]:
    """What is cheapest for each node, of these."""
    taken = _cheapest(usable, comparison)
    _fuse([one for one in usable if len(one.covers) > 1], taken, comparison)
    return taken


def _comparison(
    sites: Sequence[Site], usable: Sequence[_Usable], goal: Goal, flagged: frozenset[str]
) -> _Comparison:
    shared = {
        (what, one.covers) for one in usable for what in (one.candidate.functions, one.arrays)
    }
    sharers = Counter(what for what, _ in shared)
    small = goal is Goal.SIZE and shares_shapes(sites[0].core) if sites else False
    offered: list[list[Cost]] = [[] for _ in sites]
    none = Whole(1, 1, 1)
    for one in usable:
        if len(one.covers) == 1 and not one.candidate.slow:
            offered[one.covers[0]].append(
                _Comparison(goal, small, none, sharers, flagged).cost(one)
            )
    arena = _least_ram(usable)
    return _Comparison(goal, small, whole(arena, offered) if sites else none, sharers, flagged)


def _cheapest(usable: Iterable[_Usable], comparison: _Comparison) -> dict[int, _Usable]:
    """For each node the cheapest of those that cover it alone, the earlier of equal ones."""
    taken: dict[int, _Usable] = {}
    ranks: dict[int, tuple[tuple[int, ...], int]] = {}
    for one in usable:
        (at, *more) = one.covers
        rank = comparison.rank(comparison.cost(one)), one.set_position
        if not more and (at not in taken or rank < ranks[at]):
            taken[at], ranks[at] = one, rank
    return taken


def _ask(
    sites: Sequence[Site],
    sets: Sequence[KernelSet],
    heard: Sequence[list[Offer]],
    errors: dict[int, UnsupportedModel],
    known: Answers,
) -> list[_Usable]:
    """The candidates that could be taken; `heard` and `errors` get all that is said of a node."""
    positions = {id(site.node): i for i, site in enumerate(sites)}
    usable = []
    for at, site in enumerate(sites):
        if site.given is not None:
            usable.append(_Usable(sets[-1].name, len(sets) - 1, (at,), site.given))
            continue
        for set_position, kernel_set in enumerate(sets):
            answers: list[Answer]
            try:
                if site.of_16_bits and not kernel_set.of_16_bits:
                    answers = [Declined("its kernels are for int8")]
                else:
                    answers = known.of(kernel_set, site)
            except UnsupportedModel as error:
                errors[at] = error
                answers = [Declined(error.what)]
            for answer in answers:
                if isinstance(answer, Declined):
                    heard[at].append(Offer(kernel_set.name, answer))
                    continue
                covers = tuple(sorted(positions[id(node)] for node in answer.nodes))
                if at not in covers:
                    raise ValueError(f"{kernel_set.name} answers for a node that was not asked for")
                check(answer, kernel_set.name, site)
                why_not = refusal(answer, covers, sites)
                for covered in covers:
                    said = Declined(why_not) if why_not else answer
                    heard[covered].append(Offer(kernel_set.name, said))
                if not why_not:
                    usable.append(_Usable(kernel_set.name, set_position, covers, answer))
    return usable


def _with_ram(usable: list[_Usable], sites: Sequence[Site]) -> list[_Usable]:
    """The candidates with the bytes of the arena that live where they compute."""
    some: dict[int, Lowered] = {}
    for one in usable:
        if len(one.covers) == 1:
            some.setdefault(one.covers[0], one.candidate.calls)
    if not sites:
        return usable
    feet = Footprints(sites[0].graph, [some.get(at, ()) for at in range(len(sites))])
    return [replace(one, ram=feet.of(one.candidate, one.covers)) for one in usable]


def _fuse(fused: Sequence[_Usable], taken: dict[int, _Usable], comparison: _Comparison) -> None:
    """Take what covers several nodes where that costs less than what is taken, or no more and is
    of an earlier set; what is needed for a node that nothing else covers comes first."""
    singles = dict(taken)

    def saving(one: _Usable) -> tuple[int, ...]:
        alone = [comparison.cost(singles[at]) for at in one.covers if at in singles]
        missing = len(one.covers) - len(alone)
        before = comparison.rank(sum(alone, NOTHING)) if alone else (0, 0, 0)
        after = comparison.rank(comparison.cost(one))
        return missing, *(b - a for b, a in zip(before, after, strict=True))

    for one in sorted(fused, key=lambda one: (*(-s for s in saving(one)), one.set_position)):
        earlier = all(
            one.set_position < singles[at].set_position for at in one.covers if at in singles
        )
        pays = saving(one) > (0, 0, 0, 0) or (saving(one) == (0, 0, 0, 0) and earlier)
        if pays and all(taken.get(at) is singles.get(at) for at in one.covers):
            taken.update(dict.fromkeys(one.covers, one))


def _unsupported(
    site: Site, error: UnsupportedModel | None, heard: Sequence[Offer]
) -> UnsupportedModel:
    """Nobody computes the node: the error of the operator itself, or what the sets said."""
    where = f"{site.node.op.kind} (output '{site.io.outputs[0].name}')"
    if error is not None:
        raised = UnsupportedModel(
            f"{where}: {error.what}", why=error.why, next_step=error.next_step
        )
        raised.__cause__ = error
        return raised
    said = (f"{o.set}: {o.answer.why}" for o in heard if isinstance(o.answer, Declined))
    return UnsupportedModel(f"no kernel set has a kernel for {where}", why="; ".join(said))
