"""The device's side, compiled with sanitizers: framing, answers, and whatever may arrive."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cobs import cobs

from tests.protocol import protocol_device as pd
from tinygen.devices.link import ProcessTransport, Session, frames
from tinygen.devices.link.frames import Answer, Code, Feature, Kind
from tinygen.devices.link.hello import RESETS
from tinygen.project import build_id

HEADER = pd.FIRMWARE / "protocol" / "tg_protocol.h"
SESSION = 0x1234


class Raw:
    """Frames sent by hand, answers as they come."""

    def __init__(self, payload: int = 256) -> None:
        self.device = pd.Lockstep(payload)
        self.decoder = frames.Decoder()

    def send(self, data: bytes) -> list[Answer]:
        """All that the device answers to these bytes."""
        self.device.write(data)
        received = b""
        while got := self.device.read(0.0):
            received += got
        answers = [frames.parse_answer(content) for content in self.decoder.feed(received)]
        return [answer for answer in answers if answer is not None]

    def ask(self, kind: int, body: bytes, sequence: int = 1, session: int = SESSION) -> Answer:
        """The one answer to one request."""
        (answer,) = self.send(frames.request(kind, session, sequence, body))
        assert (answer.kind, answer.session, answer.sequence) == (kind, session, sequence)
        return answer

    def infer(self, image: bytes, extra: bytes, sequence: int) -> Answer:
        for index, data in enumerate((image, extra)):
            for offset in range(0, len(data), 200):
                part = data[offset : offset + 200]
                answer = self.ask(Kind.WRITE, struct.pack("<HI", index, offset) + part)
                assert answer.code == Code.OK
        return self.ask(Kind.INVOKE, struct.pack("<I", zlib.crc32(image + extra)), sequence)


@pytest.fixture
def raw() -> Iterator[Raw]:
    raw = Raw()
    assert raw.ask(Kind.HELLO, bytes(4)).code == Code.OK
    yield raw
    raw.device.close()


def random_inputs(seed: int) -> tuple[bytes, bytes]:
    generator = random.Random(seed)
    return generator.randbytes(pd.IMAGE), generator.randbytes(pd.EXTRA)


@pytest.mark.parametrize("dialect", pd.DIALECTS, ids=" ".join)
def test_compiles_without_a_warning(dialect: tuple[str, ...], tmp_path: Path) -> None:
    program = pd.compile_device(tmp_path / "device", dialect)
    with Session(ProcessTransport([str(program)])) as session:
        hello = session.hello()
        assert hello.board == "host"
        assert (hello.build_id, hello.compiler) == ("b1000004" + "00" * 12, "tests")
        assert (hello.features, hello.layers) == (Feature.RUN | Feature.RESET, 0)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("0", b'\r\ntinygen: fake on host waits for "tinygen verify"\r\n'),
        ("2", b"\r\ntinygen: fake on host did not start\r\n"),
    ],
)
def test_a_line_at_the_start_says_what_runs(status: str, line: bytes) -> None:
    """A serial monitor is not silent, and the host, which hears it too, is not disturbed."""
    device = pd.start(FAKE_INIT=status)
    heard = b""
    while len(heard) < len(line):
        heard += device.read(5.0)
    assert heard == line
    device.close()
    with Session(pd.start(FAKE_INIT=status)) as session:
        assert session.hello().model_status == int(status)
        assert session.retries == 0


def test_what_started_it_is_told() -> None:
    """In the line of text at the start and in the description, with the fault before it."""
    fault = "tg_fault: pc 0x00000c3e lr 0x00000a11"
    for code, words in RESETS.items():
        before = fault if code == 6 else ""
        device = pd.start(TEST_RESET=str(code), TEST_FAULT=before)
        line = b""
        while line.count(b"\n") < (3 if code == 6 else 2):
            line += device.read(5.0)
        device.close()
        assert b'"tinygen verify"; ' in line
        assert line.endswith(f"tinygen: before that {fault}\r\n".encode()) == (code == 6)
        with Session(pd.start(TEST_RESET=str(code), TEST_FAULT=before)) as session:
            hello = session.hello()
            assert (hello.reset, hello.fault) == (words, before)
    with Session(pd.start(payload=32, TEST_RESET="6", TEST_FAULT=fault)) as session:
        assert session.hello().fault == fault


def test_both_sides_have_the_same_constants() -> None:
    defines = dict(re.findall(r"#define TG_(\w+) (0x[0-9a-f]+|\d+)u\b", HEADER.read_text()))
    header = {name: int(value, 0) for name, value in defines.items()}
    python = {kind.name: kind.value for kind in Kind} | {code.name: code.value for code in Code}
    python |= {"VERSION": frames.VERSION, "ANSWER": frames.ANSWER}
    python |= {"QUIET_SECONDS": frames.QUIET_SECONDS}
    python |= {f"TYPE_{dtype.name}": code for code, dtype in frames.LAYER_TYPES.items()}
    python |= {f"FEATURE_{feature.name}": feature.value for feature in Feature}
    assert header["RUN_MARGIN"] == frames.RUN_MARGIN
    board = {"RUN_MARGIN", "HEAD_BYTES", "MARGIN_BYTES", "CRC_BYTES", "PAYLOAD_BYTES", "WINDOW"}
    assert {name: value for name, value in header.items() if name not in board} == python
    assert f"TG_PAYLOAD_BYTES > {frames.PAYLOAD_MAX}" in HEADER.read_text()
    beside = HEADER.with_name("tg_build_id.h").read_text()
    assert f"#define TG_BUILD_ID_BYTES {frames.BUILD_ID_BYTES}u" in beside
    assert frames.BUILD_ID_BYTES == build_id.BYTES


def test_both_sides_are_described_in_the_same_words() -> None:
    comment = HEADER.read_text().split("*/")[0]
    words = "\n".join(line.removeprefix(" *").removeprefix(" ") for line in comment.splitlines())
    assert frames.__doc__ is not None
    wire = frames.__doc__[frames.__doc__.index("The wire, version") :].strip()
    assert wire == words[words.index("The wire, version") :].strip()


@pytest.mark.parametrize("payload", [32, 253, 254, 255, 1024])
def test_every_length_and_pattern_survives_encoding(payload: int) -> None:
    raw = Raw(payload)
    raw.ask(Kind.HELLO, bytes(4))
    step = bytes((-i) & 0xFF for i in range(pd.IMAGE))  # score i becomes -2 i: some zeros
    for image in (step, random_inputs(payload)[0]):
        for offset in range(0, pd.IMAGE, 16):
            part = struct.pack("<HI", 0, offset) + image[offset : offset + 16]
            assert raw.ask(Kind.WRITE, part).code == Code.OK
        raw.ask(Kind.WRITE, struct.pack("<HI", 1, 0) + bytes(3))
        crc = struct.pack("<I", zlib.crc32(image + bytes(3)))
        assert raw.ask(Kind.INVOKE, crc, sequence=image[1]).code == Code.OK
        scores = pd.expected(image, bytes(3))
        for size in range(min(payload, pd.SCORES) + 1):
            answer = raw.ask(Kind.READ, struct.pack("<HIH", 0, pd.SCORES - size, size))
            assert answer.body == scores[pd.SCORES - size :]
    raw.device.close()


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (99, b"", Code.BAD_REQUEST),
        (Kind.LAYERS, bytes(4), Code.BAD_REQUEST),  # kept for later
        (Kind.STEP, bytes(6), Code.BAD_REQUEST),
        (Kind.PEEK, bytes(9), Code.BAD_REQUEST),
        (0, b"", Code.BAD_REQUEST),
        (Kind.HELLO, b"123", Code.BAD_REQUEST),
        (Kind.HELLO, struct.pack("<I", 0xFFFFFFFF), Code.BAD_RANGE),
        (Kind.WRITE, b"12345", Code.BAD_REQUEST),
        (Kind.WRITE, struct.pack("<HI", 2, 0) + b"x", Code.BAD_INDEX),
        (Kind.WRITE, struct.pack("<HI", 0, 600) + b"x", Code.BAD_RANGE),
        (Kind.WRITE, struct.pack("<HI", 0, 0xFFFFFFFF) + b"x", Code.BAD_RANGE),
        (Kind.WRITE, struct.pack("<HI", 1, 1) + b"abc", Code.BAD_RANGE),
        (Kind.WRITE, struct.pack("<HI", 0, 0) + bytes(257), Code.BAD_RANGE),
        (Kind.INVOKE, b"123", Code.BAD_REQUEST),
        (Kind.INVOKE, b"1234", Code.BAD_INPUTS),
        (Kind.RUN, b"123456789", Code.BAD_REQUEST),
        (Kind.RUN, b"1234", Code.BAD_REQUEST),
        (Kind.RUN, b"123", Code.BAD_REQUEST),
        (Kind.RUN, b"1234" + struct.pack("<HI", 2, 0), Code.BAD_INDEX),
        (Kind.RUN, b"1234" + struct.pack("<HI", 1, 1) + b"abc", Code.BAD_RANGE),
        (Kind.RUN, b"1234" + struct.pack("<HI", 1, 0) + b"abc", Code.BAD_INPUTS),
        (Kind.READ, b"1234567", Code.BAD_REQUEST),
        (Kind.READ, struct.pack("<HIH", 2, 0, 1), Code.BAD_INDEX),
        (Kind.READ, struct.pack("<HIH", 0, 700, 1), Code.BAD_RANGE),
        (Kind.READ, struct.pack("<HIH", 0, 0xFFFFFFFF, 2), Code.BAD_RANGE),
        (Kind.READ, struct.pack("<HIH", 0, 0, 257), Code.BAD_RANGE),
        (Kind.READ, struct.pack("<HIH", 0, 0, 1), Code.NO_OUTPUTS),
    ],
)
def test_wrong_requests_have_codes(raw: Raw, kind: int, body: bytes, code: Code) -> None:
    answer = raw.ask(kind, body)
    assert (answer.code, answer.body) == (code, b"")


def test_another_version_is_told_ours(raw: Raw) -> None:
    (answer,) = raw.send(frames.request(Kind.HELLO, SESSION, 7, b"whatever", version=200))
    assert (answer.version, answer.code, answer.sequence) == (2, Code.BAD_VERSION, 7)


def test_only_hello_works_outside_a_session(raw: Raw) -> None:
    read = struct.pack("<HIH", 0, 0, 1)
    assert raw.ask(Kind.READ, read, session=SESSION + 1).code == Code.NO_SESSION
    assert raw.ask(Kind.READ, read, session=0).code == Code.NO_SESSION
    assert raw.ask(Kind.HELLO, bytes(4), session=0).code == Code.BAD_REQUEST
    assert raw.ask(Kind.READ, read).code == Code.NO_OUTPUTS  # still open


def test_an_inference_asked_twice_is_computed_once(raw: Raw) -> None:
    image, extra = random_inputs(1)
    first = raw.infer(image, extra, sequence=50)
    assert raw.infer(image, extra, sequence=50) == first
    assert raw.ask(Kind.READ, struct.pack("<HIH", 1, 0, 4)).code == Code.NO_OUTPUTS
    raw.infer(image, extra, sequence=51)
    again = raw.ask(Kind.INVOKE, bytes(4), sequence=51)  # not even its CRC-32 matters
    assert again.code == Code.OK
    assert pd.count(raw.ask(Kind.READ, struct.pack("<HIH", 1, 0, 4)).body) == 2


@pytest.mark.parametrize("payload", [32, 256, 1024])
def test_a_run_is_the_last_write_an_inference_and_the_first_read(payload: int) -> None:
    raw = Raw(payload)
    raw.ask(Kind.HELLO, bytes(4))
    image, extra = random_inputs(3)
    crc = struct.pack("<I", zlib.crc32(image + extra))
    for offset in range(0, pd.IMAGE, 16):
        raw.ask(Kind.WRITE, struct.pack("<HI", 0, offset) + image[offset : offset + 16])
    run = crc + struct.pack("<HI", 1, 0) + extra
    first = raw.ask(Kind.RUN, run, sequence=60)
    assert first.code == Code.OK
    outputs = pd.expected(image, extra) + struct.pack("<I", 1)
    assert first.body[17:] == outputs[: payload - 16]
    assert raw.ask(Kind.RUN, run, sequence=60) == first, "repeated, and not computed again"
    assert raw.ask(Kind.READ, struct.pack("<HIH", 0, 684, 16)).body == outputs[684:700]
    raw.ask(Kind.WRITE, struct.pack("<HI", 1, 0))
    assert raw.ask(Kind.RUN, run, sequence=60).body == first.body[:17]
    assert raw.ask(Kind.RUN, run, sequence=61).code == Code.BAD_INPUTS
    raw.device.close()


def test_a_new_session_does_not_get_the_old_ones_answer(raw: Raw) -> None:
    image, extra = random_inputs(2)
    assert raw.infer(image, extra, sequence=50).code == Code.OK
    raw.ask(Kind.HELLO, bytes(4), session=9)
    answer = raw.ask(Kind.INVOKE, bytes(4), sequence=50, session=9)
    assert answer.code == Code.BAD_INPUTS
    assert raw.ask(Kind.READ, struct.pack("<HIH", 0, 0, 1), session=9).code == Code.NO_OUTPUTS


def mutations(frame: bytes) -> Iterator[bytes]:
    """Every bit flipped, byte dropped, byte doubled, noise byte inserted, and truncation."""
    for at in range(len(frame)):
        for bit in range(8):
            yield frame[:at] + bytes([frame[at] ^ 1 << bit]) + frame[at + 1 :]
        yield frame[:at] + frame[at + 1 :]
        yield frame[: at + 1] + frame[at:]
        yield frame[:at]
        yield frame[:at] + b"\x03" + frame[at:]
        yield frame[:at] + b"\0" + frame[at:]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.HELLO, struct.pack("<I", 60)),
        (Kind.WRITE, struct.pack("<HI", 1, 0) + b"\0\x07\0"),
        (Kind.INVOKE, b"\1\2\3\4"),
        (Kind.READ, struct.pack("<HIH", 0, 256, 32)),
    ],
    ids=["hello", "write", "invoke", "read"],
)
def test_a_damaged_request_gets_no_answer_but_its_own(raw: Raw, kind: Kind, body: bytes) -> None:
    frame = frames.request(kind, SESSION, 5, body)
    (right,) = raw.send(frame)
    marker = frames.request(77, SESSION, 6, b"")
    for damaged in mutations(frame):
        *answers, last = raw.send(damaged + marker)
        assert last.sequence == 6
        assert all(answer == right for answer in answers)


def test_noise_around_frames_and_frames_too_long_are_ignored(raw: Raw) -> None:
    hello = frames.request(Kind.HELLO, SESSION, 5, bytes(4))
    boot = b"rst:0x1 (POWERON_RESET),boot:0x13\r\nentry 0x400805e4\r\n"
    for noise in (boot, b"\xff" * 5000, b"\x01" * 5000, b"\0" * 5000, frames.encode(bytes(5000))):
        (answer,) = raw.send(noise + hello + noise)
        assert answer.sequence == 5


def test_what_only_looks_like_a_request_is_ignored(raw: Raw) -> None:
    content = struct.pack("<BBHI", frames.VERSION, Kind.HELLO, SESSION, 5) + bytes(4)
    assert len(raw.send(frames.encode(content))) == 1
    assert raw.send(frames.encode(content[:7])) == []
    assert raw.send(frames.encode(b"")) == []
    # Our own answer, echoed by the line: to answer it would never end.
    assert raw.send(frames.encode(bytes([content[0], content[1] | 0x80]) + content[2:])) == []
    # A last block that announces a byte more than it has.
    frame = frames.request(Kind.INVOKE, 0x1111, 0x11111111, b"1111")
    assert frame.count(0) == 2
    assert len(raw.send(frame)) == 1
    assert raw.send(b"\0" + bytes([frame[1] + 1]) + frame[2:]) == []
    # A whole request as long as the buffer, and more behind it.
    whole = content.ljust(8 + 8 + 256, b"x")
    whole += struct.pack("<I", zlib.crc32(whole))
    assert len(raw.send(b"\0" + cobs.encode(whole) + b"\0")) == 1
    assert raw.send(b"\0" + cobs.encode(whole + b"more") + b"\0") == []


@pytest.mark.invariant("S10")
def test_survives_random_bytes(raw: Raw) -> None:
    generator = random.Random(7)
    for size in [generator.randrange(1, 3000) for _ in range(300)]:
        noise = generator.randbytes(size)
        if size % 3 == 0:  # few zeros, so that long blocks come up
            noise = noise.replace(b"\0", b"\x05")
        raw.send(noise)
    (answer,) = raw.send(frames.request(Kind.HELLO, SESSION, 5, bytes(4)))
    assert answer.code == Code.OK


@pytest.mark.invariant("S10")
def test_survives_random_requests(raw: Raw) -> None:
    generator = random.Random(8)
    words = (0, 1, 2, 3, 255, 256, 599, 600, 700, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    codes = set()
    for _ in range(4000):
        body = struct.pack("<HI", generator.choice((0, 1, 2, 65535)), generator.choice(words))
        body += generator.randbytes(generator.choice((0, 1, 2, 2, 2, 3, 200, 256, 260)))
        body = body[: generator.randrange(len(body) + 1)] if generator.random() < 0.2 else body
        kind = generator.choice((1, 2, 2, 3, 4, 4, 4, 8, generator.randrange(128)))
        for answer in raw.send(frames.request(kind, SESSION, generator.randrange(1 << 32), body)):
            codes.add(answer.code)
    assert {Code.OK, Code.BAD_REQUEST, Code.BAD_INDEX, Code.BAD_RANGE} <= codes
