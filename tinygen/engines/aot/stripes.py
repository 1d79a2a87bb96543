"""Which layers are computed in stripes of rows: where that makes the arena smaller for few cycles.

Each run of layers that could be is priced by what the whole program's layers take, as they are. For
each size that the arena could have, the cheapest runs are found that keep every layer below it; the
sizes that look best are then compiled, and the best of what came out is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tinygen.engines.aot.goal import FLASH_AROUND, RAM_AROUND, Goal, Whole
from tinygen.engines.aot.offers import Cost
from tinygen.engines.aot.program import Program
from tinygen.ir import Graph, Node, TensorId
from tinygen.passes.stripes import Rows, Run, Stripes, in_stripes, run_of

Compile = Callable[[Graph, bool], Program]
"""Thoroughly or quickly."""

PRICE = {Goal.BALANCED: 0.05, Goal.RAM: 1.0}
"""Of all cycles: what rows that are computed twice may take at the most. They take flash too, which
is not given for a smaller arena where size is asked for."""
_COUNTS = (2, 3, 4, 6, 8, 12, 16, 24)
"""So many stripes are tried."""
_LONGEST = 8
"""Layers of a run."""
_SIZES = 16
"""So many sizes of the arena, down to `_LEAST` of what it is."""
_LEAST = 0.2
_COMPILED = 3
_WORTH = 0.02
"""Of the arena: what stripes have to save."""


def in_stripes_where_it_pays(program: Program, goal: Goal, compiled: Compile) -> Program:
    """The program, or one of the same meaning that computes some layers in stripes."""
    if goal not in PRICE or not program.layers:
        return program
    comparison = _Comparison(program, goal)
    best = program
    for ways in _Ways(program, comparison).best():
        graph = program.graph
        for stripes in sorted(ways, key=lambda one: -one.first):
            graph = in_stripes(graph, stripes)
        tried = replace(compiled(graph, False), stripes=ways, plain=program)
        if comparison.better(tried, best):
            best = tried
    if best is program:
        return program
    thorough = compiled(best.graph, True)
    order = program.arena_in_given_order
    return replace(thorough, stripes=best.stripes, plain=program, arena_in_given_order=order)


@dataclass(frozen=True, eq=False)
class _Comparison:
    """How programs are compared: by cycles, flash and arena, as parts of the plain one's."""

    plain: Program
    goal: Goal

    @cached_property
    def _whole(self) -> Whole:
        cost = self.plain.estimate
        ram = RAM_AROUND + self.plain.plan.arena_bytes
        return Whole(max(1, cost.cycles), FLASH_AROUND + cost.flash, ram)

    def rank(self, cycles: int, flash: int, arena: int) -> tuple[int, ...]:
        """The less the better."""
        goal = Goal.RAM if self.goal is Goal.RAM else Goal.BALANCED
        return self._whole.rank(goal, Cost(0, cycles, flash, arena))

    def affordable(self, cycles: int) -> bool:
        return cycles <= (1 + PRICE[self.goal]) * self._whole.cycles

    def better(self, one: Program, other: Program) -> bool:
        smaller = one.plan.arena_bytes <= (1 - _WORTH) * self.plain.plan.arena_bytes
        costs = (
            self.rank(each.estimate.cycles, each.estimate.flash, each.plan.arena_bytes)
            for each in (one, other)
        )
        return smaller and self.affordable(one.estimate.cycles) and next(costs) < next(costs)


@dataclass(frozen=True)
class _Way:
    """One run in stripes, estimated."""

    stripes: Stripes
    live: int
    """The most bytes that are needed at once, at any of its layers."""
    cycles: int
    """More than without stripes."""
    flash: int
    """Of the functions for other shapes."""

    def covers(self, at: int) -> bool:
        return self.stripes.first <= at <= self.stripes.last


class _Ways:
    """What could be done to the program's graph."""

    def __init__(self, program: Program, comparison: _Comparison) -> None:
        self._comparison = comparison
        self._layers = _Layers(program)
        self._peak = max(self._layers.live)
        self._ways = [way for way in self._every() if way.live < self._peak]

    def best(self) -> list[tuple[Stripes, ...]]:
        """The most promising ones, without what is the same."""
        found: dict[tuple[Stripes, ...], tuple[int, ...]] = {}
        estimate = self._comparison.plain.estimate
        arena = self._comparison.plain.plan.arena_bytes
        for number in range(1, _SIZES + 1):
            size = round(self._peak * (1 - (1 - _LEAST) * number / _SIZES))
            taken = self._below(size)
            if taken is None:
                break
            cycles = estimate.cycles + sum(way.cycles for way in taken)
            flash = estimate.flash + sum(way.flash for way in taken)
            left = (b for at, b in enumerate(self._layers.live) if not _covered(taken, at))
            most = max((*left, *(way.live for way in taken)), default=0)
            rank = self._comparison.rank(cycles, flash, arena + most - self._peak)
            if self._comparison.affordable(cycles):
                found.setdefault(tuple(way.stripes for way in taken), rank)
        return sorted(found, key=lambda ways: found[ways])[:_COMPILED]

    def _below(self, size: int) -> list[_Way] | None:
        """The cheapest ways that keep every layer below this size, if there are any."""
        taken: list[_Way] = []
        for at, live in enumerate(self._layers.live):
            if live <= size or _covered(taken, at):
                continue
            last = taken[-1].stripes.last if taken else -1
            able = (
                way
                for way in self._ways
                if way.covers(at) and way.live <= size and way.stripes.first > last
            )
            best = min(able, key=self._price, default=None)
            if best is None:
                return None
            taken.append(best)
        return taken

    def _price(self, way: _Way) -> tuple[int, ...]:
        return *self._comparison.rank(way.cycles, way.flash, 0), -way.stripes.last

    def _every(self) -> Iterator[_Way]:
        layers = self._layers
        for first in range(len(layers.graph.nodes)):
            for last in range(first, min(first + _LONGEST, len(layers.graph.nodes))):
                if max(layers.live[first : last + 1]) <= _LEAST * self._peak:
                    continue
                run = run_of(layers.graph, first, last)
                if run is None:
                    continue
                counts = {-(-run.height // count): count for count in _COUNTS}
                for rows in (rows for rows in counts if rows < run.height):
                    yield layers.way(run, Stripes(first, last, rows))


def _covered(ways: Sequence[_Way], at: int) -> bool:
    return any(way.covers(at) for way in ways)


class _Layers:
    """What the layers of a program take, by the position of their nodes."""

    def __init__(self, program: Program) -> None:
        self.graph = program.graph
        positions = {id(node): at for at, node in enumerate(self.graph.nodes)}
        self.live = [0] * len(positions)
        self._scratch = [0] * len(positions)
        self._taken = [choice.taken for choice in program.choices]
        for layer in program.layers:
            at = positions.get(id(layer.node))
            if at is not None:
                self.live[at] = max(self.live[at], program.plan.live_bytes[layer.index])
                self._scratch[at] = max(self._scratch[at], layer.call.scratch_bytes)
        self._born = {t: at for at, node in enumerate(self.graph.nodes) for t in node.outputs}
        self._read = {t: at for at, node in enumerate(self.graph.nodes) for t in node.inputs}
        kept = (*self.graph.outputs, *(state.written for state in self.graph.states))
        self._read.update(dict.fromkeys(kept, len(positions)))

    def way(self, run: Run, stripes: Stripes) -> _Way:
        """The run, in such stripes."""
        parts = list(run.parts(stripes.rows))
        needed = [run.needed(part) for part in parts]
        cycles, flash = 0.0, 0
        for at, node in enumerate(run.nodes, start=stripes.first):
            image = node.outputs[0]
            rows = [each[image] for each in needed]
            heights = [stop - start for start, stop in rows]
            under = [tuple(b - a for a, b in run.read(node, each).values()) for each in rows]
            one = self._taken[at]
            again = sum(heights) / self.graph.tensors[image].shape[1] - 1
            cycles += again * one.cost.cycles
            shapes = len(set(zip(heights, under, strict=True)))
            flash += (shapes - 1) * (one.cost.flash - one.constant_bytes)
        around = self._around(run, stripes)
        looked_at = sorted({0, 1, len(parts) // 2, len(parts) - 1})
        live = max(self._at(run, stripes, needed, number) for number in looked_at)
        return _Way(stripes, around + live, round(cycles), flash)

    def _around(self, run: Run, stripes: Stripes) -> int:
        """Bytes that live while the run is computed, of tensors that it does not touch."""
        touched = {t for node in run.nodes for t in (*node.inputs, *node.outputs)}
        return sum(
            tensor.nbytes
            for i, tensor in self.graph.tensors.items()
            if not tensor.constant
            and i not in touched
            and self._born.get(i, -1) < stripes.first
            and self._read.get(i, -1) > stripes.last
        )

    def _at(
        self, run: Run, stripes: Stripes, needed: Sequence[dict[TensorId, Rows]], number: int
    ) -> int:
        """The most bytes of the run's tensors at any layer of this stripe."""
        rows = needed[number]
        written = {node.outputs[0] for node in run.nodes}
        held = 0
        for image in rows.keys() - written:
            kept = self._read[image] > stripes.last
            used_up = 0 if kept else rows[image][0]
            held += (self.graph.tensors[image].shape[1] - used_up) * self._row(image)
        held += rows[run.output.id][0] * self._row(run.output.id)
        most = 0
        for at, node in enumerate(run.nodes):
            living = {
                t
                for t in written
                if self._born[t] <= stripes.first + at
                and (self._read[t] >= stripes.first + at or t == run.output.id)
            }
            size = sum(self._bytes(t, rows[t]) for t in living)
            shared = self._shared(stripes.first + at, node, rows)
            most = max(most, held + size + self._scratch[stripes.first + at] - shared)
        return most

    def _shared(self, at: int, node: Node, rows: dict[TensorId, Rows]) -> int:
        """Bytes of a stripe that the kernel's output shares with its input: all but as many as in
        the whole image."""
        source, target = node.inputs[0], node.outputs[0]
        if self.graph.tensors[source].constant or self._read.get(source, -1) != at:
            return 0
        both = (self.graph.tensors[source].nbytes, self.graph.tensors[target].nbytes)
        apart = max(0, self.live[at] - self._scratch[at] - max(both))
        here = min(self._bytes(source, rows[source]), self._bytes(target, rows[target]))
        return max(0, here - apart)

    def _bytes(self, image: TensorId, rows: Rows) -> int:
        return (rows[1] - rows[0]) * self._row(image)

    def _row(self, image: TensorId) -> int:
        tensor = self.graph.tensors[image]
        return tensor.nbytes // tensor.shape[1]
