"""The board of a project: one of tinygen's own, or a person's file that the project keeps."""

from __future__ import annotations

from pathlib import Path

from tinygen.boards import Board, get_board
from tinygen.project.folder import Project


def board_files(id_or_path: str, board: Board) -> dict[str, bytes]:
    """The board file that a project has to keep, because tinygen does not have it."""
    if not id_or_path.endswith(".toml"):
        return {}
    return {f"{board.id}.toml": Path(id_or_path).read_bytes()}


def project_board(project: Project) -> Board:
    """The board that the project was generated for."""
    own = f"{project.board}.toml"
    return get_board(project.path / own if own in project.manifest.files else project.board)
