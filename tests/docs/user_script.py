"""What a user writes with types: checked by `mypy --strict` as it stands, and not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import tinygen


class Listener:
    """Hears how far it is."""

    def stage(self, title: str) -> None:
        print(title)

    def note(self, text: str) -> None:
        print(text)

    def warn(self, text: str) -> None:
        print(text)

    def count(self, done: int, total: int) -> None:
        print(done, total)


def samples() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for _ in range(10):
        yield np.zeros((8, 8, 8, 1), np.float32), np.zeros(8, np.int64)


def main(model: Path) -> float | None:
    """Build, flash, verify."""
    listener: tinygen.Progress = Listener()
    try:
        built: tinygen.BuildResult = tinygen.build(
            model, board="qemu-cortex-m4", data=samples(), progress=listener
        )
    except tinygen.TinygenError as error:
        print(error.what, error.why, error.next_step)
        raise
    flash_bytes: int = built.sizes.flash
    print(flash_bytes, tinygen.gates(built, "flash > 200000")[0].failed)
    result: tinygen.VerifyResult = tinygen.verify(built.generated.project, vectors=7)
    assert result.verdict is tinygen.Verdict.MATCH
    for answer in tinygen.run(np.zeros((8, 8, 1)), built.generated.project).answers:
        print(answer.outputs[0].max())
    boards: tuple[tinygen.Board, ...] = tinygen.list_boards().boards
    print(len(boards))
    return None if result.accuracy is None else result.accuracy.device
