"""Real ports: a pseudo terminal, a socket, RFC 2217, a process; how they open and how they die."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import serial
from serial import rfc2217

from tests.faults.rated_line import DEFINES, FASTEST, FIRST
from tests.protocol import protocol_device as pd
from tinygen.devices.link import ProcessTransport, Session, open_transport
from tinygen.devices.link.reset import RESETS, find_reset
from tinygen.errors import DeviceError, InputError

IMAGE = bytes(i % 251 for i in range(pd.IMAGE))
EXTRA = b"\x01\x00\xff"


@dataclass
class Served:
    """A device process that talks on `port`."""

    port: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def running(
    descriptor: int, program: Path | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(program or pd.device())],
        stdin=descriptor,
        stdout=descriptor,
        env={**os.environ, **environment},
    )
    os.close(descriptor)
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def on_pty(program: Path | None = None) -> Iterator[Served]:
    master, slave = os.openpty()
    try:
        with running(master, program) as process:
            yield Served(os.ttyname(slave), process)
    finally:
        os.close(slave)


@contextlib.contextmanager
def on_socket(**environment: str) -> Iterator[Served]:
    ours, theirs = socket.socketpair()
    with ours, socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_forward, args=(server, ours), daemon=True).start()
        with running(theirs.detach(), None, **environment) as process:
            yield Served(f"socket://127.0.0.1:{server.getsockname()[1]}", process)


def _forward(server: socket.socket, device: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError, ValueError):
        while True:
            for source in select.select([connection, device], [], [])[0]:
                if not (data := source.recv(4096)):
                    return
                (device if source is connection else connection).sendall(data)


@contextlib.contextmanager
def on_rfc2217() -> Iterator[Served]:
    with on_pty() as served, socket.create_server(("127.0.0.1", 0)) as server:
        arguments = (server, served.port)
        threading.Thread(target=_serve_rfc2217, args=arguments, daemon=True).start()
        yield Served(f"rfc2217://127.0.0.1:{server.getsockname()[1]}", served.process)


class PseudoPort(serial.Serial):
    """A pseudo terminal has no modem lines."""

    cts = dsr = ri = cd = True

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


def _serve_rfc2217(server: socket.socket, path: str) -> None:
    connection, _ = server.accept()
    client: Any = type("Client", (), {"write": lambda _self, data: connection.sendall(data)})()
    port: Any = PseudoPort(path, timeout=0)
    with connection, port, contextlib.suppress(OSError, ValueError):
        manager = rfc2217.PortManager(port, client)
        while True:
            ready = select.select([connection.fileno(), port.fileno()], [], [])[0]
            if connection.fileno() in ready:
                if not (data := connection.recv(4096)):
                    return
                port.write(b"".join(manager.filter(data)))
            if port.fileno() in ready:
                connection.sendall(b"".join(manager.escape(port.read(4096))))


pytestmark = pytest.mark.filterwarnings("ignore:set:DeprecationWarning")  # pyserial's RFC 2217

Serve = Callable[[], contextlib.AbstractContextManager[Served]]


@pytest.mark.parametrize("serve", [on_pty, on_socket, on_rfc2217])
def test_infers_over_a_real_port(serve: Serve) -> None:
    with serve() as served, Session(open_transport(served.port)) as session:
        assert session.hello().model == "fake"
        for number in range(1, 4):
            result = session.infer([IMAGE, EXTRA])
            assert result.outputs[0] == pd.expected(IMAGE, EXTRA)
            assert pd.count(result.outputs[1]) == number
        assert session.retries == 0


def test_another_program_on_the_same_line_is_survived() -> None:
    with (
        on_pty() as served,
        Session(open_transport(served.port)) as session,
        Path(served.port).open("wb", buffering=0) as other,  # types into our requests
    ):
        other.write(b"hello there\0\xff\xff\x01")
        assert session.hello().board == "host"


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    threading.Timer(seconds, process.kill).start()


def test_a_peer_killed_during_an_inference_is_noticed_soon() -> None:
    with (
        on_socket(FAKE_SECONDS="30") as served,
        Session(open_transport(served.port)) as session,
    ):
        session.hello()
        kill_after(served.process, 0.5)
        start = time.monotonic()
        with pytest.raises(DeviceError, match="broke") as caught:
            session.infer([IMAGE, EXTRA])
        assert time.monotonic() - start < 3
        assert caught.value.exit_code == 6
        assert "tinygen flash" in caught.value.next_step


@pytest.mark.parametrize("serve", [on_pty, on_socket, on_rfc2217])
def test_a_peer_killed_between_inferences_is_noticed_soon(
    serve: Serve,
) -> None:
    with serve() as served, Session(open_transport(served.port)) as session:
        session.infer([IMAGE, EXTRA])
        served.process.kill()
        served.process.wait()
        start = time.monotonic()
        with pytest.raises(DeviceError):
            session.infer([IMAGE, EXTRA])
        assert time.monotonic() - start < 3


def test_a_peer_that_stops_without_a_word_is_given_up() -> None:
    with (
        on_socket() as served,
        Session(open_transport(served.port), timeout=0.1, invoke_timeout=1.0) as session,
    ):
        session.infer([IMAGE, EXTRA])
        served.process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(DeviceError, match="does not answer"):
            session.infer([IMAGE, EXTRA])
        assert time.monotonic() - start < 3
        assert session.retries > 0


def test_a_process_that_dies_says_why() -> None:
    transport = ProcessTransport(["sh", "-c", "read x; echo overflow >&2; exit 3"])
    transport.write(b"\n")
    with Session(transport) as session, pytest.raises(DeviceError) as caught:
        session.hello()
    assert "exit status 3" in caught.value.why
    assert "overflow" in caught.value.why


def test_a_process_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygen.devices.link.process.WRITE_SECONDS", 0.2)
    transport = ProcessTransport(["sleep", "60"])
    with pytest.raises(DeviceError, match="stopped talking"):
        transport.write(bytes(1 << 20))
    transport.close()
    transport.close()
    assert transport.process.returncode is not None


def test_a_process_starts_in_nobodys_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    transport = ProcessTransport(["pwd"])
    assert transport.read(5.0) == b"/\n"
    transport.close()


def test_a_process_that_does_not_exist() -> None:
    with pytest.raises(DeviceError, match="cannot be started"):
        ProcessTransport(["./no-such-program"])


def test_a_port_without_a_descriptor_is_polled() -> None:
    transport = open_transport("loop://")
    start = time.monotonic()
    assert transport.read(0.05) == b""
    assert 0.04 < time.monotonic() - start < 2
    transport.write(b"there and back")
    received = b""
    while len(received) < 14:
        received += transport.read(1)
    assert received == b"there and back"
    transport.close()


@pytest.mark.parametrize(
    ("port", "step"),
    [
        ("/dev/no-such-port", "port"),
        ("socket://127.0.0.1:1", "tinygen flash"),
        ("socket://nonsense", "tinygen flash"),
        ("gopher://127.0.0.1:1", "tinygen flash"),
    ],
)
def test_a_port_that_is_not_there(port: str, step: str) -> None:
    with pytest.raises(DeviceError) as caught:
        open_transport(port)
    assert port in caught.value.what
    assert step in caught.value.next_step
    assert caught.value.why


def test_a_port_in_use() -> None:
    with on_pty() as served:
        transport = open_transport(served.port)
        with pytest.raises(DeviceError) as caught:
            open_transport(served.port)
        assert "close the program" in caught.value.next_step
        transport.close()


def test_a_port_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise serial.SerialException(13, "could not open port: [Errno 13] Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(DeviceError) as caught:
        open_transport("/dev/ttyUSB0")
    assert "dialout" in caught.value.next_step


@pytest.mark.parametrize("baud", [1200, 134, 0, -5])
def test_never_opens_at_a_boot_loaders_baud(baud: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial, "serial_for_url", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(InputError):
        open_transport("/dev/ttyACM0", baud)


@dataclass
class Lines:
    """Remembers what was done to a port's lines."""

    events: list[tuple[str, float | bool]] = field(default_factory=list)

    def __setattr__(self, name: str, value: bool) -> None:
        if name in ("dtr", "rts"):
            self.events.append((name, value))
        super().__setattr__(name, value)

    dtr: bool = field(init=False, repr=False)
    rts: bool = field(init=False, repr=False)

    def wait(self, seconds: float) -> None:
        self.events.append(("wait", seconds))

    def reset_input_buffer(self) -> None:
        self.events.append(("forget", True))


def test_resets_do_what_the_boards_need() -> None:
    done = {}
    for reset in RESETS:
        lines = Lines()
        reset.apply(lines, lines.wait)
        done[reset.name] = lines.events
    assert done["none"] == []
    assert done["keep-dtr"] == [("dtr", True), ("wait", 0.1)]
    assert [event for event, _ in done["avr"]] == ["wait", "forget"]
    esp32 = [event for event in done["esp32"] if event[0] != "wait"]
    # EN (RTS) goes low and high again while IO0 (DTR) stays high: the application starts.
    assert esp32 == [("dtr", False), ("rts", True), ("rts", False), ("forget", True)]


def test_an_unknown_reset_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        find_reset("esp3")
    assert "none, keep-dtr, esp32, avr" in caught.value.next_step


def test_a_port_takes_the_rate_that_was_agreed_on(tmp_path: Path) -> None:
    """A pseudo terminal carries every rate, and tells which one it was set to."""
    program = pd.compile_device(tmp_path / "device", pd.DIALECTS[0], DEFINES)
    with on_pty(program) as served, Session(open_transport(served.port)) as session:
        assert session.baud == FIRST
        session.speed_up(FASTEST)
        assert session.baud == FASTEST
        terminal = os.open(served.port, os.O_RDWR | os.O_NOCTTY)
        try:
            assert termios.tcgetattr(terminal)[4:6] == [termios.B921600] * 2
        finally:
            os.close(terminal)
        assert session.infer([IMAGE, EXTRA]).outputs[0] == pd.expected(IMAGE, EXTRA)
        assert session.retries == 0


def test_a_socket_has_no_rate() -> None:
    """What is behind it has one, maybe, which nothing here can change."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}", baud=115_200)
        session = Session(transport)
        assert session.baud is None
        session.close()
