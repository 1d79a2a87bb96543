"""Firmware with a marker: on an emulated board with Arduino's core, whose pins nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen import pio
from tinygen.api.again import again
from tinygen.api.built import look
from tinygen.api.connection import Connection
from tinygen.api.marked import MARKED, marking
from tinygen.api.own_data import stored_vectors
from tinygen.api.verify import verify_over
from tinygen.boards import get_board
from tinygen.errors import InputError
from tinygen.pio import elf
from tinygen.progress import SILENT
from tinygen.project.folder import open_project

BOARD = "qemu-mega2560"


def test_it_is_around_the_model_and_costs_nothing_when_it_is_off(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    plain = tinygen.build(GOLDEN_MODEL, board=BOARD, engine="aot", out=folder)
    marked = marking(again(open_project(folder)), trust_project=False, progress=SILENT)
    assert marked.path == folder / ".tinygen" / MARKED
    functions = elf.function_sizes(pio.elf_file(marked.path, BOARD))
    assert functions["__wrap_model_invoke"] > 0
    ordinary = elf.function_sizes(plain.elf)
    assert "__wrap_model_invoke" not in ordinary
    assert functions["model_invoke"] == ordinary["model_invoke"]
    try:
        connection = Connection(look(marked, get_board(BOARD)))
        checks = stored_vectors(open_project(folder))
        assert verify_over(connection, checks, 3, 60, SILENT).verdict is tinygen.Verdict.MATCH
    finally:
        tinygen.stop(marked.path)


def test_a_board_without_a_pin_says_so(tmp_path: Path) -> None:
    assert get_board("uno").marker_pin == 2
    made = tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", out=tmp_path / "p")
    with pytest.raises(InputError, match="no pin of qemu-cortex-m3 is known for a marker"):
        marking(again(open_project(made.project)), trust_project=False, progress=SILENT)
