"""Requests out, answers in: sequence numbers, time limits, retries and several under way.

Every wait has a limit and every request a bounded number of tries, so an exchange ends: with
the answers, or with DeviceError.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.devices.link.deadline import Clock, Deadline
from tinygen.devices.link.faults import Disturbed, Failed, Restarted, Silent
from tinygen.devices.link.frames import VERSION, Answer, Code, Decoder, Kind, parse_answer, request
from tinygen.devices.link.hello import status_text
from tinygen.devices.link.rate import Rates
from tinygen.devices.link.transport import Transport
from tinygen.errors import DeviceError
from tinygen.printable import printable

_FRAME_OVERHEAD = 32  # head, CRC, COBS and zeros of one request and its answer, about
_HEARD_LINES = 8
_SOON = 1e-3  # what is left of a wait is not waited for: a slow clock comes ever nearer to its end

_ERRORS = {
    Code.BAD_REQUEST: "the device does not know the request",
    Code.BAD_INDEX: "the device has no such tensor",
    Code.BAD_RANGE: "the tensor on the device is smaller",
    Code.NO_SESSION: "the device restarted, or another program talks to it too",
    Code.NOT_READY: "the model did not start on the device",
    Code.BAD_INPUTS: "the inputs on the device changed after they were written",
    Code.NO_OUTPUTS: "the device has not computed these outputs",
    Code.MODEL: "the model failed on the device",
    Code.NO_STATE: "what the model on the device remembers is of something else",
}
_FAULTS: dict[int, type[DeviceError]] = {
    Code.BAD_INPUTS: Disturbed,
    Code.NO_OUTPUTS: Disturbed,
    Code.NO_STATE: Disturbed,
    Code.NO_SESSION: Restarted,
    Code.MODEL: Failed,
}


@dataclass(frozen=True)
class Limits:
    """How long to wait for an answer, in seconds, and how often to ask again.

    `growth` multiplies the wait with every try; `total` bounds all tries of one request.
    """

    timeout: float
    retries: int
    growth: float = 1.0
    total: float = float("inf")


@dataclass(frozen=True)
class Request:
    """What to ask. `answer_bytes` is about how much the answer carries."""

    kind: Kind
    body: bytes
    answer_bytes: int = 0


@dataclass
class _UnderWay:
    index: int
    frame: bytes
    wire_seconds: float
    give_up: float
    tries: int = 0
    deadline: float = 0.0


class Exchange:
    """Asks the device on `transport`, on behalf of one session at a time.

    `retries` counts the requests that had to be sent again, `session` is what hello opened. What
    the device said instead of an answer, a crash's text or a boot log, is part of every error;
    `words` are the lines of text that came before the last answer.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock = time.monotonic,
        deadline: Deadline | None = None,
    ) -> None:
        self.session = 0
        self.retries = 0
        self.window = 1
        self.words: tuple[str, ...] = ()
        self._transport = transport
        self._clock = clock
        self._deadline = deadline or Deadline()
        self._sequence = secrets.randbelow(1 << 31)  # so that sessions do not resemble each other
        self._decoder = Decoder()
        self.rates: Rates | None = None

    def ask(self, requests: Sequence[Request], limits: Limits) -> list[bytes]:
        """The bodies of the answers, in the order of the requests.

        Raises DeviceError for an error answer, another protocol version, silence, a peer that is
        gone, or when the deadline has passed.
        """
        try:
            return self._ask(requests, limits)
        except DeviceError as error:
            heard = self._decoder.heard()
            error.why += _told(heard)
            if isinstance(error, Failed):
                error.words = _lines(heard)
            raise

    def _ask(self, requests: Sequence[Request], limits: Limits) -> list[bytes]:
        bodies: list[bytes] = [b""] * len(requests)
        waiting = deque(enumerate(requests))
        under_way: dict[int, _UnderWay] = {}
        while waiting or under_way:
            now = self._clock()
            due = [entry for entry in under_way.values() if entry.deadline <= now + _SOON]
            for entry in due:
                self._check_tries(entry, limits, now)
                self.retries += 1
                self.window = max(1, self.window // 2)  # the device may have been overrun
            while waiting and len(under_way) < self.window:
                index, asked = waiting.popleft()
                self._sequence = (self._sequence + 1) & 0xFFFFFFFF
                frame = request(asked.kind, self.session, self._sequence, asked.body)
                size = len(frame) + asked.answer_bytes + _FRAME_OVERHEAD
                wire = size * self._transport.byte_seconds
                entry = _UnderWay(index, frame, wire, now + limits.total)
                under_way[self._sequence] = entry
                due.append(entry)
            if due:
                self._send(due, sum(entry.wire_seconds for entry in under_way.values()), limits)
            nearest = min(entry.deadline for entry in under_way.values())
            for answer in self._receive(min(nearest - self._clock(), self._deadline.left())):
                arrived = under_way.pop(answer.sequence, None)
                if arrived is not None:
                    bodies[arrived.index] = _body(answer)
                    # The device answers in order: the others are only due from now on.
                    soonest = self._clock() + limits.timeout
                    for entry in under_way.values():
                        entry.deadline = max(entry.deadline, min(soonest, entry.give_up))
        return bodies

    def wait(self, seconds: float) -> None:
        """Say nothing for so long, and drop what is heard meanwhile."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > _SOON:
            self._transport.read(min(left, self._deadline.left()))
        self._decoder = Decoder()

    def _send(self, entries: Sequence[_UnderWay], wire: float, limits: Limits) -> None:
        if self.rates is not None:
            self.rates.choose(max(entry.tries for entry in entries))
        self._transport.write(b"".join(entry.frame for entry in entries))
        now = self._clock()
        for entry in entries:
            wait = limits.timeout * limits.growth**entry.tries + wire
            entry.deadline = min(now + wait, max(entry.give_up, now + wire))
            entry.tries += 1

    def _receive(self, timeout: float) -> list[Answer]:
        """The answers of this session that arrive within `timeout` seconds, perhaps none."""
        *ended, rest = self._transport.read(max(0.0, timeout)).split(b"\0")
        answers = []
        for encoded in ended:
            for content in self._decoder.feed(encoded + b"\0"):
                answer = parse_answer(content)
                if answer and answer.session == self.session:
                    answers.append(answer)
                    if self.rates is not None:
                        self.rates.heard()
                    if answer.code == Code.OK:  # what came before that did not keep it from working
                        self.words = _lines(self._decoder.heard())
                        self._decoder.forget()
        self._decoder.feed(rest)
        return answers

    def _check_tries(self, entry: _UnderWay, limits: Limits, now: float) -> None:
        if entry.tries <= limits.retries and now + _SOON < entry.give_up:
            return
        tries = f"{entry.tries} tries" if entry.tries > 1 else "1 try"
        raise Silent(
            f"the device on {self._transport.name} does not answer",
            why=f"no answer within {limits.timeout:g} s, after {tries}",
            next_step="is this the port, and the baud rate, of a board with firmware of tinygen? "
            "Flash it again: tinygen flash; and app_loop, where it is yours, has to return",
        )


def _told(heard: bytes) -> str:
    """What was heard instead of an answer: lines of text, else how many bytes; empty for none.

    A damaged frame is no text, although some of its bytes are.
    """
    if said := _lines(heard):
        return "; instead of an answer the port said" + "".join(f"\n  {line}" for line in said)
    return f"; {len(heard)} bytes arrived that are no answer" if heard else ""


def _lines(heard: bytes) -> tuple[str, ...]:
    """The last lines of text in it."""
    lines = [line.strip() for line in heard.decode("ascii", "replace").splitlines()]
    said = [line for line in lines if line and 5 * sum(map(_is_text, line)) > 4 * len(line)]
    return tuple(printable(line) for line in said[-_HEARD_LINES:])


def _is_text(character: str) -> bool:
    return character.isprintable() and character.isascii()


def _body(answer: Answer) -> bytes:
    if answer.version != VERSION or answer.code == Code.BAD_VERSION:
        raise DeviceError(
            f"the device speaks version {answer.version} of the protocol, "
            f"this tinygen version {VERSION}",
            why="the firmware was built by another tinygen",
            next_step="build and flash again: tinygen build, then tinygen flash",
        )
    if answer.code == Code.OK:
        return answer.body
    text = _ERRORS.get(Code(answer.code)) if answer.code in set(Code) else None
    kind = Kind(answer.kind).name if answer.kind in set(Kind) else str(answer.kind)
    why = f"code {answer.code} in answer to {kind}"
    if answer.body:
        why += f", model status {answer.body[0]}: {status_text(answer.body[0])}"
    raise _FAULTS.get(answer.code, DeviceError)(
        text or f"the device answered with the unknown code {answer.code}",
        why=why,
        next_step="flash the firmware that belongs to this model: tinygen flash",
    )
