"""monitor(): the device's text, as it comes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from tinygen.api.board import project_board
from tinygen.api.built import look
from tinygen.api.crash import explained
from tinygen.api.flash import device_port
from tinygen.devices.link import open_device
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import open_project

_POLL_SECONDS = 0.2
_KEPT = 8192
_ENDED = re.compile(r"tg_fault:.*\n|panic'ed(?s:.*)(?:Backtrace:|Stack memory:|Rebooting).*\n")
"""Where all words of a crash are there."""


class _Crashes:
    """What was heard since the last crash, which may come in pieces."""

    def __init__(self, program: Path | None) -> None:
        self._program = program
        self._heard = ""

    def told_by(self, text: str) -> Iterator[str]:
        """A line about the crash whose last words are in `text`."""
        self._heard = (self._heard + text)[-_KEPT:]
        if found := _ENDED.search(self._heard):
            if crash := explained(self._heard, self._program):
                yield f"tinygen: {crash}\n"
            self._heard = self._heard[found.end() :]


def monitor(
    project: str | Path | None = None,
    *,
    port: str | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> Iterator[str]:
    """Listen to what the device sends, decoded, until the caller stops or the port is gone.

    Bytes that are no text (frames of the protocol) come as escapes. After a crash's words comes a
    line of tinygen's that says where in the program it was.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    port : str, optional
        A serial device or a pyserial URL. Without it the emulator that `flash` started, or the one
        port with the board's USB id.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Yields
    ------
    str
        A piece of text as it came.

    Raises
    ------
    DeviceError
        For a port that cannot be opened.

    Examples
    --------
    >>> import tinygen
    >>> pieces = tinygen.monitor("firmware")  # a generator: `for text in pieces: ...`
    >>> pieces.close()
    """
    current = open_project(None if project is None else Path(project))
    board = project_board(current)
    built = look(current, board)
    url = device_port(built, port, trust_project=trust_project)
    crashes = _Crashes(built.elf)
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    transport = open_device(board, url)
    progress.note(f"listening to {url}, {board.serial.baud:,} baud, until Ctrl-C")
    try:
        while True:
            heard = transport.read(_POLL_SECONDS)
            if text := decoder.decode(heard).replace("\r\n", "\n"):
                yield text.replace("\0", "\\0")
                yield from crashes.told_by(text)
    finally:
        transport.close()
