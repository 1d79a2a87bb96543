"""What each layer of a model takes on the emulated Cortex-M4, counted: kernels' costs rest on it.

python -m tests.ops.measure MODEL.tflite...
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.ops import cores
from tests.ops.cores import Core
from tests.ops.emulated import Model
from tests.ops.harness import Case
from tinygen import passes, tflite
from tinygen.engines.aot import Layer, Program, compile_graph
from tinygen.engines.aot.kernel_sets.portable import cost

CORE = Core("qemu-cortex-m4", "-O2")
MAIN = Path(__file__).with_name("measure_main.c")
_SHIFT = 6
"""An instruction takes 2^6 ns of emulated time, more than a tick: so none is missed."""
_FUNCTION = re.compile(r"^TG_LAYER void (layer_\w+)\(void\)", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """A layer, the instructions that it executes, and what its kernel's set says of it."""

    layer: Layer
    instructions: int
    estimate: int


def measure(program: Program, folder: Path) -> list[Measured]:
    """Every layer of the program, which is built in `folder`."""
    names = _FUNCTION.findall(cores.files(program)["model.c"])
    layers = " ".join(f"TICK({name})" for name in names)
    elf = cores.build(program, CORE, folder, MAIN, flags=(f"-DLAYERS={layers}",))
    cores.run(elf, CORE, folder, "-icount", f"shift={_SHIFT},align=off,sleep=off")
    ticks = np.fromfile(folder / "ticks.out", np.uint64).astype(np.int64)
    nanoseconds = (ticks[1:] - ticks[0]) * (1_000_000_000 // CORE.emulator.clock_hz)
    counted = (nanoseconds >> _SHIFT).tolist()
    return [
        Measured(layer, instructions, cost(layer.call, program.graph.tensors).instructions)
        for layer, instructions in zip(program.layers, counted, strict=True)
    ]


def measure_cases(cases: list[Case], folder: Path) -> list[Measured]:
    """The kernels of cases, as `measure`."""
    return measure(Model(cases).narrow(), folder)


def main() -> None:
    """Print a table for each model."""
    for path in map(Path, sys.argv[1:]):
        graph = passes.simplify(tflite.read(path.read_bytes(), path.stem))
        with TemporaryDirectory() as folder:
            rows = measure(compile_graph(graph), Path(folder))
        print(f"{path.name}: {sum(row.instructions for row in rows):,} instructions")
        for row in rows:
            kernel = row.layer.call.kernel.name
            print(f"  {kernel:20}{row.instructions:12,}  estimated {row.estimate:12,}")


if __name__ == "__main__":
    main()
