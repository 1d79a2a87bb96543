"""What there is: boards and operators."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.api.operators import OperatorRow, operators
from tinygen.boards import Board, all_boards, get_board


@dataclass(frozen=True)
class BoardsResult:
    """Every board, in the order in which they are shown."""

    boards: tuple[Board, ...]


@dataclass(frozen=True)
class OperatorsResult:
    """Every operator by name, those that are compiled first."""

    operators: tuple[OperatorRow, ...]


def list_boards() -> BoardsResult:
    """All boards that tinygen knows.

    >>> import tinygen
    >>> "esp32" in [board.id for board in tinygen.list_boards().boards]
    True
    """
    return BoardsResult(all_boards())


def board(name: str) -> Board:
    """One board, by its id or by the path of a board file (.toml).

    Raises InputError for a name that is no board's, with those that are alike.

    >>> import tinygen
    >>> tinygen.board("ESP32-S3").memory.flash.bytes
    3342336
    """
    return get_board(name)


def list_operators() -> OperatorsResult:
    """All operators that are compiled, and those of TensorFlow Lite Micro that are not.

    >>> import tinygen
    >>> conv = next(o for o in tinygen.list_operators().operators if o.kind == "CONV_2D")
    >>> conv.engines
    ('aot', 'tflm')
    """
    return OperatorsResult(operators())
