"""`--spy` writes every byte, and what it wrote is a device again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.line import Faults, FaultyLine
from tests.protocol import protocol_device as pd
from tinygen.devices.link import Session
from tinygen.devices.link.recording import (
    RecordedTransport,
    SpyTransport,
    open_recording,
)
from tinygen.devices.link.replay import ReplayTransport
from tinygen.errors import DeviceError, InputError

Ending = tuple[list[tuple[bytes, ...]], int, str]


def converse(session: Session, seed: int) -> Ending:
    """Three inferences: the outputs, the retries, how it ended."""
    generator = random.Random(seed)
    outputs, end = [], "well"
    try:
        session.hello()
        for _ in range(3):
            inputs = [generator.randbytes(pd.IMAGE), generator.randbytes(pd.EXTRA)]
            outputs.append(session.infer(inputs).outputs)
    except DeviceError as error:
        end = error.what.replace("a faulty line", "the line")
    return outputs, session.retries, end


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("mixed", 0.0), ("drop", 1e-3), ("inject", 1e-3), ("flip", 1e-3), ("close", 1e-3)],
)
def test_a_recording_is_a_device(kind: str, rate: float, tmp_path: Path) -> None:
    """The same outputs, and as many retries at the same places, or the same end."""
    device = pd.Lockstep()
    endings = set()
    for seed in range(8):
        file = tmp_path / f"{seed}.spy"
        with open_recording(file) as written:
            line = FaultyLine(device, Faults(kind, rate, seed), device.clock, device.wait)
            spy = SpyTransport(line, written, device.clock)
            then = converse(Session(spy, clock=device.clock), seed)
        played = RecordedTransport(file)
        again = converse(Session(played, clock=played.clock), seed)
        name = played.name
        assert again == (then[0], then[1], then[2].replace("the line", name))
        endings.add(then[2])
    assert ("well" in endings) or kind == "close"
    device.close()


def test_every_byte_is_written_with_its_time(tmp_path: Path) -> None:
    now = [5.0]
    inner = ReplayTransport(lambda data: data[::-1])
    with open_recording(tmp_path / "f") as file:
        spy = SpyTransport(inner, file, lambda: now[0])
        spy.write(b"\0\1\2")
        now[0] = 6.25
        assert spy.read(0.0) == b"\2\1\0"
        assert spy.read(0.0) == b""
        spy.close()
    assert (tmp_path / "f").read_text().splitlines()[1:] == [
        "0.000000 > 000102",
        "1.250000 < 020100",
    ]


TITLE = "# tinygen recording 1: seconds, > to the device or < from it, bytes\n"


@pytest.mark.parametrize(
    "text",
    ["", "nothing\n", f"{TITLE}0.1 > 0\n", f"{TITLE}x > 00\n", f"{TITLE}0.1 ? 00\n", f"{TITLE}1\n"],
)
def test_what_is_no_recording_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(InputError, match="cannot be played") as caught:
        RecordedTransport(tmp_path / "f")
    assert "--spy" in caught.value.next_step


def test_a_file_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        open_recording(tmp_path / "no" / "folder")
    with pytest.raises(InputError, match="cannot be played"):
        RecordedTransport(tmp_path / "no")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="cannot be played"):
        RecordedTransport(tmp_path / "binary")
