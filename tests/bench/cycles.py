"""What one inference of a firmware executes, function by function, and modelled Cortex-M4 cycles.

python -m tests.bench.cycles MODEL BOARD [--engine aot] [--kernel-set portable]
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tinygen
from tests.counting import blocks, cortex_m4
from tests.counting.blocks import Call
from tinygen.boards import Board, Core, Qemu, get_board
from tinygen.devices import qemu
from tinygen.devices.link import Session, open_transport
from tinygen.project.folder import VECTORS as VECTORS_FILE
from tinygen.proof.vectors import Vectors

VECTORS = 3
"""Inferences that are counted; they differ in little."""
MODELLED = frozenset({Core.CORTEX_M4})
_SECONDS = 300


@dataclass(frozen=True)
class Function:
    """What a function executed of its own in one inference."""

    name: str
    instructions: int
    cycles: int


@dataclass(frozen=True)
class Counted:
    """The mean of one inference. Cycles are modelled, for a Cortex-M4 only."""

    instructions: int
    cycles: int | None
    functions: tuple[Function, ...]
    """The dearest first."""


def count(project: Path, elf: Path, board: Board) -> Counted:
    """Run the project's first vectors, which have to MATCH, and count."""
    assert isinstance(board.device, Qemu)
    assert board.toolchain is not None
    program = blocks.Program(elf, board.toolchain.prefix)
    vectors = Vectors.from_bytes((project / VECTORS_FILE).read_bytes())
    with tempfile.TemporaryDirectory(prefix="tinygen-cycles-") as folder:
        out = Path(folder) / "blocks"
        options = blocks.options(program, ["model_invoke"], out)
        with (
            _emulator(board.device, elf, options) as url,
            Session(open_transport(url, board.serial.baud)) as session,
        ):
            session.hello()
            for index in range(min(VECTORS, len(vectors))):
                answer = session.infer([value[index].tobytes() for value in vectors.inputs])
                expected = [value[index].tobytes() for value in vectors.expected]
                assert list(answer.outputs) == expected, f"vector {index} does not match"
        calls = blocks.calls(program, out)
    assert calls, f"{board.id}: its emulator does not count"  # an AVR's
    return _mean(program, calls, modelled=board.core in MODELLED)


def _mean(program: blocks.Program, calls: list[Call], *, modelled: bool) -> Counted:
    functions: dict[str, list[int]] = {}
    for call in calls:
        for name, own in program.by_function(call.blocks).items():
            sums = functions.setdefault(name, [0, 0])
            sums[0] += sum(b.size * b.times for b in own)
            sums[1] += cortex_m4.cycles(program, own) if modelled else 0
    rows = [Function(name, n // len(calls), c // len(calls)) for name, (n, c) in functions.items()]
    return Counted(
        instructions=sum(call.instructions for call in calls) // len(calls),
        cycles=sum(c for _, c in functions.values()) // len(calls) if modelled else None,
        functions=tuple(sorted(rows, key=lambda f: -f.instructions)),
    )


@contextmanager
def _emulator(device: Qemu, elf: Path, options: tuple[str, ...]) -> Iterator[str]:
    """The firmware in QEMU with these options more; the URL of its serial port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        command = [device.program, *qemu.arguments(device, elf, listener.fileno()), *options]
        silent = subprocess.DEVNULL
        with subprocess.Popen(command, pass_fds=[listener.fileno()], stderr=silent) as process:
            try:
                yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                process.terminate()
                process.wait(_SECONDS)


def main() -> None:
    """Build the model, count, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("board")
    parser.add_argument("--engine")
    parser.add_argument("--kernel-set")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinygen-cycles-") as folder:
        built = tinygen.build(
            asked.model,
            board=asked.board,
            engine=asked.engine,
            kernel_set=asked.kernel_set,
            out=Path(folder) / "project",
        )
        counted = count(built.generated.project, built.elf, get_board(asked.board))
    print(f"{'instructions':>14}{'M4 cycles':>14}")
    for row in (*counted.functions, Function("in all", counted.instructions, counted.cycles or 0)):
        cycles = f"{row.cycles:,}" if counted.cycles else "-"
        print(f"{row.instructions:14,}{cycles:>14}  {row.name}")


if __name__ == "__main__":
    main()
