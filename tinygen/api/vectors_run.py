"""Every vector through the device, over as many sessions as it takes."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import numpy as np

from tinygen.api.connection import Connection
from tinygen.api.crash import explained
from tinygen.api.steps import Steps
from tinygen.devices.link import Session
from tinygen.devices.link.faults import Disconnected, Restarted
from tinygen.devices.link.hello import Hello
from tinygen.errors import DeviceError
from tinygen.ir import Array
from tinygen.progress import Progress
from tinygen.proof.vectors import Vectors

_TRIES = 5
_RESTART_SECONDS = 5.0
_SHORT_SECONDS = 3.0


@dataclass(frozen=True)
class Runs:
    """What the device says that it runs."""

    model: str
    model_sha256: str
    board: str
    engine: str
    build_id: str
    compiler: str


class VectorsRun:
    """One pass over the vectors, and what it found so far.

    `hello` is of the project's own firmware only; `lost` is why it ended early; `reconnects` counts
    how often the port was lost and came back; `baud` is the rate of the last bytes, None where the
    line has none; `seconds` is how long the vectors took that were run.
    """

    def __init__(self, connection: Connection, checks: Vectors) -> None:
        self._connection = connection
        self._built = connection.built
        self._checks = checks
        self.runs: Runs | None = None
        self.hello: Hello | None = None
        self.lost: DeviceError | None = None
        self.retries = 0
        self.reconnects = 0
        self.ticks: list[int] = []
        self.stack = 0
        self.baud: int | None = None
        self.seconds = 0.0
        self._steps = Steps(checks)
        self._device: tuple[list[Array], ...] = tuple([] for _ in checks.expected)

    @property
    def outputs(self) -> list[Array]:
        """What the device computed, one array per output, (vectors, *shape); none, no array."""
        return [np.stack(column) for column in self._device] if self.ticks else []

    def execute(self, count: int, progress: Progress, baud: int | None = None) -> None:
        """Run the first `count` vectors. A lost port is opened again, and the vector that was on
        the way is run anew; lost five times without one more vector in between, it stays lost.
        `baud` is the most bits per second; without it the board's fastest is tried where there is
        much to send.

        A port that cannot be opened at first raises DeviceError; all that comes later is in `lost`.
        """
        session = self._connection.open()
        stage = f"Verifying {self._built.project.model} on {self._built.board.id}"
        reached, tries = 0, 0
        while True:
            progress.stage(stage)
            try:
                with session:
                    try:
                        self._greet(session)
                        if most := self._most_baud(count - len(self.ticks), baud):
                            session.speed_up(most)
                        for index in range(len(self.ticks), count):
                            started = time.monotonic()
                            self._one(session, index)
                            self.seconds += time.monotonic() - started
                            progress.count(index + 1, count)
                        self._steps.end(session)
                        return
                    except Restarted as error:
                        self._why_restarted(session, error)
                        raise
                    finally:
                        self.baud = session.baud
                        self.retries += session.retries + session.redone
            except Disconnected as error:
                tries = tries + 1 if len(self.ticks) == reached else 1
                reached = len(self.ticks)
                if tries > _TRIES:
                    self._give_up(error)
                    return
                try:
                    session = self._connection.reopen()
                except DeviceError:
                    self._give_up(error)
                    return
                self.reconnects += 1
            except DeviceError as error:
                self._give_up(error)
                return

    def _give_up(self, error: DeviceError) -> None:
        # Of other firmware than the project's, its ELF file knows nothing.
        program = self._built.elf if self.hello else None
        if crash := explained(error.why, program):
            error.why += f"\n{crash}"
        if words := self._connection.last_words():
            error.why += f"\nthe emulator's last words:\n{words}"
        self.lost = error

    def _most_baud(self, vectors: int, asked: int | None) -> int:
        """The rate to go for; 0 where the first one will do."""
        line, model = self._built.board.serial, self._built.project.manifest.model
        wire = sum(edge.nbytes for edge in (*model.inputs, *model.outputs)) * 10 / line.baud
        if asked is None and (line.fastest is None or vectors * wire < _SHORT_SECONDS):
            return 0
        most = asked or line.fastest or 0
        return most if most > line.baud else 0

    def _why_restarted(self, session: Session, error: DeviceError) -> None:
        """Add what the device says of the reason, if it answers; the run has ended in any case."""
        with contextlib.suppress(DeviceError):
            hello = session.hello(_RESTART_SECONDS)
            if hello.reset:
                error.why += f"\nwhat started it last: {hello.reset}"
            if hello.fault and hello.fault not in error.why:
                error.why += f"\nits words before that: {hello.fault}"

    def _greet(self, session: Session) -> None:
        hello = session.hello()
        self.runs = Runs(
            model=hello.model,
            model_sha256=hello.model_sha256,
            board=hello.board,
            engine=hello.engine,
            build_id=hello.build_id,
            compiler=hello.compiler,
        )
        self._built.require_on(hello)
        self._built.require_tensors(hello)
        self.hello = hello
        hello.require_ready()

    def _one(self, session: Session, index: int) -> None:
        answer = self._steps.infer(session, index)
        for column, raw, expected in zip(
            self._device, answer.outputs, self._checks.expected, strict=True
        ):
            column.append(np.frombuffer(raw, dtype=expected.dtype).reshape(expected.shape[1:]))
        self.ticks.append(answer.ticks)
        self.stack = max(self.stack, answer.stack_used)
