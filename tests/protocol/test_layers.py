"""Firmware that is built to be looked into: its layers, what they noted, one tensor of them."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.protocol import protocol_device as pd
from tinygen.devices.link import Session, frames
from tinygen.devices.link.frames import Answer, Code, Feature, Kind
from tinygen.devices.link.layers import DeviceLayer, LayerOutput
from tinygen.errors import DeviceError
from tinygen.ir import DType

IMAGE, EXTRA = bytes(i % 251 for i in range(pd.IMAGE)), b"\x05\xfb\x01"
CRC = zlib.crc32(IMAGE + EXTRA)
SCORES = pd.expected(IMAGE, EXTRA)


@pytest.fixture(params=[32, 256, 1024])
def device(request: pytest.FixtureRequest) -> Iterator[pd.Lockstep]:
    device = pd.Lockstep(program=pd.device(request.param, traced=True))
    yield device
    device.close()


@pytest.fixture
def session(device: pd.Lockstep) -> Session:
    return Session(device, clock=device.clock)


@pytest.mark.parametrize("dialect", pd.DIALECTS, ids=" ".join)
def test_compiles_without_a_warning(dialect: tuple[str, ...], tmp_path: Path) -> None:
    pd.compile_device(tmp_path / "device", dialect, ["-DTG_TRACED"])


def test_what_the_layers_are_and_what_each_took(session: Session) -> None:
    assert Feature.LAYERS in session.hello().features
    assert session.layers() == (
        DeviceLayer("scores", "ADD", (LayerOutput(DType.INT8, pd.SCORES),)),
        DeviceLayer(
            "count", "ADD, CAST", (LayerOutput(DType.INT32, 1), LayerOutput(DType.BOOL, 1))
        ),
    )
    for count in (1, 2):
        inference = session.infer([IMAGE, EXTRA])
        assert inference.outputs == (SCORES, struct.pack("<I", count))
        assert inference.ticks == 123456789012
        first, second = session.trace()
        assert (first.ticks, second.ticks) == (1000, 123456788012)
        assert first.crcs == (zlib.crc32(SCORES),)
        number = struct.pack("<I", count)
        assert second.crcs == (zlib.crc32(number), zlib.crc32(number[:1]))
    assert session.retries == 0


def test_a_tensor_is_read_where_the_inference_stays(session: Session) -> None:
    session.hello()
    assert session.tensor([IMAGE, EXTRA], 0, 0) == SCORES
    assert session.tensor([IMAGE, EXTRA], 1, 1) == b"\2"
    assert session.tensor([IMAGE, EXTRA], 0, 0, stay=1) == SCORES, "where a layer before it wrote"
    outputs = session.infer([IMAGE, EXTRA]).outputs
    assert outputs == (SCORES, struct.pack("<I", 4)), "each inference ran to its end"
    assert session.retries == 0


class Raw:
    """Frames sent by hand, answers as they come."""

    def __init__(self, device: pd.Lockstep) -> None:
        self.device = device
        self.decoder = frames.Decoder()
        self.sequence = 0

    def send(self, data: bytes) -> list[Answer]:
        self.device.write(data)
        received = b""
        while got := self.device.read(0.0):
            received += got
        answers = [frames.parse_answer(content) for content in self.decoder.feed(received)]
        return [answer for answer in answers if answer is not None]

    def ask(self, kind: Kind, body: bytes, sequence: int | None = None) -> Answer:
        self.sequence += 1
        used = self.sequence if sequence is None else sequence
        (answer,) = self.send(frames.request(kind, 7, used, body))
        assert (answer.kind, answer.sequence) == (kind, used)
        return answer

    def inputs(self) -> None:
        for index, data in enumerate((IMAGE, EXTRA)):
            for offset in range(0, len(data), 32):
                piece = data[offset : offset + 32]
                body = struct.pack("<HI", index, offset) + piece
                assert self.ask(Kind.WRITE, body).code == Code.OK


STEP = struct.pack("<IH", CRC, 0)


def peek(layer: int, output: int, offset: int, size: int) -> bytes:
    return struct.pack("<HBIH", layer, output, offset, size)


def test_requests_at_a_layer(device: pd.Lockstep) -> None:
    raw = Raw(device)
    assert raw.ask(Kind.HELLO, bytes(4)).code == Code.OK
    raw.inputs()
    assert raw.ask(Kind.STEP, b"12345").code == Code.BAD_REQUEST
    assert raw.ask(Kind.STEP, struct.pack("<IH", CRC, 2)).code == Code.BAD_INDEX
    assert raw.ask(Kind.STEP, struct.pack("<IH", CRC ^ 1, 0)).code == Code.BAD_INPUTS
    assert raw.ask(Kind.PEEK, peek(0, 0, 0, 1)).code == Code.NO_OUTPUTS
    assert raw.ask(Kind.TRACE, b"123").code == Code.BAD_REQUEST
    assert raw.ask(Kind.LAYERS, struct.pack("<I", 1 << 30)).code == Code.BAD_RANGE
    first = raw.ask(Kind.STEP, STEP, sequence=500)
    assert (first.code, first.body) == (Code.OK, struct.pack("<BQ", 0, 1000))
    assert raw.ask(Kind.STEP, STEP, sequence=500) == first, "asked again: it stays where it is"
    assert raw.ask(Kind.PEEK, b"12345678").code == Code.BAD_REQUEST
    for wrong in (peek(1, 0, 0, 1), peek(0, 1, 0, 1)):
        assert raw.ask(Kind.PEEK, wrong).code == Code.BAD_INDEX
    for wrong in (peek(0, 0, 699, 2), peek(0, 0, 0xFFFFFFFF, 1), peek(0, 0, 0, 1025)):
        assert raw.ask(Kind.PEEK, wrong).code == Code.BAD_RANGE
    assert raw.ask(Kind.PEEK, peek(0, 0, 690, 10)).body == SCORES[690:]
    assert raw.ask(Kind.PEEK, peek(0, 0, 0, 3)).body == SCORES[:3]
    # Another request waits for the end of the inference, whose outputs are not asked for.
    assert raw.ask(Kind.READ, struct.pack("<HIH", 0, 0, 1)).code == Code.NO_OUTPUTS
    assert raw.ask(Kind.PEEK, peek(0, 0, 0, 1)).code == Code.NO_OUTPUTS
    raw.inputs()
    answer = raw.ask(Kind.INVOKE, struct.pack("<I", CRC))
    assert answer.code == Code.OK
    assert raw.ask(Kind.READ, struct.pack("<HIH", 1, 0, 4)).body == struct.pack("<I", 2)


def test_whatever_comes_while_it_stays(device: pd.Lockstep) -> None:
    """Any bytes and requests: the device answers the next hello, and computes."""
    raw = Raw(device)
    generator = random.Random(4)
    kinds = [*Kind, 0, 99]
    for _ in range(60):
        raw.ask(Kind.HELLO, bytes(4))
        raw.inputs()
        raw.ask(Kind.STEP, STEP)
        for _ in range(generator.randrange(4)):
            body = generator.randbytes(generator.randrange(12))
            several = b"".join(
                frames.request(generator.choice(kinds), generator.choice([7, 7, 9]), 40 + i, body)
                for i in range(generator.randrange(3))
            )
            raw.send(generator.choice([several, generator.randbytes(30) + b"\0"]))
    assert raw.ask(Kind.HELLO, bytes(4)).code == Code.OK
    raw.inputs()
    assert raw.ask(Kind.INVOKE, struct.pack("<I", CRC)).code == Code.OK
    assert raw.ask(Kind.READ, struct.pack("<HIH", 0, 0, 32)).body == SCORES[:32]


def test_a_model_that_fails_before_the_layer_says_so() -> None:
    device = pd.Lockstep(program=pd.device(256, traced=True), FAKE_INVOKE="1")
    with Session(device, clock=device.clock) as session:
        session.hello()
        assert session.tensor([IMAGE, EXTRA], 0, 0) == SCORES, "it stays before it fails"
        with pytest.raises(DeviceError, match="the model failed on the device"):
            session.infer([IMAGE, EXTRA])


def test_firmware_that_is_not_built_so_says_what_to_do() -> None:
    device = pd.Lockstep(256)
    with Session(device, clock=device.clock) as session:
        with pytest.raises(DeviceError, match="notes nothing of its layers") as caught:
            session.layers()
        assert "tinygen flash --layers" in caught.value.next_step
