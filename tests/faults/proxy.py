"""The faulty line as a proxy of its own: TCP on one side, a device's TCP port on the other."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlparse

from tests.faults.line import Faults

_BYTES = 4096


class _Side:
    """One direction: what was read waits until it is due."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.waiting: deque[tuple[float, bytes]] = deque()

    def enter(self, data: bytes, faults: Faults) -> bool:
        """False where the line breaks."""
        for piece in faults.carry(data):
            if piece.data is None:
                return False
            before = self.waiting[-1][0] if self.waiting else 0.0
            self.waiting.append((max(before, time.monotonic()) + piece.delay, piece.data))
        return True

    def deliver(self) -> None:
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            self.sink.sendall(self.waiting.popleft()[1])


class Proxy:
    """Takes one connection after the other, and each to the device anew: closed and reopened."""

    def __init__(self, url: str, faults: Faults) -> None:
        address = urlparse(url)
        self._address = (address.hostname or "", address.port or 0)
        self._faults = faults
        self._server = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self.connections = 0
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections and end."""
        self._closing = True
        with contextlib.suppress(OSError):
            socket.create_connection(self._server.getsockname(), 1).close()
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        while not self._closing:
            host, _ = self._server.accept()
            self.connections += 1
            with (
                host,
                contextlib.suppress(OSError),
                socket.create_connection(self._address, 5) as device,
            ):
                self._carry(host, device)

    def _carry(self, host: socket.socket, device: socket.socket) -> None:
        sides = (_Side(host, device), _Side(device, host))
        with selectors.DefaultSelector() as selector:
            for side in sides:
                side.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(side.source, selectors.EVENT_READ, side)
            while not self._closing:
                for key, _ in selector.select(0.01):
                    data = key.fileobj.recv(_BYTES)  # type: ignore[union-attr]
                    if not data or not key.data.enter(data, self._faults):
                        return
                for side in sides:
                    side.deliver()


@contextlib.contextmanager
def proxy(url: str, faults: Faults) -> Iterator[Proxy]:
    """A proxy to the device at `url`, for as long as the block lasts."""
    opened = Proxy(url, faults)
    try:
        yield opened
    finally:
        opened.close()
