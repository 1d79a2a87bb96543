"""A model that remembers, over lines that lose, double and repeat: no step is taken twice, out of
order, or without the ones before it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.link.test_faults import Fault, FaultyLine, faults
from tests.protocol import protocol_device as pd
from tinygen.api.steps import Steps
from tinygen.devices.link import Session, frames
from tinygen.devices.link.faults import Disturbed
from tinygen.devices.link.frames import Answer, Code, Feature, Kind
from tinygen.errors import DeviceError
from tinygen.proof.vectors import Vectors

SESSION = 0x1234
COUNT, LENGTH = 6, 3
IMAGE, EXTRA = bytes(pd.IMAGE), bytes(pd.EXTRA)


def _vectors() -> Vectors:
    """Two sequences of three steps, all of the same inputs: nothing but the order tells them."""
    return Vectors(
        inputs=(np.zeros((COUNT, pd.IMAGE), np.int8), np.zeros((COUNT, pd.EXTRA), np.int8)),
        expected=(np.zeros((COUNT, 1), np.int8),),
        oracle="",
        origins=("random",) * COUNT,
        labels=np.full(COUNT, -1),
        starts=np.arange(COUNT) % LENGTH == 0,
    )


@pytest.fixture(scope="module", name="device", params=[False, True], ids=["plain", "traced"])
def _device(request: pytest.FixtureRequest) -> Iterator[pd.Lockstep]:
    device = pd.Lockstep(program=pd.device(traced=request.param, states=True))
    yield device
    device.close()


@pytest.mark.parametrize("dialect", pd.DIALECTS, ids=" ".join)
def test_compiles_without_a_warning(dialect: tuple[str, ...], tmp_path: Path) -> None:
    pd.compile_device(tmp_path / "device", dialect, ["-DFAKE_STATES"])


def _steps(device: pd.Lockstep, found: list[Fault]) -> list[int] | None:
    """What the device counts, step by step; None where the session gave up."""
    session = Session(FaultyLine(device, found), clock=device.clock)
    steps = Steps(_vectors())
    try:
        session.hello()
        return [pd.count(steps.infer(session, i).outputs[1]) for i in range(COUNT)]
    except DeviceError:
        return None


RIGHT = [1, 2, 3, 1, 2, 3]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(faults, max_size=8))
@pytest.mark.invariant("S9")
def test_state_is_never_mixed_up(device: pd.Lockstep, found: list[Fault]) -> None:
    assert _steps(device, found) in (RIGHT, None)


@pytest.mark.parametrize("on_read", [False, True], ids=["request", "answer"])
@pytest.mark.parametrize("kind", ["flip", "cut", "lose", "double", "again", "reverse"])
def test_one_fault_is_survived(device: pd.Lockstep, kind: str, on_read: bool) -> None:
    for at in range(0, 40, 5):
        assert _steps(device, [Fault(on_read, at, kind, 0.5, b"\0noise\0")]) == RIGHT


class Raw:
    """Frames sent by hand to a device that remembers."""

    def __init__(self, device: pd.Lockstep) -> None:
        self.device = device
        self.decoder = frames.Decoder()
        assert [a.code for a in self.ask(Kind.HELLO, bytes(4), 1, SESSION + 1)] == [Code.OK]
        assert [a.code for a in self.ask(Kind.HELLO, bytes(4), 1)] == [Code.OK]
        for index, data in enumerate((IMAGE, EXTRA)):
            self.fill(index, data)

    def fill(self, index: int, data: bytes) -> None:
        for offset in range(0, len(data), 200):
            piece = struct.pack("<HI", index, offset) + data[offset : offset + 200]
            assert [a.code for a in self.ask(Kind.WRITE, piece, 1)] == [Code.OK]

    def ask(self, kind: int, body: bytes, sequence: int, session: int = SESSION) -> list[Answer]:
        self.device.write(frames.request(kind, session, sequence, body))
        received = b""
        while got := self.device.read(0.0):
            received += got
        found = [frames.parse_answer(content) for content in self.decoder.feed(received)]
        return [answer for answer in found if answer is not None]

    def invoke(self, sequence: int) -> int | Code | None:
        """The steps since the model forgot; the code of an error, None where nothing comes."""
        answers = self.ask(Kind.INVOKE, struct.pack("<I", zlib.crc32(IMAGE + EXTRA)), sequence)
        if not answers or answers[0].code != Code.OK:
            return Code(answers[0].code) if answers else None
        (count,) = self.ask(Kind.READ, struct.pack("<HIH", 1, 0, 4), sequence)
        return pd.count(count.body)


def test_only_a_sequence_takes_steps_and_each_once(device: pd.Lockstep) -> None:
    raw = Raw(device)
    assert raw.invoke(2) == Code.NO_STATE
    (begun,) = raw.ask(Kind.BEGIN, b"\1", 10)
    assert begun.code == Code.OK
    assert (raw.invoke(11), raw.invoke(11)) == (1, 1)
    _again(raw, 12)
    assert raw.invoke(13) == 2
    assert raw.ask(Kind.BEGIN, b"\1", 10) == [], "it came late"
    assert raw.invoke(11) is None
    _again(raw, 14)
    assert raw.invoke(14) == 3
    (begun,) = raw.ask(Kind.BEGIN, b"\1", 15)
    (begun,) = raw.ask(Kind.BEGIN, b"\1", 15)
    _again(raw, 16)
    assert raw.invoke(16) == 1
    (ended,) = raw.ask(Kind.BEGIN, b"\0", 17)
    _again(raw, 18)
    assert (ended.code, raw.invoke(18)) == (Code.OK, Code.NO_STATE)
    assert [a.code for a in raw.ask(Kind.BEGIN, b"", 19)] == [Code.BAD_REQUEST]


def _again(raw: Raw, sequence: int) -> None:
    """The inputs once more: an inference takes their memory."""
    for index, data in enumerate((IMAGE, EXTRA)):
        for offset in range(0, len(data), 200):
            piece = struct.pack("<HI", index, offset) + data[offset : offset + 200]
            assert [a.code for a in raw.ask(Kind.WRITE, piece, sequence)] == [Code.OK]


def test_a_sequence_number_may_wrap(device: pd.Lockstep) -> None:
    raw = Raw(device)
    raw.ask(Kind.BEGIN, b"\1", 0xFFFFFFFE)
    _again(raw, 0xFFFFFFFF)
    assert raw.invoke(0xFFFFFFFF) == 1
    _again(raw, 0)
    assert raw.invoke(1) == 2
    assert raw.invoke(0xFFFFFFFF) is None


def test_a_session_alone_does_not_take_a_step_again(device: pd.Lockstep) -> None:
    session = Session(device, clock=device.clock)
    assert Feature.STATE in session.hello().features
    with pytest.raises(Disturbed, match="remembers"):
        session.infer([IMAGE, EXTRA])
    session.begin()
    assert pd.count(session.infer([IMAGE, EXTRA]).outputs[1]) == 1


def test_a_device_that_remembers_nothing_is_told_apart() -> None:
    device = pd.Lockstep()
    session = Session(device, clock=device.clock)
    with pytest.raises(DeviceError, match="cannot begin a sequence"):
        session.begin()
    device.close()


@pytest.mark.parametrize("payload", [32, 256])
def test_the_devices_own_program_has_no_turn_within_a_sequence(payload: int) -> None:
    program = pd.device(payload, states=True)
    device = pd.Lockstep(program=program, TEST_APP="1")
    session = Session(device, clock=device.clock, window=1)
    steps = Steps(_vectors())
    session.hello()
    assert [pd.count(steps.infer(session, i).outputs[1]) for i in range(COUNT)] == RIGHT
    assert (session.redone, steps.begun) == (0, 2)
    device.close()


def test_a_tensor_of_a_step_is_that_of_its_sequence() -> None:
    device = pd.Lockstep(program=pd.device(traced=True, states=True))
    session = Session(device, clock=device.clock)
    session.hello()
    steps = Steps(_vectors())
    for index in (0, 1, 2, 5, 4):
        expected = struct.pack("<I", index % LENGTH + 1)
        assert steps.infer(session, index).outputs[1] == expected
        assert steps.tensor(session, index, 1, 0) == expected
    assert session.redone == 0
    device.close()
