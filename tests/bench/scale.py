"""What a build takes as models grow: CPU seconds and memory of tinygen and of the compiler.

python -m tests.bench.scale [BOARD]

A benchmark, no test: figures depend on the machine. Models are chains that are made here; what is
measured is all between a graph and an object file.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.ops.cores import KERNELS, Core, files
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.engines.aot.make import build_flags
from tinygen.ir import DType, Graph, Node, Quant, Shape, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.spatial import Padding

BOARD = "qemu-cortex-m4"
FLAGS = (
    "-std=c11",
    "-O2",
    "-g",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-c",
)

_LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True)
class Chain:
    """Layers one behind the other."""

    name: str
    shapes: tuple[Shape, ...]
    """Of the tensors: vectors, or images that 3x3 convolutions keep the size of."""

    def graph(self) -> Graph:
        rng = np.random.default_rng(0)
        tensors: dict[int, Tensor] = {}
        nodes = []

        def tensor(shape: Shape, quant: Quant, dtype: DType, *, constant: bool) -> int:
            low, high = (-1000, 1000) if dtype is DType.INT32 else (-127, 127)
            data = rng.integers(low, high, shape).astype(dtype.numpy) if constant else None
            number = len(tensors)
            tensors[number] = Tensor(number, f"t{number}", shape, dtype, quant, data)
            return number

        at = first = tensor(self.shapes[0], Quant((0.05,), (3,)), DType.INT8, constant=False)
        for source, target in zip(self.shapes, self.shapes[1:], strict=False):
            image = len(source) == 4
            size = (target[-1], 3, 3, source[-1]) if image else (target[-1], source[-1])
            scales = tuple(float(s) for s in rng.uniform(0.001, 0.002, target[-1]).astype("f4"))
            weights = tensor(size, Quant(scales, (0,) * len(scales)), DType.INT8, constant=True)
            biases = Quant(tuple(0.05 * s for s in scales), (0,) * len(scales))
            bias = tensor((target[-1],), biases, DType.INT32, constant=True)
            op = (
                Conv2D(Padding.SAME, 1, 1, activation=Activation.RELU)
                if image
                else FullyConnected(Activation.RELU)
            )
            after = tensor(target, Quant((0.05,), (-128,)), DType.INT8, constant=False)
            nodes.append(Node(op, (at, weights, bias), (after,)))
            at = after
        return Graph(self.name, tensors, tuple(nodes), (first,), (at,))


CHAINS = (
    Chain("nothing", ((1, 4), (1, 4))),
    Chain("10 MB of weights in 40 layers", ((1, 512), *((1, 512),) * 40)),
    Chain("10 MB of weights in one layer", ((1, 2500), (1, 4000))),
    Chain("1,000 equal layers", ((1, 4, 4, 8), *((1, 4, 4, 8),) * 1000)),
    Chain("1,000 layers of 20 shapes", tuple((1, 4, 4, 4 + 4 * (i % 5)) for i in range(1001))),
)


def make(chain: Chain, folder: Path, board: str) -> tuple[str, ...]:
    """The chain's C files in `folder`; the compiler's flags."""
    core = Core(board, "-O2")
    sets = named(kernel_sets(core.target))
    program = compile_graph(chain.graph(), sets, core=core.core)
    for name, text in files(program).items():
        (folder / name).write_text(text, "ascii")
    return build_flags(program, core.target)


def used(command: list[str]) -> tuple[float, int]:
    """CPU seconds and KB of a command and what it starts; by a small process, because a child's
    peak is at least what its parent has."""
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    done = subprocess.run(launcher, capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes)


def main(arguments: list[str]) -> None:
    """A table. Each chain in a process of its own, whose peak of memory is then its own too."""
    if arguments[:1] == ["--one"]:
        one(int(arguments[1]), arguments[2])
        return
    board = arguments[0] if arguments else BOARD
    print(f"{'':36}{'tinygen':>18}{'weights.c':>18}{'model.c':>18}")
    for number, chain in enumerate(CHAINS):
        command = [sys.executable, "-m", "tests.bench.scale", "--one", str(number), board]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        columns = [f"{s:7.1f} s {kb // 1024:5} MB" for s, kb in json.loads(said)]
        print(f"{chain.name:36}" + "".join(f"{column:>18}" for column in columns))


def one(number: int, board: str) -> None:
    """What one chain takes, as JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resource.getrusage(resource.RUSAGE_SELF)
        flags = make(CHAINS[number], folder, board)
        after = resource.getrusage(resource.RUSAGE_SELF)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        gcc = [*Core(board, "-O2").gcc, *FLAGS, *flags, f"-I{KERNELS}", f"-I{folder}"]
        rows = [(own, after.ru_maxrss)]
        for pattern in ("weights*.c", "model.c"):
            sources = sorted(folder.glob(pattern))
            each = [used([*gcc, str(s), "-o", str(s.with_suffix(".o"))]) for s in sources]
            rows.append((sum(seconds for seconds, _ in each), max(kb for _, kb in each)))
        print(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
