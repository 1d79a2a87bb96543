"""UNVERIFIED said that the device does not answer, and not what it said instead of an answer.

A firmware that crashed told where on the serial port; the reader kept it, the verdict lost it.
"""

from __future__ import annotations

import pytest

from tests.link.test_session import FakeDevice, open_session
from tinygen.devices.link import ReplayTransport, Session, frames
from tinygen.devices.link.faults import Disconnected
from tinygen.devices.link.frames import Code, Kind
from tinygen.errors import DeviceError

CRASH = b"\r\ntg_fault: pc 0x00000c3e lr 0x00000a11 cfsr 0x00008200\r\n"


def crashing(said: bytes) -> tuple[Session, ReplayTransport]:
    """A session with a device that says this when it is to compute."""
    device = FakeDevice()
    session, transport = open_session(device)
    session.hello()
    device.spoil = lambda asked: said if asked.kind == Kind.INVOKE else asked.answer
    return session, transport


def test_a_crash_is_told_in_its_own_words() -> None:
    session, _ = crashing(CRASH)
    with pytest.raises(DeviceError, match="does not answer") as caught:
        session.infer([bytes(200)])
    assert "tg_fault: pc 0x00000c3e lr 0x00000a11 cfsr 0x00008200" in caught.value.why


def test_a_device_that_restarted_says_why_before_it_says_so() -> None:
    """The answer is a frame, and what came before it is the reason."""

    def spoiled(session: int, sequence: int) -> bytes:
        head = bytes([frames.VERSION, Kind.INVOKE | frames.ANSWER])
        ids = session.to_bytes(2, "little") + sequence.to_bytes(4, "little")
        return CRASH + b"rst: watchdog\r\n" + frames.encode(head + ids + bytes([Code.NO_SESSION]))

    device = FakeDevice()
    session, _ = open_session(device)
    session.hello()
    device.spoil = lambda asked: (
        spoiled(
            int.from_bytes(asked.content()[2:4], "little"),
            int.from_bytes(asked.content()[4:8], "little"),
        )
        if asked.kind == Kind.INVOKE
        else asked.answer
    )
    with pytest.raises(DeviceError, match="the device restarted") as caught:
        session.infer([bytes(200)])
    assert "tg_fault: pc 0x00000c3e" in caught.value.why
    assert "rst: watchdog" in caught.value.why


def test_a_port_that_breaks_keeps_what_came_before() -> None:
    class Breaking(ReplayTransport):
        def read(self, timeout: float) -> bytes:
            if data := super().read(timeout):
                return data
            raise Disconnected("the connection broke", why="it ended", next_step="look")

    transport = Breaking(lambda _: CRASH)
    with pytest.raises(Disconnected) as caught:
        Session(transport, clock=transport.clock).hello()
    assert caught.value.why.startswith("it ended; instead of an answer the port said\n  tg_fault")


def test_what_was_said_before_a_good_answer_explains_nothing() -> None:
    device = FakeDevice()
    session, _ = open_session(device)
    device.spoil = lambda asked: b"booting, all is well\r\n" + asked.answer
    session.hello()
    device.spoil = lambda _: b""
    with pytest.raises(DeviceError) as caught:
        session.infer([bytes(200)])
    assert "booting" not in caught.value.why


def test_damaged_frames_are_counted_and_not_shown() -> None:
    session, _ = crashing(bytes(range(1, 256)))
    with pytest.raises(DeviceError) as caught:
        session.infer([bytes(200)])
    assert "bytes arrived that are no answer" in caught.value.why
    assert "\\x" not in caught.value.why


def test_a_crash_commands_no_terminal() -> None:
    session, _ = crashing(b"\x1b[32mMATCH\x1b[0m of everything that matters\r\n")
    with pytest.raises(DeviceError) as caught:
        session.infer([bytes(200)])
    assert "\x1b" not in caught.value.why
    assert "MATCH" in caught.value.why
