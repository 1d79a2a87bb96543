"""The session against a scripted device, on a clock of its own."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.protocol import protocol_device as pd
from tinygen.devices.link import ReplayTransport, Session, frames
from tinygen.devices.link.frames import Code, Feature, Kind
from tinygen.devices.link.hello import parse_description
from tinygen.errors import DeviceError, DoesNotFit


def text(value: str) -> bytes:
    return struct.pack("<H", len(value.encode())) + value.encode()


def tensor(name: str, size: int, code: int = 1) -> bytes:
    return text(name) + struct.pack("<BIfiBI", code, size, 0.5, -3, 1, size)


def description(
    payload: int = 64, window: int = 4, status: int = 0, features: int = 0, code: int = 1
) -> bytes:
    numbers = (features, status, 1000, 1500, 32000, 77, payload, window, 1, 1, 0)
    head = b"\xb1" * 16 + bytes(range(32)) + struct.pack("<IBIIIIHBHHH", *numbers)
    names = text("a model with a long name, much longer than one frame carries") * 3 + text("GCC")
    return head + names + tensor("in", 200, code) + tensor("out", 70, code)


@dataclass(frozen=True)
class Asked:
    """A request's kind, how often that one was asked by now, and the frame that answers it."""

    kind: int
    times: int
    answer: bytes

    def content(self) -> bytes:
        content = frames.decode(self.answer.strip(b"\0"))
        assert content is not None
        return content


class FakeDevice:
    """A device in Python: output is the input's first 70 bytes, reversed.

    `spoil` sees each request and says what goes out for it.
    """

    def __init__(self, describe: bytes = description()) -> None:
        self.describe = describe
        self.payload = 64
        self.asked: list[tuple[int, int]] = []
        self.input = bytearray(200)
        self.spoil: Callable[[Asked], bytes] = lambda asked: asked.answer
        self._decoder = frames.Decoder()

    def respond(self, data: bytes) -> bytes:
        return b"".join(self._answer(content) for content in self._decoder.feed(data))

    def _answer(self, content: bytes) -> bytes:
        version, kind, session, sequence = struct.unpack_from("<BBHI", content)
        assert version == frames.VERSION
        self.asked.append((kind, sequence))
        times = sum(asked == (kind, sequence) for asked in self.asked)
        head = struct.pack("<BBHIB", version, kind | 0x80, session, sequence, Code.OK)
        return self.spoil(Asked(kind, times, frames.encode(head + self._body(kind, content[8:]))))

    def _body(self, kind: int, body: bytes) -> bytes:
        output = bytes(reversed(self.input[:70]))
        if kind == Kind.HELLO:
            (offset,) = struct.unpack("<I", body)
            part = self.describe[offset : offset + self.payload]
            return struct.pack("<I", len(self.describe)) + part
        if kind == Kind.WRITE:
            _, offset = struct.unpack_from("<HI", body)
            self.input[offset : offset + len(body) - 6] = body[6:]
            return b""
        if kind == Kind.RUN:
            _, offset = struct.unpack_from("<HI", body, 4)
            self.input[offset : offset + len(body) - 10] = body[10:]
            output = bytes(reversed(self.input[:70]))
        if kind in (Kind.INVOKE, Kind.RUN):
            assert body[:4] == struct.pack("<I", zlib.crc32(self.input))
            told = struct.pack("<BQII", 0, 1 << 40, 99, zlib.crc32(output))
            return told + (output[: self.payload - 16] if kind == Kind.RUN else b"")
        _, offset, size = struct.unpack("<HIH", body)
        return output[offset : offset + size]


def open_session(device: FakeDevice) -> tuple[Session, ReplayTransport]:
    transport = ReplayTransport(device.respond)
    return Session(transport, clock=transport.clock), transport


DATA = bytes(range(200))


def test_an_inference_on_a_clean_line_takes_no_time_and_no_retry() -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    hello = session.hello()
    assert (hello.protocol, hello.model_sha256) == (2, bytes(range(32)).hex())
    assert (hello.build_id, hello.compiler) == ("b1" * 16, "GCC")
    assert (hello.arena_bytes, hello.arena_used) == (1000, 1500)
    assert (hello.tick_hz, hello.init_ticks) == (32000, 77)
    assert hello.inputs[0].name == "in"
    assert (hello.outputs[0].scale, hello.outputs[0].zero_point) == (0.5, -3)
    result = session.infer([DATA])
    assert result.outputs == (bytes(reversed(DATA[:70])),)
    assert (result.ticks, result.stack_used) == (1 << 40, 99)
    assert session.retries == 0
    assert transport.clock() == 0.0
    assert len({sequence for _, sequence in device.asked}) == len(device.asked)


def test_a_device_that_can_is_asked_once_less() -> None:
    """The last piece with the request to compute, the first outputs with its answer."""
    device = FakeDevice(description(features=Feature.RUN))
    session, _ = open_session(device)
    session.hello()
    device.asked.clear()
    assert session.infer([DATA]).outputs == (bytes(reversed(DATA[:70])),)
    # 200 bytes are three pieces of 64 and one of 8; of 70 bytes 48 come along.
    assert [kind for kind, _ in device.asked] == [*[Kind.WRITE] * 3, Kind.RUN, Kind.READ]


def test_a_device_may_say_what_started_it() -> None:
    """Older firmware does not, and newer may say more, at the end."""
    told = parse_description(description(features=Feature.RESET) + b"\x05" + text("tg_fault: x"))
    assert (told.reset, told.fault) == ("its watchdog", "tg_fault: x")
    assert (parse_description(description()).reset, parse_description(description()).fault) == (
        "",
        "",
    )
    with pytest.raises(DeviceError, match="makes no sense"):
        parse_description(description(features=Feature.RESET))
    with pytest.raises(DeviceError, match="makes no sense"):
        parse_description(description() + b"\x05")
    more = description(features=Feature.RESET | 1 << 30) + b"\xff" + text("") + b"more"
    assert parse_description(more).reset == ""


def test_a_small_model_takes_one_round_trip() -> None:
    device = FakeDevice(description(payload=256, features=Feature.RUN))
    device.payload = 256
    session, _ = open_session(device)
    session.hello()
    device.asked.clear()
    for times in (1, 2):
        assert session.infer([DATA]).outputs == (bytes(reversed(DATA[:70])),)
        assert [kind for kind, _ in device.asked] == [Kind.RUN] * times


@pytest.mark.parametrize("kind", [Kind.WRITE, Kind.INVOKE, Kind.READ])
def test_lost_answers_are_asked_for_again(kind: Kind) -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    session.hello()
    device.spoil = lambda asked: b"" if asked.kind == kind and asked.times <= 2 else asked.answer
    assert session.infer([DATA]).outputs == (bytes(reversed(DATA[:70])),)
    requests = {Kind.WRITE: 4, Kind.INVOKE: 1, Kind.READ: 2}[kind]
    assert session.retries == 2 * requests
    assert transport.clock() <= 10


@pytest.mark.parametrize(
    ("kind", "tries", "seconds"),
    [(Kind.WRITE, 6, 6.0), (Kind.READ, 6, 6.0), (Kind.INVOKE, 6, 60.0)],
)
def test_silence_ends_after_a_bounded_time(kind: Kind, tries: int, seconds: float) -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    session.hello()
    device.spoil = lambda asked: b"" if asked.kind == kind else asked.answer
    with pytest.raises(DeviceError, match="does not answer") as caught:
        session.infer([DATA])
    assert transport.clock() == pytest.approx(seconds, abs=0.1)
    assert f"after {tries} tries" in caught.value.why
    assert caught.value.next_step
    assert device.asked.count(device.asked[-1]) == tries


def test_a_second_inference_is_given_up_sooner() -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    session.hello()
    session.infer([DATA])
    device.spoil = lambda asked: b"" if asked.kind == Kind.INVOKE else asked.answer
    with pytest.raises(DeviceError):
        session.infer([DATA])
    assert transport.clock() <= 10


def test_hello_waits_for_a_device_that_starts_late() -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    device.spoil = lambda asked: b"boot\n" if transport.clock() < 3 else asked.answer
    assert session.hello(timeout=5).model.startswith("a model")
    assert transport.clock() == 3
    assert session.retries == 0


def test_hello_gives_up_and_tells_what_was_heard() -> None:
    transport = ReplayTransport(lambda _data: b"Hello from another firmware\r\n\0")
    session = Session(transport, clock=transport.clock)
    with pytest.raises(DeviceError) as caught:
        session.hello(timeout=3)
    assert transport.clock() == 3
    assert "Hello from another firmware" in caught.value.why


def test_another_version_is_named_with_ours() -> None:
    def respond(data: bytes) -> bytes:
        (content,) = frames.Decoder().feed(data)
        return frames.encode(bytes([9, content[1] | 0x80]) + content[2:8] + b"\1")

    with pytest.raises(DeviceError, match="version 9 of the protocol, this tinygen version 2"):
        Session(ReplayTransport(respond)).hello()


@pytest.mark.parametrize("code", [code for code in Code if code > Code.BAD_VERSION] + [200])
def test_error_answers_end_in_an_error_at_once(code: int) -> None:
    device = FakeDevice()
    session, transport = open_session(device)
    session.hello()

    def spoil(asked: Asked) -> bytes:
        wrong = frames.encode(asked.content()[:8] + bytes([code]))
        return wrong if asked.kind == Kind.INVOKE else asked.answer

    device.spoil = spoil
    with pytest.raises(DeviceError) as caught:
        session.infer([DATA])
    assert f"code {code}" in caught.value.why
    assert caught.value.next_step
    assert transport.clock() == 0


def test_answers_to_others_are_not_ours() -> None:
    device = FakeDevice()
    session, _ = open_session(device)
    session.hello()

    def spoil(asked: Asked) -> bytes:
        content = asked.content()
        other_session = frames.encode(content[:2] + b"\0\0" + content[4:-1] + b"!")
        other_sequence = frames.encode(content[:4] + b"\0\0\0\0" + content[8:-1] + b"!")
        echo = frames.encode(bytes([content[0], content[1] & 0x7F]) + content[2:])
        return other_session + other_sequence + echo + asked.answer + asked.answer

    device.spoil = spoil
    assert session.infer([DATA]).outputs == (bytes(reversed(DATA[:70])),)


def test_outputs_that_change_while_they_are_read_are_noticed() -> None:
    device = FakeDevice()
    session, _ = open_session(device)
    session.hello()

    def spoil(asked: Asked) -> bytes:
        device.input[0] ^= asked.kind == Kind.INVOKE
        return asked.answer

    device.spoil = spoil
    with pytest.raises(DeviceError, match="changed while they were read"):
        session.infer([DATA])


def test_an_arena_too_small_is_told_in_numbers() -> None:
    session, _ = open_session(FakeDevice(description(status=2)))
    assert session.hello().model_status == 2
    with pytest.raises(DoesNotFit, match=r"1,500 bytes.*1,000 bytes"):
        session.infer([DATA])


@pytest.mark.parametrize(
    "broken",
    [
        description()[:-1],
        description() + b"x",
        description(payload=8),
        description(window=0),
        description().replace(b"in", b"\xff\xff"),
        description().replace(struct.pack("<BI", 1, 200), struct.pack("<BI", 9, 200)),
        description()[:-4] + bytes(4),
    ],
)
def test_a_senseless_description_is_an_error(broken: bytes) -> None:
    with pytest.raises(DeviceError, match="makes no sense"):
        open_session(FakeDevice(broken))[0].hello()


def test_wrong_inputs_are_refused_before_anything_is_sent() -> None:
    device = FakeDevice()
    session, _ = open_session(device)
    session.hello()
    before = len(device.asked)
    for inputs in ([], [DATA, DATA], [DATA[:-1]]):
        with pytest.raises(DeviceError):
            session.infer(inputs)
    assert len(device.asked) == before


def test_the_window_is_bounded_by_both_sides() -> None:
    for theirs, ours, expected in ((4, None, 4), (4, 2, 2), (1, 8, 1)):
        device = FakeDevice(description(window=theirs))
        at_once: list[int] = []

        def respond(
            data: bytes, device: FakeDevice = device, at_once: list[int] = at_once
        ) -> bytes:
            before = len(device.asked)
            answer = device.respond(data)
            at_once.append(len(device.asked) - before)
            return answer

        session = Session(ReplayTransport(respond), window=ours)
        session.hello()
        session.infer([DATA])
        assert max(at_once) == expected


def test_the_real_device_says_no_when_its_model_fails() -> None:
    with (
        Session(pd.start(FAKE_INVOKE="1")) as session,
        pytest.raises(DeviceError, match="the model failed") as caught,
    ):
        session.infer([bytes(pd.IMAGE), bytes(pd.EXTRA)])
    assert "model status 1" in caught.value.why
    with (
        Session(pd.start(FAKE_INIT="2")) as session,
        pytest.raises(DoesNotFit, match=r"3,000 bytes.*2,000 bytes"),
    ):
        session.infer([bytes(pd.IMAGE), bytes(pd.EXTRA)])


@pytest.mark.parametrize(
    ("code", "dtype", "size"),
    [(1, "int8", 1), (2, "uint8", 1), (3, "int16", 2), (4, "int32", 4), (5, "float32", 4)],
)
def test_a_tensors_bytes_are_its_elements_times_their_size(
    code: int, dtype: str, size: int
) -> None:
    hello = open_session(FakeDevice(description(code=code)))[0].hello()
    assert [t.dtype.value for t in (*hello.inputs, *hello.outputs)] == [dtype] * 2
    assert [t.nbytes for t in (*hello.inputs, *hello.outputs)] == [200 * size, 70 * size]


def test_features_of_a_later_firmware_do_no_harm() -> None:
    hello = open_session(FakeDevice(description(features=0x80000003)))[0].hello()
    assert Feature.LAYERS in hello.features
    assert Feature.LAYERS not in open_session(FakeDevice())[0].hello().features


def test_a_device_of_version_1_is_told_from_ours() -> None:
    """It answers in the head that all versions have, whatever the request's body is."""

    def respond(data: bytes) -> bytes:
        (content,) = frames.Decoder().feed(data)
        assert content[0] == frames.VERSION == 2
        return frames.encode(bytes([1, content[1] | 0x80]) + content[2:8] + b"\1")

    with pytest.raises(DeviceError, match="version 1 of the protocol, this tinygen version 2") as e:
        Session(ReplayTransport(respond)).hello()
    assert "flash" in e.value.next_step


@pytest.mark.invariant("S8")
def test_what_a_device_calls_itself_cannot_reach_the_terminal() -> None:
    told = description().replace(b"GCC", b"\x1b[2")
    assert open_session(FakeDevice(told))[0].hello().compiler == "\\x1b[2"
