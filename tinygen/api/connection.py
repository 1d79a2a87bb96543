"""The way to a project's device: opened patiently, and again after a lost cable."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import IO

from tinygen.api.built import Built
from tinygen.api.flash import device_port
from tinygen.boards import Linux, Qemu, Serial
from tinygen.devices import qemu
from tinygen.devices.link import (
    ProcessTransport,
    ReplayTransport,
    Session,
    Transport,
    open_device,
)
from tinygen.devices.link.deadline import Clock, Deadline, ProcessClock
from tinygen.devices.link.recording import SCHEME, SpyTransport
from tinygen.devices.link.ssh import SCHEME as SSH
from tinygen.devices.usb import find_port
from tinygen.errors import DeviceError
from tinygen.progress import SILENT, Progress

_ENUMERATION_SECONDS = 3.0
"""A USB port that has just come is not there yet, or not yet everybody's to open."""
_REPLUG_SECONDS = 15.0
_AGAIN_SECONDS = 0.25


class Connection:
    """Opens sessions with the device of a project, one after the other.

    Without `port` the emulated board's recorded emulator is used, and started if need be, and
    hardware is found by its USB id, anew each time: a board may come back under another name. A
    process is started by the session. All bytes are written to `spy`.
    """

    def __init__(
        self,
        built: Built,
        port: str | None = None,
        deadline: Deadline | None = None,
        progress: Progress = SILENT,
        spy: IO[str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        *,
        trust_project: bool = False,
    ) -> None:
        self.built = built
        self.port = device_port(built, port, progress, trust_project=trust_project)
        self._named = port is not None
        self._deadline = deadline or Deadline()
        self._progress = progress
        self._spy = spy
        self._sleep = sleep

    def open(self) -> Session:
        """The first session. DeviceError when the port cannot be opened."""
        local = isinstance(self.built.board.device, Serial) and "://" not in self.port
        return self._patiently(_ENUMERATION_SECONDS if local else 0.0)

    def reopen(self) -> Session:
        """A session after the port was lost. DeviceError when it does not come back in time, and
        for a program of Linux: to start it anew would hide that it ended."""
        started = "://" not in self.port or self.port.startswith(SSH)
        if isinstance(self.built.board.device, Linux) and started:
            raise DeviceError(f"{self.port} has ended")
        self._progress.stage(f"{self.port} is gone: waiting for it to come back")
        return self._patiently(_REPLUG_SECONDS if self._may_come_back else 0.0)

    def last_words(self) -> str:
        """What an emulator that has ended, or was never there, wrote last; else nothing."""
        emulated = isinstance(self.built.board.device, Qemu) and not self._named
        if not emulated or self._emulator is not None:
            return ""
        return qemu.last_words(self.built.project.state_dir)

    @property
    def _emulator(self) -> qemu.Running | None:
        """The project's own emulator, if this port is one."""
        running = qemu.running(self.built.project.state_dir)
        return running if running is not None and running.url == self.port else None

    @property
    def _may_come_back(self) -> bool:
        """Whoever pulled a cable may plug it in; an emulator that has ended stays ended."""
        if self.port.startswith(SCHEME):
            return False
        local = isinstance(self.built.board.device, Serial)
        return local or self._named or self._emulator is not None

    def _session(self) -> Session:
        transport = self._transport()
        clock: Clock = time.monotonic
        if isinstance(transport, ReplayTransport | ProcessTransport):
            clock = transport.clock
        elif (emulator := self._emulator) is not None:
            clock = ProcessClock(emulator.pid)
        if self._spy is not None:
            transport = SpyTransport(transport, self._spy)
        model = self.built.project.index
        return Session(transport, clock=clock, deadline=self._deadline, model=model)

    def _transport(self) -> Transport:
        if isinstance(self.built.board.device, Serial) and not self._named:
            self.port = find_port(self.built.board)
        return open_device(self.built.board, self.port)

    def _patiently(self, seconds: float) -> Session:
        end = time.monotonic() + min(seconds, self._deadline.left())
        while True:
            try:
                return self._session()
            except DeviceError:
                if time.monotonic() >= end:
                    raise
                self._sleep(_AGAIN_SECONDS)
