"""`tinygen boards qemu-cortex-m55` named the kernel sets `mve` and `dsp`, and `--kernel-set`'s help
pointed there; but no such set had been written, and asking for one was an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.boards import BOARD_IDS, get_board
from tinygen.engines import ENGINES, kernel_sets
from tinygen.engines.engine import Job
from tinygen.progress import SILENT
from tinygen.report.json import board_facts
from tinygen.templates import Identity

IDENTITY = Identity(name="m", engine="aot", board="b", sha256="0" * 64, version="1")


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_what_a_board_names_can_be_asked_for(board_id: str) -> None:
    board = get_board(board_id)
    assert board_facts(board)["kernel_sets"] == {k: list(v) for k, v in kernel_sets(board).items()}
    for engine, names in kernel_sets(board).items():
        assert names
        for name in names:
            graph: object = None  # the check asks nothing of it
            ENGINES[engine].check(
                Job(board, graph, b"", IDENTITY, name, None, False, SILENT)  # type: ignore[arg-type]
            )


def test_what_is_shown_is_taken(tmp_path: Path) -> None:
    sets = tinygen("boards", "qemu-cortex-m55", "--json", cwd=tmp_path).json["kernel_sets"]
    for name in sets["aot"]:
        options = ("-b", "qemu-cortex-m55", "--kernel-set", name, "-o", name)
        ran = tinygen("generate", GOLDEN_MODEL, *options, cwd=tmp_path)
        assert ran.code == 0, ran.err
