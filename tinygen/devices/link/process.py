"""A device that is a process: firmware compiled for the host, talking over its standard streams."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import time
from collections.abc import Mapping, Sequence

from tinygen import processes
from tinygen.devices.link.deadline import Clock, ProcessClock
from tinygen.devices.link.faults import Disconnected
from tinygen.devices.link.transport import READ_BYTES, WRITE_SECONDS
from tinygen.errors import DeviceError

_STOP_SECONDS = 2.0


class ProcessTransport:
    """Starts `command` and ends it with `close`; its standard error goes into error messages."""

    byte_seconds = 0.0

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = command[0]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self.process = processes.start(
                command, stderr=self._log.fileno(), env=env, pass_fds=pass_fds
            )
        except OSError as error:
            self._log.close()
            raise DeviceError(
                f"{self.name} cannot be started",
                why=str(error),
                next_step="build it again, on this machine",
            ) from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin = self.process.stdin.fileno()
        self._stdout = self.process.stdout.fileno()
        os.set_blocking(self._stdin, False)

    @property
    def clock(self) -> Clock:
        """How long the device was waited for: a new one, from now on."""
        return ProcessClock(self.process.pid)

    def read(self, timeout: float) -> bytes:
        try:
            ready, _, _ = select.select([self._stdout], [], [], max(0.0, timeout))
            data = os.read(self._stdout, READ_BYTES) if ready else None
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error
        if data == b"":
            raise self._gone("its output ended")
        return data or b""

    def write(self, data: bytes) -> None:
        end = time.monotonic() + WRITE_SECONDS
        try:
            while data:
                left = end - time.monotonic()
                if left <= 0 or not select.select([], [self._stdin], [], left)[1]:
                    raise self._gone(f"it took no bytes for {WRITE_SECONDS:g} s")
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._stdin, data) :]
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error

    def close(self) -> None:
        """End the process: first by ending its input, then by force."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except processes.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def _gone(self, why: str) -> DeviceError:
        status, said = self._end()
        if status is not None:
            why += f"; exit status {status}"
        return Disconnected(
            f"{self.name} stopped talking",
            why=f"{why}\n{said}" if said else why,
            next_step="run it again to see its output",
        )

    def _end(self) -> tuple[int | None, str]:
        """The exit status of the process, None where it still runs, and its last words."""
        status = None
        with contextlib.suppress(processes.TimeoutExpired):
            status = self.process.wait(0.2)
        if self._log.closed:
            return status, ""
        self._log.seek(0)
        return status, self._log.read().decode(errors="replace").strip()[-2000:]
