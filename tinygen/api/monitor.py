"""monitor(): the device's text, as it comes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from tinygen.api.board import project_board
from tinygen.api.built import look
from tinygen.api.flash import device_port
from tinygen.devices.link import open_device
from tinygen.project.folder import open_project

_POLL_SECONDS = 0.2


def monitor(
    project: str | Path | None = None, *, port: str | None = None, trust_project: bool = False
) -> Iterator[str]:
    """Pieces of what the device sends, decoded, until the caller stops or the port is gone.

    Bytes that are no text (frames of the protocol) come as escapes. Raises DeviceError.
    """
    current = open_project(None if project is None else Path(project))
    board = project_board(current)
    url = device_port(look(current, board), port, trust_project=trust_project)
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    transport = open_device(board, url)
    try:
        while True:
            heard = transport.read(_POLL_SECONDS)
            if text := decoder.decode(heard).replace("\r\n", "\n"):
                yield text.replace("\0", "\\0")
    finally:
        transport.close()
