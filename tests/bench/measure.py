"""Builds a case, runs all of its vectors in QEMU or as a process, and says what it took."""

from __future__ import annotations

import subprocess
from pathlib import Path

import tinygen
from tests.bench import cycles
from tests.bench.matrix import CHOSEN, Case, Row
from tinygen.boards import get_board


def measure(case: Case, folder: Path) -> Row:
    """The row of a case, from a project in `folder`."""
    built = tinygen.build(
        case.file,
        board=case.board,
        engine=case.engine,
        kernel_set=None if case.kernel_set == CHOSEN else case.kernel_set,
        optimize=case.optimize,
        out=folder / case.id,
    )
    board = get_board(case.board)
    try:
        result = tinygen.verify(built.generated.project)
    finally:
        tinygen.stop(built.generated.project)
    return Row(
        case=case,
        verdict=result.verdict.value,
        vectors=result.vectors,
        instructions=result.instructions,
        cycles=(
            cycles.count(built.generated.project, built.elf, board).cycles
            if board.core in cycles.MODELLED
            else None
        ),
        flash_code=built.sizes.flash - built.generated.constant_bytes,
        flash_constants=built.generated.constant_bytes,
        ram=built.sizes.ram,
        arena=built.generated.arena_bytes,
        stack=result.stack_used_bytes,
    )


def compiler(board_id: str) -> str:
    """The board's compiler as it names itself: figures hold for that one."""
    toolchain = get_board(board_id).toolchain
    assert toolchain is not None
    command = [f"{toolchain.prefix}-gcc", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
