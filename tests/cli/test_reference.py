"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from tinygen.cli.app import app
from tinygen.cli.board_table import board_table
from tinygen.cli.reference import reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_reference_is_up_to_date() -> None:
    written = (DOCS / "cli.md").read_text("utf-8")
    assert written == reference(), "python -m tinygen.cli.reference > docs/cli.md"


def test_every_command_has_an_example() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.callback.__name__
        assert f"Example: tinygen {name}" in (command.callback.__doc__ or ""), name


def test_the_table_of_boards_is_up_to_date() -> None:
    written = (DOCS / "boards.md").read_text("utf-8")
    assert written == board_table(), "python -m tinygen.cli.board_table > docs/boards.md"
