"""The session against the real C code over a line that damages, loses, doubles and repeats.

Whatever the line does, the outputs are right or there is a DeviceError, and it ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol import protocol_device as pd
from tinygen.devices.link import Session, frames
from tinygen.errors import DeviceError

FAULTS = ("flip", "drop", "cut", "noise", "zero", "lose", "double", "again", "reverse")


@dataclass(frozen=True)
class Fault:
    """What happens to the `at`-th write or read of the conversation."""

    on_read: bool
    at: int
    kind: str
    where: float  # in the bytes, 0 to 1
    noise: bytes

    def apply(self, data: bytes, history: list[bytes]) -> bytes:
        place = int(self.where * len(data))
        before, after = data[:place], data[place:]
        past = history[int(self.where * len(history))] if history else b""
        damaged: dict[str, Callable[[], bytes]] = {
            "flip": lambda: before + bytes([after[0] ^ 1 << len(self.noise) % 8]) + after[1:],
            "drop": lambda: before + after[1:],
            "cut": lambda: before,
            "noise": lambda: before + self.noise + after,
            "zero": lambda: before + b"\0" + after,
            "lose": lambda: b"",
            "double": lambda: data + data,
            "again": lambda: data + past,  # a frame of long ago
            "reverse": lambda: b"\0".join(reversed(data.split(b"\0"))),  # of a window
        }
        return damaged[self.kind]()


class FaultyLine:
    """A line to the device with the faults of one conversation."""

    byte_seconds = 0.0

    def __init__(self, device: pd.Lockstep, faults: list[Fault]) -> None:
        self.name = "faulty line"
        self._device = device
        self._faults = faults
        self._count = {True: 0, False: 0}
        self._history: dict[bool, list[bytes]] = {True: [], False: []}
        self._sent_at = -1

    def _pass(self, data: bytes, on_read: bool) -> bytes:
        at, clean = self._count[on_read], data
        self._count[on_read] += 1
        for fault in self._faults:
            if (fault.on_read, fault.at) == (on_read, at) and data:
                data = fault.apply(data, self._history[on_read])
        self._history[on_read].append(clean)
        return data

    def write(self, data: bytes) -> None:
        self._device.write(self._pass(data, on_read=False))

    def read(self, timeout: float) -> bytes:
        data = self._device.read(timeout)
        return self._pass(data, on_read=True) if data else data

    def close(self) -> None:
        """The device outlives its conversations."""


faults = st.builds(
    Fault,
    on_read=st.booleans(),
    at=st.integers(0, 14),
    kind=st.sampled_from(FAULTS),
    where=st.floats(0, 1, exclude_max=True),
    noise=st.binary(max_size=40),
)


@pytest.fixture(scope="module", name="device")
def _device() -> pd.Lockstep:
    return pd.Lockstep()


def converse(device: pd.Lockstep, faults: list[Fault], seed: int) -> int | None:
    """Two inferences. None where the session gave up, else requests that were sent again."""
    generator = random.Random(seed)
    session = Session(FaultyLine(device, faults), clock=device.clock)
    counts = []
    start = device.clock()
    try:
        for _ in range(2):
            image, extra = generator.randbytes(pd.IMAGE), generator.randbytes(pd.EXTRA)
            result = session.infer([image, extra])
            assert result.outputs[0] == pd.expected(image, extra)
            counts.append(pd.count(result.outputs[1]))
    except DeviceError:
        return None
    finally:
        assert device.clock() - start < 120
    if not session.redone:
        assert counts[1] == counts[0] + 1, "an inference was computed twice"
    return session.retries


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(faults, max_size=6), st.integers(0, 1 << 30))
@pytest.mark.invariant("S9")
def test_wrong_data_never_passes(device: pd.Lockstep, faults: list[Fault], seed: int) -> None:
    converse(device, faults, seed)


@pytest.mark.parametrize("on_read", [False, True], ids=["request", "answer"])
@pytest.mark.parametrize("kind", ["flip", "drop", "cut", "noise", "zero", "lose", "double"])
def test_one_fault_is_always_survived(device: pd.Lockstep, kind: str, on_read: bool) -> None:
    generator = random.Random(kind)
    for at in range(15):
        fault = Fault(on_read, at, kind, generator.random(), generator.randbytes(9))
        assert converse(device, [fault], seed=at) is not None


def test_a_lost_answer_to_an_inference_does_not_compute_again(device: pd.Lockstep) -> None:
    class LosesInvokes(FaultyLine):
        lost = 0

        def read(self, timeout: float) -> bytes:
            data = super().read(timeout)
            if self.lost < 3 and any(
                content[1] == frames.Kind.RUN | frames.ANSWER
                for content in frames.Decoder().feed(data)
            ):
                self.lost += 1
                return b""
            return data

    line = LosesInvokes(device, [])
    session = Session(line, clock=device.clock)
    inputs = [bytes(pd.IMAGE), bytes(pd.EXTRA)]
    counts = [pd.count(session.infer(inputs).outputs[1]) for _ in range(2)]
    assert line.lost == 3
    assert session.retries == 3
    assert counts[1] == counts[0] + 1


def test_a_device_that_restarts_is_noticed() -> None:
    class Restarting:
        name, byte_seconds = "restarting", 0.0

        def __init__(self) -> None:
            self.device = pd.Lockstep()

        def restart(self) -> None:
            self.device.close()
            self.device = pd.Lockstep()

        def write(self, data: bytes) -> None:
            self.device.write(data)

        def read(self, timeout: float) -> bytes:
            return self.device.read(timeout)

        def close(self) -> None:
            self.device.close()

    line = Restarting()
    with Session(line) as session:
        session.hello()
        session.infer([bytes(pd.IMAGE), bytes(pd.EXTRA)])
        line.restart()
        with pytest.raises(DeviceError, match="the device restarted"):
            session.infer([bytes(pd.IMAGE), bytes(pd.EXTRA)])
        session.hello()
        assert pd.count(session.infer([bytes(pd.IMAGE), bytes(pd.EXTRA)]).outputs[1]) == 1
