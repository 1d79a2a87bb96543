"""The firmware's protocol compiled for this host as a process, with a fake model behind it."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tinygen.devices.link.process import ProcessTransport

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"
SOURCES = (*sorted((FIRMWARE / "protocol").glob("*.c")), FIRMWARE / "main.c")
TEST_SOURCES = tuple(HERE / name for name in ("fake_model.c", "test_app.c", "test_hal.c"))
INCLUDES = tuple(f"-I{path}" for path in (HERE, FIRMWARE / "protocol", FIRMWARE / "hal"))
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
DIALECTS = (
    ("gcc", "-std=c11"),
    ("g++", "-x", "c++", "-std=c++11"),
    ("g++", "-x", "c++", "-std=c++17"),
)

IMAGE, EXTRA, SCORES = 600, 3, 700

_FOLDER = TemporaryDirectory(prefix="tinygen-protocol-")  # removed when the tests end


def compile_device(target: Path, dialect: Sequence[str], defines: Sequence[str] = ()) -> Path:
    """Compile the whole device; raises with the compiler's output."""
    command = [*dialect, "-O1", "-g", *WARNINGS, *SANITIZE, *INCLUDES, *defines]
    command += [*map(str, (*SOURCES, *TEST_SOURCES)), "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@cache
def device(payload: int = 256, *, traced: bool = False, states: bool = False) -> Path:
    """The device with that payload, maybe `traced` layer by layer, maybe with a model that
    remembers; compiled once per test process."""
    target = Path(_FOLDER.name) / f"device{payload}{'-traced' * traced}{'-states' * states}"
    defines = [f"-DTG_PAYLOAD_BYTES={payload}u", *(["-DTG_TRACED"] if traced else ())]
    defines += ["-DFAKE_STATES"] if states else []
    return compile_device(target, DIALECTS[0], defines)


def start(payload: int = 256, **environment: str) -> ProcessTransport:
    """A device running, talked to over pipes."""
    return ProcessTransport([str(device(payload))], env={**os.environ, **environment})


def expected(image: bytes, extra: bytes) -> bytes:
    """What the fake model computes."""
    return bytes((3 * image[i % IMAGE] + extra[i % EXTRA] + i) & 0xFF for i in range(SCORES))


def count(output: bytes) -> int:
    """The number of inferences, as the fake model's second output tells it."""
    (value,) = struct.unpack("<I", output)
    return int(value)


class Lockstep:
    """A device whose silence costs no time.

    A read first waits until the device has dealt with every byte sent to it, and tells at once
    whether something came; if not, the timeout passes on a clock of its own. Deterministic,
    and as quick as the device.
    """

    byte_seconds = 0.0

    def __init__(self, payload: int = 256, program: Path | None = None, **environment: str) -> None:
        self._idle, idle = os.pipe()
        try:
            self._inner = ProcessTransport(
                [str(program or device(payload))],
                env={**os.environ, "TEST_HAL_IDLE_FD": str(idle), **environment},
                pass_fds=[idle],
            )
        finally:
            os.close(idle)
        self.name = self._inner.name
        self._sent = self._done = 0
        self._now = 0.0

    def clock(self) -> float:
        """Seconds that reads have waited in vain."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def write(self, data: bytes) -> None:
        self._sent += len(data)
        self._inner.write(data)

    def _await(self) -> None:
        """Until the device has dealt with every byte."""
        while self._done < self._sent:
            told = os.read(self._idle, 8)
            assert told, "the device died"
            (self._done,) = struct.unpack("<Q", told)

    def read(self, timeout: float) -> bytes:
        self._await()
        data = self._inner.read(0)
        if not data:
            self._now += max(0.0, timeout)
        return data

    def close(self) -> None:
        """End the device and see that no sanitizer complained."""
        os.close(self._idle)
        self._inner.close()
        assert self._inner.process.returncode == 0, "a sanitizer stopped the device"
