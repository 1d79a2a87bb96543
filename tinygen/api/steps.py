"""Vectors through a session, one by one; of a model that remembers, as steps of sequences.

Such a model is where it is only by all that it was given since it last forgot. So what is asked for
again, after a disturbance, a lost line or a step that was taken already, begins anew and gives all
inputs before it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from tinygen.devices.link import Session
from tinygen.devices.link.faults import Disturbed
from tinygen.devices.link.session import Inference
from tinygen.errors import DeviceError
from tinygen.proof.vectors import Vectors

_TIMES = 3
T = TypeVar("T")


class Steps:
    """Where a device is in the vectors. `begun` counts the sequences that began."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._session: Session | None = None
        self._next: int | None = None
        self.begun = 0

    def infer(self, session: Session, index: int) -> Inference:
        """What the device computes of this vector."""
        return self._step(session, index, lambda: session.infer(self.inputs(index)))

    def tensor(
        self, session: Session, index: int, layer: int, output: int, *, stay: int | None = None
    ) -> bytes:
        """As `Session.tensor`, of this vector."""
        inputs = self.inputs(index)
        return self._step(session, index, lambda: session.tensor(inputs, layer, output, stay=stay))

    def inputs(self, index: int) -> list[bytes]:
        """Of a vector, as the device takes them."""
        return [value[index].tobytes() for value in self._vectors.inputs]

    def end(self, session: Session) -> None:
        """Let the device's own program have the model again."""
        if self._vectors.starts is not None:
            with contextlib.suppress(DeviceError):  # it lets go by itself, too
                session.begin(hold=False)

    def _step(self, session: Session, index: int, step: Callable[[], T]) -> T:
        if self._vectors.starts is None:
            return step()
        for again in range(_TIMES, 0, -1):
            try:
                self._follow(session, index)
                done = step()
            except Disturbed:
                self._next = None
                if again == 1:
                    raise
                session.redone += 1
            except DeviceError:
                self._next = None
                raise
            else:
                self._next = index + 1
                return done
        raise AssertionError("unreachable")

    def _follow(self, session: Session, index: int) -> None:
        """Have the device where the vectors before this one leave it."""
        begin = self._vectors.begin(index)
        if begin < index and self._session is session and self._next == index:
            return
        self._session, self._next = session, None
        session.begin()
        self.begun += 1
        for before in range(begin, index):
            session.infer(self.inputs(before))
