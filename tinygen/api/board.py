"""The board of a project: one of tinygen's own, or a person's file that the project keeps."""

from __future__ import annotations

from pathlib import Path

from tinygen.boards import BOARD_IDS, Board, all_boards, get_board
from tinygen.boards.commands import commands, opens_files, platform_name
from tinygen.errors import UntrustedProject
from tinygen.project import trust
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


def require_harmless(id_or_path: str, board: Board, out: Path, *, trusted: bool) -> None:
    """UntrustedProject where the user's board file could run programs, unless they have said that
    it may, now or as they built into `out`."""
    if trusted or id_or_path in BOARD_IDS:
        return
    platforms = {platform_name(known.platformio.platform) for known in all_boards()}
    told = commands(board, platforms)
    if told and not trust.has_signed(out, f"{board.id}.toml", Path(id_or_path).read_bytes()):
        raise UntrustedProject(
            f"the board file {id_or_path} says what may run programs or open files here",
            why="\n".join(told),
            next_step="look at that; if it may, say so with --trust-project",
        )


def require_harmless_firmware(project: Project, board: Board, elf: Path, *, trusted: bool) -> None:
    """Before an emulator or a process starts: the same for the project's own board file, and for
    firmware that can open files of this machine, as a process can and some emulators let it."""
    own = f"{project.board}.toml"
    if own in project.manifest.files:
        require_harmless(str(project.path / own), board, project.path, trusted=trusted)
    if opens_files(board):
        name = elf.relative_to(project.path).as_posix()
        trust.require_files(project.path, [name], trusted=trusted)
