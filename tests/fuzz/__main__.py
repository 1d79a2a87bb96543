"""`python -m tests.fuzz [--share N] [--seed N] [--jobs N] [KIND...]`: mutate, run, print a table.

A failing input is made smaller, by leaving out mutations, and kept in build/fuzz.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from tests.fuzz import sandbox
from tests.fuzz.kinds import KINDS, Kind
from tests.fuzz.mutations import Mutation

KEPT = Path("build", "fuzz")
_MOST_KEPT = 25


@dataclass
class Tally:
    """What the inputs of one kind came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    most_bytes: int = 0
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        self.outcomes += other.outcomes
        self.bad += other.bad
        self.most_bytes = max(self.most_bytes, other.most_bytes)
        self.seconds = max(self.seconds, other.seconds)


def steps(kind: Kind, number: int, seed: int) -> tuple[bytes, list[tuple[Mutation, int]]]:
    """Input `number` of a kind: where it starts, and which mutations with which seeds follow."""
    rng = Random(f"{seed}/{kind.name}/{number}")
    start = rng.choice(kind.seeds)
    count = rng.choice((1, 1, 1, 2, 2, 3, 6))
    return start, [(rng.choice(kind.mutations), rng.getrandbits(32)) for _ in range(count)]


def applied(content: bytes, mutations: list[tuple[Mutation, int]]) -> bytes:
    """The mutations one after the other; one that finds the file too damaged does nothing."""
    for mutation, seed in mutations:
        try:
            content = mutation(Random(seed), content)
        except Exception:
            continue
    return content


def fuzz(kind: Kind, numbers: range, seed: int) -> Tally:
    """Run these inputs of a kind, one after the other."""
    tally, started = Tally(), time.monotonic()
    for number in numbers:
        start, mutations = steps(kind, number, seed)
        outcome = sandbox.run(kind.target, applied(start, mutations))
        if outcome.bytes > kind.base_bytes + sandbox.BYTES:
            outcome = sandbox.Outcome("memory", f"{outcome.bytes:,} bytes", outcome.bytes)
        tally.outcomes[outcome.kind] += 1
        tally.most_bytes = max(tally.most_bytes, outcome.bytes)
        if outcome.bad:
            if len(tally.bad) < _MOST_KEPT:
                _keep(kind, number, start, mutations, outcome)
            tally.bad.append(f"{kind.name} {number}: {outcome.kind}: {outcome.detail}")
    tally.seconds = time.monotonic() - started
    return tally


def _keep(
    kind: Kind,
    number: int,
    start: bytes,
    mutations: list[tuple[Mutation, int]],
    outcome: sandbox.Outcome,
) -> None:
    """Leave out each mutation that is not needed to go wrong in the same way; keep the file."""
    for one in list(mutations):
        fewer = [m for m in mutations if m is not one]
        if fewer and sandbox.run(kind.target, applied(start, fewer)).kind == outcome.kind:
            mutations = fewer
    KEPT.mkdir(parents=True, exist_ok=True)
    name = KEPT / f"{kind.name}-{number}"
    name.with_suffix(kind.suffix).write_bytes(applied(start, mutations))
    name.with_suffix(".why").write_text(f"{outcome.kind}: {outcome.detail}\n")


def in_parallel(parts: list[tuple[str, range, int]]) -> Iterator[Tally]:
    """The tallies of these parts, each worked at in a process of its own."""
    context = multiprocessing.get_context("fork")
    answers = []
    for part in parts:
        ours, theirs = context.Pipe(duplex=False)
        context.Process(target=_part, args=(*part, theirs)).start()
        theirs.close()
        answers.append(ours)
    yield from (answer.recv() for answer in answers)


def _part(name: str, numbers: range, seed: int, answer: Connection) -> None:
    answer.send(fuzz(KINDS[name](), numbers, seed))


def main() -> int:
    """The exit code: 1 where anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the whole")
    parser.add_argument("--count", type=int, help="inputs of each kind, instead of its own number")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    totals: dict[str, Tally] = {}
    for name in given.kinds or KINDS:
        count = given.count or max(1, int(KINDS[name].count * given.share))
        end = given.first + count
        size = -(-count // given.jobs)
        parts = [
            (name, range(at, min(at + size, end)), given.seed)
            for at in range(given.first, end, size)
        ]
        total = totals[name] = Tally()
        for tally in in_parallel(parts):
            total.add(tally)
        told = ", ".join(f"{kind} {n:,}" for kind, n in sorted(total.outcomes.items()))
        print(
            f"{name:13} {sum(total.outcomes.values()):6,} inputs: {told}; at most "
            f"{total.most_bytes >> 20} MB, {total.seconds:.0f} s",
            flush=True,
        )
        for line in total.bad[:_MOST_KEPT]:
            print(f"    {line}", flush=True)
    bad = sum(len(total.bad) for total in totals.values())
    print(f"{bad} went wrong" + (f"; they are kept in {KEPT}" if bad else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
