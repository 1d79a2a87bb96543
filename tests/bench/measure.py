"""Builds a case, runs all of its vectors in QEMU or as a process, and says what it took."""

from __future__ import annotations

import subprocess
from pathlib import Path

import tinygen
from tests.bench.matrix import Case, Row
from tinygen.boards import get_board


def measure(case: Case, folder: Path) -> Row:
    """The row of a case, from a project in `folder`."""
    built = tinygen.build(
        case.file,
        board=case.board,
        engine=case.engine,
        kernel_set=case.kernel_set,
        out=folder / case.id,
    )
    try:
        result = tinygen.verify(built.generated.project)
    finally:
        tinygen.stop(built.generated.project)
    return Row(
        case=case,
        verdict=result.verdict.value,
        vectors=result.vectors,
        instructions=result.instructions,
        flash=built.sizes.flash,
        ram=built.sizes.ram,
        arena=built.generated.arena_bytes,
    )


def compiler(board_id: str) -> str:
    """The board's compiler as it names itself: figures hold for that one."""
    toolchain = get_board(board_id).toolchain
    assert toolchain is not None
    command = [f"{toolchain.prefix}-gcc", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
