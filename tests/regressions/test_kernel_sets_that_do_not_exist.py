"""`tinygen boards qemu-cortex-m55` named the kernel sets `mve` and `dsp`, and `--kernel-set`'s help
pointed there; but no such set had been written, and asking for one was an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.boards import BOARD_IDS, get_board
from tinygen.engines import ENGINES, kernel_sets
from tinygen.options import BuildOptions
from tinygen.report.json import board_facts


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_what_a_board_names_can_be_asked_for(board_id: str) -> None:
    board = get_board(board_id)
    assert board_facts(board)["kernel_sets"] == {k: list(v) for k, v in kernel_sets(board).items()}
    for engine, names in kernel_sets(board).items():
        assert names
        for name in names:
            ENGINES[engine].check(BuildOptions(board=board_id, kernel_set=name), board)


def test_what_is_shown_is_taken(tmp_path: Path) -> None:
    sets = tinygen("boards", "qemu-cortex-m55", "--json", cwd=tmp_path).json["kernel_sets"]
    for name in sets["aot"]:
        options = ("-b", "qemu-cortex-m55", "--kernel-set", name, "-o", name)
        ran = tinygen("generate", GOLDEN_MODEL, *options, cwd=tmp_path)
        assert ran.code == 0, ran.err
