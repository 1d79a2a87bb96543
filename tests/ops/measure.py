"""What each layer of a model takes on an emulated core, counted: kernels' costs rest on it.

python -m tests.ops.measure [--board BOARD] [--for BOARD] [--kernel-set SET] MODEL.tflite...

`--for` names a board whose core the kernels are compiled for where they run on another's: the
Cortex-M0's on qemu-cortex-m3, which has memory enough.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.counting import blocks, cortex_m4
from tests.ops import cores
from tests.ops.cores import Core
from tests.ops.emulated import Model
from tests.ops.harness import Case
from tinygen import boards, passes, tflite
from tinygen.engines.aot import Layer, Program, compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import kernel_sets, named

CORE = Core("qemu-cortex-m4", "-O2")
MAIN = Path(__file__).with_name("measure_main.c")
_FUNCTION = re.compile(r"^TG_LAYER void (\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """What was chosen for a node or several, the instructions that it executes, what they would
    take on a Cortex-M4, and how many of both its kernel set estimated."""

    layers: tuple[Layer, ...]
    """All calls of one candidate."""
    instructions: int
    cycles: int
    """Modelled (see `tests.counting.cortex_m4`); 0 where the code is not a Cortex-M4's."""
    estimate: int
    estimated_cycles: int

    @property
    def layer(self) -> Layer:
        """The last of its calls."""
        return self.layers[-1]


def measure(program: Program, folder: Path, core: Core = CORE) -> list[Measured]:
    """Everything that was chosen for the program, which is built in `folder`."""
    names = _FUNCTION.findall(cores.files(program)["model.c"])
    elf = cores.build(program, core, folder, MAIN)
    code = blocks.Program(elf, core.toolchain)
    out = folder / "blocks"
    counting = blocks.options(code, names, out, core.program)
    cores.until_full_stop(elf, core, folder, *counting)
    counted = zip(program.layers, blocks.calls(code, out), strict=True)
    rows = []
    for _, group in groupby(counted, key=lambda pair: id(pair[0].choice.taken)):
        layers, calls = zip(*group, strict=True)
        cycles = sum(cortex_m4.cycles(code, call.blocks) for call in calls)
        cost = layers[0].choice.taken.cost
        rows.append(
            Measured(
                layers,
                sum(call.instructions for call in calls),
                cycles if core.core is boards.Core.CORTEX_M4 else 0,
                cost.instructions,
                cost.cycles,
            )
        )
    return rows


def measure_cases(cases: Sequence[Case], folder: Path, core: Core = CORE) -> list[Measured]:
    """The kernels of cases, as `measure`."""
    return measure(Model(cases).narrow(), folder, core)


def _beside(counted: int, estimate: int) -> str:
    return f"{counted:12,} ({estimate / max(counted, 1) - 1:+6.1%} estimated)"


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--board", default=CORE.board)
    parser.add_argument("--for", dest="compile_for")
    parser.add_argument("--kernel-set", help="this one and portable; else all that run there")
    parser.add_argument("--optimization", default=CORE.optimization)
    asked = parser.parse_args()
    core = Core(asked.board, asked.optimization, asked.compile_for)
    sets = named((asked.kernel_set, "portable") if asked.kernel_set else kernel_sets(core.target))
    for path in asked.models:
        graph = passes.optimize(passes.simplify(tflite.read(path.read_bytes(), path.stem)))
        with TemporaryDirectory() as folder:
            program = compile_graph(graph, sets, Goal.SPEED, core.core)
            rows = measure(program, Path(folder), core)
        print(f"{path.name}, {core.name}: {sum(row.instructions for row in rows):,} instructions")
        for row in rows:
            kernels = "+".join("/".join(layer.call.kernel) for layer in row.layers)
            print(
                f"  {kernels:34}{_beside(row.instructions, row.estimate)} instructions"
                + f"{_beside(row.cycles, row.estimated_cycles)} cycles" * (row.cycles > 0)
            )


if __name__ == "__main__":
    main()
