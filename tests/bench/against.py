"""Whether a model is slower or larger with all kernel sets than with `portable` alone.

python -m tests.bench.against [WORD...]    models and boards whose names have all words; a table

Instructions are counted in QEMU and flash is that of a linked program, nothing is estimated.
`speed` has to be no slower, `size` no larger, `balanced` no slower, and no larger either where it
is not faster by more than it is larger.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import models
from tests.counting import blocks
from tests.ops import cores
from tests.ops.cores import Core
from tests.ops.measure import MAIN
from tinygen.boards import Linux, get_board
from tinygen.engines.aot import Program, compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.ir import Graph
from tinygen.pio.elf import sizes

BOARDS = (*(f"qemu-cortex-{core}" for core in ("m4", "m7", "m33", "m55")), "qemu-aarch64")
"""Those with kernel sets beside `portable`."""
GOALS = (Goal.SPEED, Goal.BALANCED, Goal.SIZE)


@dataclass(frozen=True)
class Takes:
    """What a program takes: instructions of one inference, bytes of flash with all around it."""

    instructions: int
    flash: int


@dataclass(frozen=True)
class Pair:
    """A model on a board, with all kernel sets and with `portable` alone."""

    model: str
    board: str
    goal: Goal
    mine: Takes
    portable: Takes

    @property
    def worse(self) -> bool:
        """Whether what the goal asks for is not so."""
        slower = self.mine.instructions > self.portable.instructions
        larger = self.mine.flash > self.portable.flash
        if self.goal is Goal.SPEED:
            return slower
        if self.goal is Goal.SIZE:
            return larger
        of_both = self.mine.instructions * self.mine.flash
        return slower or (larger and of_both >= self.portable.instructions * self.portable.flash)

    def __str__(self) -> str:
        each = zip(
            ("instructions", "flash"),
            (self.mine.instructions, self.mine.flash),
            (self.portable.instructions, self.portable.flash),
            strict=True,
        )
        said = (f"{name} {a:,} of {b:,} ({a / max(b, 1) - 1:+.1%})" for name, a, b in each)
        worse = "  WORSE" if self.worse else ""
        return f"{self.model:32} {self.board:16} {self.goal.value:9} {', '.join(said)}{worse}"


def pair(name: str, graph: Graph, board: str, goal: Goal) -> Pair:
    """Both, built and counted."""
    every = named(kernel_sets(get_board(board)))
    fast = "-O3" if isinstance(get_board(board).device, Linux) else "-O2"
    core = Core(board, "-Os" if goal is Goal.SIZE else fast)
    chosen, alone = (compile_graph(graph, sets, goal, core.core) for sets in (every, every[-1:]))
    mine = _takes(chosen, core)
    same = cores.files(chosen) == cores.files(alone)
    return Pair(name, board, goal, mine, mine if same else _takes(alone, core))


def _takes(program: Program, core: Core) -> Takes:
    with TemporaryDirectory(prefix="tinygen-against-") as name:
        folder = Path(name)
        elf = cores.build(program, core, folder, MAIN)
        code, out = blocks.Program(elf, core.toolchain), folder / "blocks"
        cores.until_full_stop(elf, core, folder, *blocks.options(code, ["model_invoke"], out))
        (call,) = blocks.calls(code, out)
        return Takes(call.instructions, sizes(elf).flash)


def pairs(words: list[str]) -> Iterator[Pair]:
    """Of all models and boards that have these words."""
    for name, graph in models.every():
        for board in BOARDS:
            if all(word in f"{name} {board}" for word in words):
                yield from (pair(name, graph, board, goal) for goal in GOALS)


def main(words: list[str]) -> None:
    """Print every pair that is worse, and how many there are."""
    count = worse = 0
    for one in pairs(words):
        count, worse = count + 1, worse + one.worse
        print(one, flush=True)
    sys.exit(f"{worse} of {count} are worse than with portable alone" if worse else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
