"""The serial protocol between tinygen and a device: frames, requests and answers.

The wire, version 2
-------------------
Integers are little-endian. A frame is

    00  COBS(content, CRC-32 of content)  00

The zero in front ends whatever noise came before it; an empty frame means nothing. A frame
that does not decode, is longer than the receiver's buffer or fails its CRC-32 (zlib's) is
dropped in silence: the other side's time limit finds it.

    request  version u8, kind u8,        session u16, sequence u32, body
    answer   version u8, kind u8 | 0x80, session u16, sequence u32, code u8, body

This head is the same in every version, so that two sides can always say that they differ.
An answer repeats the session and the sequence of its request.

    kind    body of the request               body of the answer
    HELLO   offset u32 [, model u8]           total u32, part of the description
    WRITE   input u16, offset u32, bytes      (empty)
    INVOKE  CRC-32 of all inputs u32          status u8, ticks u64, stack u32,
                                              CRC-32 of all outputs u32
    READ    output u16, offset u32, size u16  bytes
    LAYERS  offset u32                        total u32, part of the table of layers
    STEP    CRC-32 of all inputs u32,         status u8, ticks u64
            layer u16
    PEEK    layer u16, output u8,             bytes
            offset u32, size u16
    TRACE   offset u32                        total u32, part of the trace
    RUN     CRC-32 of all inputs u32,         as INVOKE, then bytes of all outputs
            input u16, offset u32, bytes
    BAUD    bits per second u32, bytes        the same
    BEGIN   hold u8                           (empty)

HELLO opens the session its head names (never 0), about one model: the first one, or, where the
features say that there are several, the one that it names; the next HELLO may name another.
Models may share memory: one that is no longer the session's has no outputs. Any other request
outside the open session is answered NO_SESSION, so a device that restarted is noticed. HELLO,
WRITE and READ may be repeated freely. INVOKE may overwrite its inputs, so the device keeps the
answer to the last one and sends it again when that sequence number is asked again; it computes
only when its inputs have the CRC-32 the host names. Several requests may be under way, at most
`window`.

RUN, where the features say it, is the last WRITE, the INVOKE and the first READ in one: a small
model takes one round trip. It writes its piece, computes, and is repeated as INVOKE is. Its
answer carries the outputs one after the other from the first byte on, as many as there is room
for: `payload` less 16. A repeated answer has none once an input was written since.

BAUD, where the features say it, asks for another rate of a serial line. It is answered at the
rate of before, then the device changes to it; asked of a rate that it has, it only answers, so
that both sides see what arrives of how many bytes. A device that hears no request for two
seconds at another rate than its first is at its first again.

BEGIN, where the features say STATE, is for a model that remembers what it was given: it forgets
that, and a sequence of inferences begins. They are computed one after the other, each once: a
request that arrives after one with a later sequence number is dropped where it would change
anything. While the sequence goes on, with `hold` not 0, nothing else on the device runs the
model; without a request for two seconds it is let go. An inference outside of a sequence, or
a STEP that was taken, is answered NO_STATE: begin, and give all inputs again.

LAYERS, STEP, PEEK and TRACE are for firmware that is built to be looked into, and says so in
its features. LAYERS is what its layers are. Every inference notes of each what it took and a
CRC-32 of each tensor that it wrote: TRACE. STEP computes up to a layer and is answered once
that is done, with what it took; there the model stays, PEEK reads where that layer wrote, or
one before it, and the same STEP is answered again. A request of another kind lets the inference
run on to its end and is answered then: the first one is best sent alone. A device answers
BAD_REQUEST to a kind that it does not know: a new one takes a feature, no new version.

An error answer has a code other than OK and an empty body, but for NOT_READY, whose body is
the status of model_init (u8), and MODEL, whose body is that of INVOKE.

    description  build id (16 bytes), SHA-256 of the model (32 bytes), features u32,
                 status of model_init u8, arena bytes reserved u32, arena bytes used u32,
                 ticks per second u32, ticks of model_init u32, payload u16, window u8,
                 inputs u16, outputs u16, layers u16, model text, engine text, board text,
                 compiler text, each input, each output; with the feature RESET the reason
                 of the last reset u8 and the words of the fault before it, text; with
                 the feature BAUD the highest rate u32; with the feature MODELS how many
                 there are u8
    text         length u16, UTF-8
    tensor       name text, type u8, elements u32, scale f32, zero point i32,
                 rank u8, rank times u32
    layer        name text, kind text, outputs u8, each output: type u8, elements u32
    trace        of each layer: ticks u64, of each output a CRC-32 u32

The build id says which firmware this is: a hash over the sources that it was built of. `layers`
is how many the table of layers has, 0 without that feature. `payload` is the most bytes that
one WRITE, READ, PEEK or part of the description or a table carries. Offsets and sizes are in
bytes; a tensor has as many as its elements times the size of its type.
"""

from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass

from cobs import cobs

from tinygen.ir import DType

VERSION = 2
ANSWER = 0x80
BUILD_ID_BYTES = 16
PAYLOAD_MAX = 32768
RUN_MARGIN = 16
"""How much less than `payload` one RUN carries, either way."""

QUIET_SECONDS = 2
"""Without a request, after which a device at another rate is at its first again."""

TYPES = {dtype.wire: dtype for dtype in DType if dtype.wire is not None}
"""The element types of inputs and outputs by their codes."""

LAYER_TYPES = {**TYPES, 6: DType.INT64, 7: DType.BOOL}
"""Those of all tensors."""

_HEAD = struct.Struct("<BBHI")
_CRC = struct.Struct("<I")
_LONGEST = PAYLOAD_MAX + PAYLOAD_MAX // 254 + 64
_NOISE_KEPT = 400


class Kind(enum.IntEnum):
    """What a request asks for."""

    HELLO = 1
    WRITE = 2
    INVOKE = 3
    READ = 4
    LAYERS = 5
    STEP = 6
    PEEK = 7
    RUN = 8
    BAUD = 9
    TRACE = 10
    BEGIN = 11


class Feature(enum.IntFlag):
    """What a firmware can beyond what every one can."""

    LAYERS = 1
    RUN = 2
    RESET = 4
    BAUD = 8
    STATE = 32
    MODELS = 64


class Code(enum.IntEnum):
    """How a device answers; everything but OK is an error."""

    OK = 0
    BAD_VERSION = 1
    BAD_REQUEST = 2
    BAD_INDEX = 3
    BAD_RANGE = 4
    NO_SESSION = 5
    NOT_READY = 6
    BAD_INPUTS = 7
    NO_OUTPUTS = 8
    MODEL = 9
    NO_STATE = 10


@dataclass(frozen=True)
class Answer:
    """An answer as it arrived; `code` may be one this version does not know."""

    version: int
    kind: int  # without the ANSWER bit
    session: int
    sequence: int
    code: int
    body: bytes


def encode(content: bytes) -> bytes:
    """The frame that carries `content`, with both of its zeros."""
    encoded: bytes = cobs.encode(content + _CRC.pack(zlib.crc32(content)))
    return b"\0" + encoded + b"\0"


def decode(encoded: bytes) -> bytes | None:
    """The content of what stood between two zeros; None where that is not a frame."""
    try:
        decoded: bytes = cobs.decode(encoded)
    except cobs.DecodeError:
        return None
    content, crc = decoded[:-4], decoded[-4:]
    return content if len(crc) == 4 and _CRC.pack(zlib.crc32(content)) == crc else None


def request(kind: int, session: int, sequence: int, body: bytes, version: int = VERSION) -> bytes:
    """The frame of a request."""
    return encode(_HEAD.pack(version, kind, session, sequence) + body)


def parse_answer(content: bytes) -> Answer | None:
    """Read the content of a frame; None where it is not an answer (a request, echoed)."""
    if len(content) <= _HEAD.size:
        return None
    version, kind, session, sequence = _HEAD.unpack_from(content)
    if not kind & ANSWER:
        return None
    code, body = content[_HEAD.size], content[_HEAD.size + 1 :]
    return Answer(version, kind & ~ANSWER, session, sequence, code, body)


class Decoder:
    """Finds frames in a stream of bytes that may hold anything else too.

    `noise` is the end of what was not a frame (a boot log, another firmware's output), for
    the message when no answer comes.
    """

    def __init__(self) -> None:
        self.noise = b""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The contents of the frames that `data` completes, in order."""
        *ended, self._rest = (self._rest + data).split(b"\0")
        contents = []
        for encoded in ended:
            content = decode(encoded) if encoded else None
            if content is not None:
                contents.append(content)
            elif encoded:
                self._drop(encoded)
        if len(self._rest) > _LONGEST:  # no frame is that long: keep what can still matter
            self._drop(self._rest[:-_NOISE_KEPT])
            self._rest = self._rest[-_NOISE_KEPT:]
        return contents

    def heard(self) -> bytes:
        """The last bytes that were not part of a frame."""
        return (self.noise + self._rest)[-_NOISE_KEPT:]

    def forget(self) -> None:
        """What was heard so far explains nothing."""
        self.noise = b""

    def _drop(self, encoded: bytes) -> None:
        self.noise = (self.noise + encoded)[-_NOISE_KEPT:]
