"""A conversation with the model on a device."""

from __future__ import annotations

import itertools
import secrets
import struct
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from tinygen.devices.link.deadline import Clock, Deadline
from tinygen.devices.link.exchange import Exchange, Limits, Request
from tinygen.devices.link.faults import Disturbed
from tinygen.devices.link.frames import RUN_MARGIN, Feature, Kind
from tinygen.devices.link.hello import MODEL_OK, Hello, parse_description, status_text
from tinygen.devices.link.layers import DeviceLayer, Noted, parse_layers, parse_trace
from tinygen.devices.link.speed_up import speed_up
from tinygen.devices.link.transport import Rated, Transport
from tinygen.errors import DeviceError

_HELLO_SECONDS = 0.5
_DESCRIPTION_MAX = 1 << 16
_TABLE_MAX = 1 << 22
_DESCRIPTION_SECONDS = 30.0
_DISTURBED_TIMES = 3
_INVOKE_ANSWER = struct.Struct("<BQII")
# Once one inference has been timed, a later one may take this much longer before it is missed.
_SLOWER_TIMES = 10.0
_SLOWER_SECONDS = 5.0


@dataclass(frozen=True)
class _Piece:
    """Part of an input, as much as one request carries."""

    index: int
    offset: int
    data: bytes

    @property
    def body(self) -> bytes:
        """As WRITE and RUN have it."""
        return struct.pack("<HI", self.index, self.offset) + self.data


@dataclass(frozen=True)
class _Run:
    """One inference: ticks it took, most bytes of stack used so far (0: unknown)."""

    ticks: int
    stack_used: int
    outputs_crc: int


@dataclass(frozen=True)
class Inference:
    """The outputs of one inference, ticks it took, most bytes of stack used (0: unknown)."""

    outputs: tuple[bytes, ...]
    ticks: int
    stack_used: int


class Session:
    """Talks to one device; a context manager that closes its transport.

    `timeout` and `retries` bound each request, `invoke_timeout` one inference (all in seconds);
    `window` bounds the requests under way below what the device allows. `clock` tells how long the
    device was waited for, `deadline` when all of it has to be over. `redone` counts inferences that
    were asked for again with their inputs, which a model with state would notice. Every failure is
    a DeviceError. `model` is the number of the one that it is about, where there are several.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout: float = 1.0,
        retries: int = 5,
        invoke_timeout: float = 60.0,
        window: int | None = None,
        clock: Clock = time.monotonic,
        deadline: Deadline | None = None,
        model: int = 0,
    ) -> None:
        self._transport = transport
        self._model = model
        self._exchange = Exchange(transport, clock, deadline)
        self._limits = Limits(timeout, retries)
        self._invoke_timeout = invoke_timeout
        self._window = window
        self._clock = clock
        self._hello: Hello | None = None
        self._layers: tuple[DeviceLayer, ...] | None = None
        self._slowest: float | None = None
        self.redone = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    @property
    def retries(self) -> int:
        """Requests that had to be sent again since hello: 0 on a clean line."""
        return self._exchange.retries

    def hello(self, timeout: float = 5.0) -> Hello:
        """Open the session and learn what the device is.

        Asks again and again for `timeout` seconds, because the device may still be starting.
        """
        exchange = self._exchange
        before = exchange.session
        while exchange.session == before:  # another one, so that the device starts afresh
            exchange.session = 1 + secrets.randbelow(0xFFFF)
        exchange.window = 1
        each = min(_HELLO_SECONDS, timeout)
        first = Limits(each, retries=int(timeout / each) + 1, total=timeout)
        description, total = b"", 1
        words: tuple[str, ...] = ()
        end = self._clock() + timeout + _DESCRIPTION_SECONDS
        while len(description) < total:
            which = bytes([self._model]) if self._model else b""
            asked = Request(Kind.HELLO, struct.pack("<I", len(description)) + which, 512)
            (body,) = exchange.ask([asked], self._limits if description else first)
            total = int.from_bytes(body[:4], "little")
            if len(body) <= 4 or total > _DESCRIPTION_MAX or self._clock() > end:
                raise _senseless("HELLO", body)
            words = words if description else exchange.words
            description += body[4:]
        self._hello = replace(parse_description(description), words=words)
        self._layers = None
        exchange.window = min(self._hello.window, self._window or self._hello.window)
        exchange.retries = 0  # those of hello only say that the device was still starting
        return self._hello

    @property
    def baud(self) -> int | None:
        """Bits per second of the line; None where it has no rate."""
        if self._exchange.rates is not None:
            return self._exchange.rates.baud
        return (self._transport.baud or None) if isinstance(self._transport, Rated) else None

    def speed_up(self, most: int) -> None:
        """Talk at up to `most` bits per second from now on, where the device can and the line
        carries it; else nothing changes."""
        hello = self._ready()
        line = self._transport
        if isinstance(line, Rated) and line.baud and Feature.BAUD in hello.features:
            before = self._exchange.retries
            speed_up(self._exchange, line, min(most, hello.fastest), hello.payload)
            self._exchange.retries = before  # those of trying out are none of the line's

    def infer(self, inputs: Sequence[bytes]) -> Inference:
        """Write the inputs, compute, read the outputs. int8 elements as bytes, one per tensor.

        As many requests as the device takes are under way; a small model takes one, where the
        device can (RUN). Does it again, a few times, when a request that came late changed them on
        the device; not of a model that remembers, which has maybe taken the step: Disturbed.
        """
        for _ in range(0 if self._ready().remembers else _DISTURBED_TIMES - 1):
            try:
                return self._infer(inputs)
            except Disturbed:
                self.redone += 1
        return self._infer(inputs)

    def begin(self, *, hold: bool = True) -> None:
        """Have a model that remembers forget what it was given: the next inference is the first of
        a sequence. Without `hold` the last one has ended, and a program of the device's own may run
        the model again."""
        if not self._ready().remembers:
            raise DeviceError(
                f"the firmware on {self._transport.name} cannot begin a sequence",
                why="it does not say that its model remembers what it is given",
                next_step="build and flash again: tinygen build, then tinygen flash",
            )
        self._exchange.ask([Request(Kind.BEGIN, bytes([hold]))], self._limits)

    def layers(self) -> tuple[DeviceLayer, ...]:
        """What the device's layers are; DeviceError where its firmware is not built to tell."""
        hello = self._ready()
        if Feature.LAYERS not in hello.features:
            raise DeviceError(
                f"the firmware on {self._transport.name} notes nothing of its layers",
                why="it is built without the table of layers, which takes flash and time",
                next_step="put the one on the device that does: tinygen flash --layers",
            )
        if self._layers is None:
            self._layers = parse_layers(self._table(Kind.LAYERS), hello.layers)
        return self._layers

    def trace(self) -> tuple[Noted, ...]:
        """What the last inference noted of each layer."""
        return parse_trace(self._table(Kind.TRACE), self.layers())

    def tensor(
        self, inputs: Sequence[bytes], layer: int, output: int, *, stay: int | None = None
    ) -> bytes:
        """What lies for these inputs where the layer wrote this output, once it is done; or once
        the layer `stay` behind it is. Of a model that remembers it is a step, as `infer` is."""
        stay = layer if stay is None else stay
        for _ in range(0 if self._ready().remembers else _DISTURBED_TIMES - 1):
            try:
                return self._tensor(inputs, layer, output, stay)
            except Disturbed:
                self.redone += 1
        return self._tensor(inputs, layer, output, stay)

    def _tensor(self, inputs: Sequence[bytes], layer: int, output: int, stay: int) -> bytes:
        hello, nbytes = self._ready(), self.layers()[layer].outputs[output].nbytes
        self._write(_pieces(hello, inputs))
        body = struct.pack("<IH", zlib.crc32(b"".join(inputs)), stay)
        self._exchange.ask([Request(Kind.STEP, body, 9)], self._invoke_limits())
        asked = []
        for offset in range(0, nbytes, hello.payload):
            size = min(hello.payload, nbytes - offset)
            asked.append(
                Request(Kind.PEEK, struct.pack("<HBIH", layer, output, offset, size), size)
            )
        read = self._exchange.ask(asked, self._limits)
        first = Request(Kind.TRACE, bytes(4), hello.payload)  # alone: it lets the inference end
        self._exchange.ask([first], self._invoke_limits())
        if [len(part) for part in read] != [request.answer_bytes for request in asked]:
            raise _senseless("PEEK", b"".join(read))
        return b"".join(read)

    def _table(self, kind: Kind) -> bytes:
        """All of a table that the device hands out in parts."""
        table, total = b"", 1
        while len(table) < total:
            asked = Request(kind, struct.pack("<I", len(table)), self._ready().payload)
            (body,) = self._exchange.ask([asked], self._invoke_limits())
            total = int.from_bytes(body[:4], "little")
            if len(body) < 4 or (len(body) == 4 and total) or total > _TABLE_MAX:
                raise _senseless(kind.name, body)
            table += body[4:]
        return table

    def _infer(self, inputs: Sequence[bytes]) -> Inference:
        hello = self._ready()
        pieces = _pieces(hello, inputs)
        crc = struct.pack("<I", zlib.crc32(b"".join(inputs)))
        if Feature.RUN in hello.features:
            run, outputs = self._run(hello, pieces, crc)
        else:
            self._write(pieces)
            run, outputs = self._compute(Kind.INVOKE, crc)
        outputs += self._read(hello, len(outputs))
        if zlib.crc32(outputs) != run.outputs_crc:
            raise Disturbed(
                "the outputs on the device changed while they were read",
                why="their CRC-32 is not the one the device computed after the inference",
                next_step="look for code that writes into the arena: tinygen build, tinygen flash",
            )
        return Inference(_split(hello, outputs), run.ticks, run.stack_used)

    def _run(self, hello: Hello, pieces: list[_Piece], crc: bytes) -> tuple[_Run, bytes]:
        """Compute with the last piece on the way there, and the first outputs on the way back."""
        *pieces, last = pieces or [_Piece(0, 0, b"")]
        room = hello.payload - RUN_MARGIN
        if len(last.data) > room:
            pieces.append(_Piece(last.index, last.offset, last.data[:-room]))
            last = _Piece(last.index, last.offset + len(last.data) - room, last.data[-room:])
        self._write(pieces)
        coming = min(room, sum(tensor.nbytes for tensor in hello.outputs))
        return self._compute(Kind.RUN, crc + last.body, coming)

    def _write(self, pieces: Sequence[_Piece]) -> None:
        self._exchange.ask([Request(Kind.WRITE, piece.body) for piece in pieces], self._limits)

    def _compute(self, kind: Kind, body: bytes, outputs: int = 0) -> tuple[_Run, bytes]:
        """Ask for one inference: what it took, and as many bytes of its outputs."""
        asked = Request(kind, body, _INVOKE_ANSWER.size + outputs)
        start = self._clock()
        (body,) = self._exchange.ask([asked], self._invoke_limits())
        self._slowest = max(self._slowest or 0.0, self._clock() - start)
        if len(body) != asked.answer_bytes:
            raise _senseless(kind.name, body)
        status, ticks, stack, outputs_crc = _INVOKE_ANSWER.unpack_from(body)
        if status != MODEL_OK:  # although the code says that all is well
            raise DeviceError(
                f"the model failed on the device: {status_text(status)}",
                why=f"model_invoke returned {status}",
                next_step="build and flash again: tinygen build, then tinygen flash",
            )
        return _Run(ticks, stack, outputs_crc), body[_INVOKE_ANSWER.size :]

    def _read(self, hello: Hello, skip: int) -> bytes:
        """All outputs one after the other, but for the first `skip` bytes."""
        requests = []
        for index, tensor in enumerate(hello.outputs):
            start, skip = min(skip, tensor.nbytes), max(0, skip - tensor.nbytes)
            for offset in range(start, tensor.nbytes, hello.payload):
                size = min(hello.payload, tensor.nbytes - offset)
                body = struct.pack("<HIH", index, offset, size)
                requests.append(Request(Kind.READ, body, size))
        bodies = self._exchange.ask(requests, self._limits)
        for request, body in zip(requests, bodies, strict=True):
            if len(body) != request.answer_bytes:
                raise _senseless("READ", body)
        return b"".join(bodies)

    def _ready(self) -> Hello:
        hello = self._hello or self.hello()
        hello.require_ready()
        return hello

    def _invoke_limits(self) -> Limits:
        """Ask again soon at first, in case the request was lost, then ever more seldom."""
        total = self._invoke_timeout
        if self._slowest is not None:
            total = min(total, _SLOWER_SECONDS + _SLOWER_TIMES * self._slowest)
        # Tries are bounded by the total: with waits that double there are few.
        return Limits(self._limits.timeout, retries=32, growth=2.0, total=total)


def _pieces(hello: Hello, inputs: Sequence[bytes]) -> list[_Piece]:
    """The inputs cut for WRITE, in order; DeviceError where they are not the device's."""
    if len(inputs) != len(hello.inputs):
        raise DeviceError(
            f"{len(inputs)} inputs were given, {hello.model} on the device has {len(hello.inputs)}",
            why="the firmware holds another model",
            next_step="flash the firmware that belongs to this model: tinygen flash",
        )
    pieces = []
    for index, (tensor, data) in enumerate(zip(hello.inputs, inputs, strict=True)):
        if len(data) != tensor.nbytes:
            raise DeviceError(
                f"input {index} ({tensor.name}) has {tensor.nbytes} bytes on the device, "
                f"{len(data)} were given",
                why="the firmware holds another model",
                next_step="flash the firmware that belongs to this model: tinygen flash",
            )
        for offset in range(0, len(data), hello.payload):
            pieces.append(_Piece(index, offset, bytes(data[offset : offset + hello.payload])))
    return pieces


def _split(hello: Hello, outputs: bytes) -> tuple[bytes, ...]:
    """All outputs one after the other, as one by one."""
    ends = list(itertools.accumulate(tensor.nbytes for tensor in hello.outputs))
    return tuple(outputs[start:end] for start, end in zip([0, *ends], ends, strict=False))


def _senseless(kind: str, body: bytes) -> DeviceError:
    return DeviceError(
        f"the device's answer to {kind} makes no sense",
        why=f"its body has {len(body)} bytes",
        next_step="build and flash again: tinygen build, then tinygen flash",
    )
