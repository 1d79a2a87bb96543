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

from tests.ops import cores
from tests.ops.cores import Core
from tests.ops.emulated import Model
from tests.ops.harness import Case
from tinygen import passes, tflite
from tinygen.engines.aot import Layer, Program, compile_graph
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.engines.aot.offers import Goal

CORE = Core("qemu-cortex-m4", "-O2")
MAIN = Path(__file__).with_name("measure_main.c")
_SHIFT = 6
"""An instruction takes 2^6 ns of emulated time, more than a tick: so none is missed."""
_FUNCTION = re.compile(r"^TG_LAYER void (layer_\w+)\(void\)", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """What was chosen for a node or several, the instructions that it executes, and how many its
    kernel set estimated."""

    layers: tuple[Layer, ...]
    """All calls of one candidate."""
    instructions: int
    estimate: int

    @property
    def layer(self) -> Layer:
        """The last of its calls."""
        return self.layers[-1]


def measure(program: Program, folder: Path, core: Core = CORE) -> list[Measured]:
    """Everything that was chosen for the program, which is built in `folder`."""
    names = _FUNCTION.findall(cores.files(program)["model.c"])
    layers = " ".join(f"TICK({name})" for name in names)
    flags = (f"-DLAYERS={layers}", f"-DLAYER_COUNT={len(names)}")
    elf = cores.build(program, core, folder, MAIN, flags=flags)
    said = cores.listen(elf, core, folder, "-icount", f"shift={_SHIFT},align=off,sleep=off")
    nothing, *ticks = (int(line, 16) for line in said)
    nanoseconds = (1_000_000_000 * (each - nothing) // core.emulator.clock_hz for each in ticks)
    counted = zip(program.layers, (each >> _SHIFT for each in nanoseconds), strict=True)
    rows = []
    for _, group in groupby(counted, key=lambda pair: id(pair[0].choice.taken)):
        calls, instructions = zip(*group, strict=True)
        estimate = calls[0].choice.taken.cost.instructions
        rows.append(Measured(calls, sum(instructions), estimate))
    return rows


def measure_cases(cases: Sequence[Case], folder: Path, core: Core = CORE) -> list[Measured]:
    """The kernels of cases, as `measure`."""
    return measure(Model(cases).narrow(), folder, core)


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
            off = row.estimate / max(row.instructions, 1) - 1
            print(f"  {kernels:34}{row.instructions:12,}  estimated {row.estimate:12,} {off:+7.1%}")


if __name__ == "__main__":
    main()
