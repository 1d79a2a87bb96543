"""From a board's device to a transport: its line's speed, and what opening its port needs."""

from __future__ import annotations

import socket

import pytest

from tinygen.boards import BOARD_IDS, Linux, Serial, get_board
from tinygen.devices import user_mode
from tinygen.devices.link import device, open_device
from tinygen.devices.link.ssh import Remote


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_port_is_opened_as_the_board_needs(
    board_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[object, ...]] = []
    monkeypatch.setattr(device, "open_transport", lambda *given: opened.append(given))
    monkeypatch.setattr(device, "ProcessTransport", lambda command: opened.append(tuple(command)))
    monkeypatch.setattr(user_mode, "require", lambda emulator: emulator)
    board = get_board(board_id)
    open_device(board, "PORT")
    if isinstance(board.device, Linux):
        assert opened == [(*user_mode.command(board.device), "PORT")]
        return
    reset = (board.device.reset,) if isinstance(board.device, Serial) else ()
    assert opened == [("PORT", board.serial.baud, *reset)]


def test_a_program_elsewhere_is_reached_by_ssh_or_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "SshTransport", lambda remote: remote)
    monkeypatch.setattr(device, "open_transport", lambda *given: given)
    board = get_board("raspberrypi4")
    remote: object = open_device(board, "ssh://pi@host/digits")
    assert remote == Remote("pi@host", None, "digits")
    tunnel: object = open_device(board, "socket://127.0.0.1:1")
    assert tunnel == ("socket://127.0.0.1:1", 12_000_000)


def test_an_emulated_boards_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_device(
            get_board("qemu-cortex-m4"), f"socket://127.0.0.1:{server.getsockname()[1]}"
        )
        peer, _ = server.accept()
        with peer:
            transport.write(b"to it")
            assert peer.recv(5) == b"to it"
            peer.sendall(b"from it")
            assert transport.read(5.0) == b"from it"
            transport.close()
