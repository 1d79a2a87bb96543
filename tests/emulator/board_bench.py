"""The test firmware's project, and the other end of its serial line."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path
from urllib.parse import urlparse

from tinygen.boards import Board
from tinygen.devices.qemu import Running, start, stop
from tinygen.project.firmware import hal_files, platform_files

MAIN_C = Path(__file__).with_name("firmware") / "main.c"
TIMEOUT = 20.0


def write_project(board: Board, folder: Path, extra: str = "") -> None:
    """A PlatformIO project as tinygen lays it out, around the test firmware and `extra` C text."""
    files = {**hal_files(board), **platform_files(board)}
    files["src/main.c"] = MAIN_C.read_bytes() + extra.encode()
    files["platformio.ini"] = (
        "[platformio]\n"
        "platforms_dir = platforms\n\n"
        f"[env:{board.id}]\n"
        f"platform = {board.platformio.platform}\n"
        f"board = {board.platformio.board}\n"
        "lib_ldf_mode = off\n"
        "build_flags = -Werror -Wconversion -Wshadow\n"
    ).encode()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Bench:
    """A running board and a connection to it."""

    def __init__(self, board: Board, elf: Path, state_dir: Path) -> None:
        self.board = board
        self.state_dir = state_dir
        self.running: Running = start(board, elf, state_dir)
        self.socket = self._connect()
        self.wait_until_up()

    def _connect(self) -> socket.socket:
        address = urlparse(self.running.url)
        connection = socket.create_connection((address.hostname, address.port), TIMEOUT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def wait_until_up(self) -> None:
        """A byte sent before the firmware has opened its port may be lost: ask until it answers."""
        deadline = time.monotonic() + TIMEOUT
        self.socket.settimeout(0.3)
        while True:
            self.socket.sendall(b"p")
            try:
                self.receive(1)
                break
            except TimeoutError:
                assert time.monotonic() < deadline, "the firmware does not answer"
        time.sleep(0.05)
        self.drain()
        self.socket.settimeout(TIMEOUT)

    def reconnect(self) -> None:
        """Hang up and call again."""
        self.socket.close()
        self.socket = self._connect()

    def drain(self) -> bytes:
        """What has arrived."""
        data = b""
        self.socket.setblocking(False)
        try:
            while chunk := self.socket.recv(1 << 20):
                data += chunk
        except BlockingIOError:
            pass
        self.socket.settimeout(TIMEOUT)
        return data

    def send(self, command: bytes, number: int | None = None, data: bytes = b"") -> None:
        """A command of the test firmware."""
        self.socket.sendall(command + (b"" if number is None else struct.pack("<I", number)) + data)

    def receive(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            assert chunk, "the emulator hung up"
            data += chunk
        return data

    def ticks(self, rounds: int) -> tuple[int, int, int]:
        """Ticks and result of `rounds` rounds of computation, and ticks per second."""
        self.send(b"t", rounds)
        ticks, result, hz = struct.unpack("<QII", self.receive(16))
        return ticks, result, hz

    def stack_used(self) -> int:
        """The stack's high-water mark in bytes."""
        self.send(b"u")
        return int.from_bytes(self.receive(4), "little")

    def close(self) -> None:
        """End the emulator."""
        self.socket.close()
        stop(self.state_dir)
