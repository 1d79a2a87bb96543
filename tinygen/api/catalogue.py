"""What there is: boards and operators."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.api.operators import OperatorRow, operators
from tinygen.api.shown import Shown
from tinygen.boards import Board, all_boards, get_board


@dataclass(frozen=True, repr=False)
class BoardsResult(Shown):
    """Every board, in the order in which they are shown."""

    boards: tuple[Board, ...]


@dataclass(frozen=True, repr=False)
class OperatorsResult(Shown):
    """Every operator by name, those that are compiled first."""

    operators: tuple[OperatorRow, ...]


def list_boards() -> BoardsResult:
    """List all boards that tinygen knows.

    Returns
    -------
    BoardsResult
        Every board, in the order in which they are shown.

    Examples
    --------
    >>> import tinygen
    >>> "esp32" in [board.id for board in tinygen.list_boards().boards]
    True
    """
    return BoardsResult(all_boards())


def board(name: str) -> Board:
    """Look one board up.

    Parameters
    ----------
    name : str
        Its id, without regard to case, or the path of a board file (.toml).

    Returns
    -------
    Board
        All that is known of it.

    Raises
    ------
    InputError
        For a name that is no board's; it names those that are alike.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.board("ESP32-S3").memory.flash.bytes
    3342336
    """
    return get_board(name)


def list_operators() -> OperatorsResult:
    """List all operators that are compiled, and those of TensorFlow Lite Micro that are not.

    Returns
    -------
    OperatorsResult
        Every operator by name, those that are compiled first.

    Examples
    --------
    >>> import tinygen
    >>> conv = next(o for o in tinygen.list_operators().operators if o.kind == "CONV_2D")
    >>> conv.engines
    ('aot', 'tflm')
    """
    return OperatorsResult(operators())
