"""The commands that say what there is: boards and operators."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tinygen.cli.options import (
    Json,
    complete_board,
)
from tinygen.cli.root import app, run_command

if TYPE_CHECKING:
    pass


@app.command(short_help="List the boards, or show one in full.")
def boards(
    board: Annotated[
        str | None, typer.Argument(help="One board, in full.", autocompletion=complete_board)
    ] = None,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print its board file, to start one of your own from.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of board files, for editors.")
    ] = False,
    json: Json = False,
) -> None:
    """List the boards, or show one in full.

    Example: tinygen boards qemu-cortex-m4
    """
    from tinygen.api.catalogue import list_boards
    from tinygen.boards import board_text, get_board
    from tinygen.boards.json_schema import board_schema
    from tinygen.report.json import board_facts, print_text
    from tinygen.report.text import board_report, boards_report

    if toml and board is None:
        raise typer.BadParameter("--toml is for one board: tinygen boards BOARD --toml")
    if schema:
        print_text(board_schema())
    elif board is not None and toml:
        sys.stdout.write(board_text(board))
    elif board is None:
        run_command(lambda *_: list_boards(), boards_report, json)
    else:
        run_command(lambda *_: board_facts(get_board(board)), board_report, json)


@app.command(short_help="List the operators that are compiled.")
def ops(json: Json = False) -> None:
    """List the operators of TFLite that are compiled, with which engines and kernel sets, and those
    of TensorFlow Lite Micro that are not, with the reason.

    Example: tinygen ops
    """
    from tinygen.api.catalogue import list_operators
    from tinygen.report.text import operators_report

    run_command(lambda *_: list_operators(), operators_report, json)
