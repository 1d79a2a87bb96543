"""Instruments that record while the device computes, each through its own package.

A recording is made in a thread of its own: `start`, then `stop` gives it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import serial

from tinygen.errors import DeviceError, InputError, UsageError
from tinygen.power.recording import Recording
from tinygen.printable import printable, shell_word

_PAUSE = 0.005
_GREETING = 2.0
_MILLI, _MICRO = 1e-3, 1e-6


class Instrument(ABC):
    """Something that records current. `name` is how it is asked for, before a colon and its
    port."""

    name: ClassVar[str]

    def __init__(self, port: str, volts: float | None) -> None:
        self.port, self.volts = port, volts
        self._end = threading.Event()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to record. Raises DeviceError where it cannot be opened."""
        self._open()
        self._thread.start()

    def stop(self) -> Recording:
        """End, and what was recorded. DeviceError where the instrument was lost on the way."""
        self._end.set()
        self._thread.join()
        try:
            self._close()
        except Exception as error:
            self._failed = self._failed or error
        if self._failed is not None:
            raise self._lost(self._failed)
        return self._recording()

    def abandon(self) -> None:
        """End, whatever was recorded."""
        self._end.set()
        self._thread.join()
        with contextlib.suppress(Exception):
            self._close()

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self._take()
            self._take()
        except Exception as error:
            self._failed = error

    def _lost(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"the instrument {self.name} was lost",
            why=printable(f"{type(error).__name__}: {error}"),
            next_step="look at its cable and its port",
        )

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _take(self) -> None:
        """What has come since the last time."""

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _recording(self) -> Recording: ...


class Ina(Instrument):
    """An INA219 or INA228 behind a microcontroller that prints a line for each sample:
    microseconds, microamperes, millivolts, marker (0 or 1). `docs/how-to/power.md` has a sketch."""

    name = "ina219"
    full_scale: ClassVar[float] = 3.2
    """Amperes, with the shunt of 0.1 ohm that breakout boards have."""
    _WRAP = 1 << 32

    def _open(self) -> None:
        if not self.port:
            raise UsageError(f"{self.name} needs its port", next_step=f"{self.name}:/dev/ttyUSB0")
        try:
            self._line = serial.serial_for_url(self.port, baudrate=1_000_000, timeout=0.05)
        except (serial.SerialException, ValueError, OSError) as error:
            raise self._lost(error) from error
        self._rest = b""
        self._lines: list[bytes] = []

    def _take(self) -> None:
        *lines, self._rest = (self._rest + self._line.read(4096)).split(b"\n")
        self._lines += lines

    def _close(self) -> None:
        self._line.close()

    def _recording(self) -> Recording:
        rows = [row for row in map(self._numbers, self._lines[1:]) if row is not None]
        if not rows:
            raise DeviceError(
                f"the {self.name} on {self.port} sent no sample",
                why="lines of microseconds,microamperes,millivolts,marker were expected",
                next_step="docs/how-to/power.md has the sketch",
            )
        columns = np.array(rows, dtype=np.float64)
        ticks = columns[:, 0]
        wraps = np.r_[0, np.cumsum(np.diff(ticks) < -self._WRAP / 2)]
        return Recording(
            source=f"{self.name} on {self.port}",
            seconds=(ticks + wraps * self._WRAP) * _MICRO,
            amperes=columns[:, 1] * _MICRO,
            volts=columns[:, 2] * _MILLI,
            marker=columns[:, 3] > 0 if columns[:, 3].any() else None,
            full_scale=self.full_scale,
        )

    def _numbers(self, line: bytes) -> tuple[int, ...] | None:
        """None of a line that is not whole: a gap in time tells of it."""
        try:
            row = tuple(int(word) for word in line.split(b","))
        except ValueError:
            return None
        return row if len(row) == 4 else None


class Ina228(Ina):
    """The same with an INA228, whose range is wider."""

    name = "ina228"
    full_scale: ClassVar[float] = 10.0
    """Amperes, with the shunt of 15 milliohms that breakout boards have."""


class Ppk2(Instrument):
    """Nordic's Power Profiler Kit II, as a source; its first digital channel is the marker."""

    name = "ppk2"
    _RATE = 100_000
    _FULL_SCALE = 1.0

    def _open(self) -> None:
        package = _package("ppk2_api.ppk2_api", "ppk2-api", "power-ppk2")
        if self.volts is None:
            raise UsageError(
                "the PPK2 has to know the voltage to supply", next_step="--voltage 3.3"
            )
        try:
            found = [self.port] if self.port else list(package.PPK2_API.list_devices())
            if not found:
                raise InputError("no PPK2 is connected", next_step="ppk2:/dev/ttyACM0")
            first = found[0]
            self._kit = package.PPK2_API(first if isinstance(first, str) else first[0])
            self._kit.get_modifiers()
            self._kit.set_source_voltage(round(self.volts * 1000))
            self._kit.use_source_meter()
            self._kit.toggle_DUT_power("ON")
            time.sleep(_GREETING)  # the device starts
            self._kit.start_measuring()
        except InputError:
            raise
        except Exception as error:
            raise self._lost(error) from error
        self._microamperes: list[float] = []
        self._bits: list[int] = []

    def _take(self) -> None:
        time.sleep(_PAUSE)
        content = self._kit.get_data()
        if content:
            samples, bits = self._kit.get_samples(content)
            self._microamperes += samples
            self._bits += bits

    def _close(self) -> None:
        self._kit.stop_measuring()

    def _recording(self) -> Recording:
        current = np.array(self._microamperes, dtype=np.float64) * _MICRO
        marker = (np.array(self._bits, dtype=np.int64) & 1) > 0
        return Recording(
            source="PPK2",
            seconds=np.arange(len(current)) / self._RATE,
            amperes=current,
            volts=np.full(len(current), self.volts or 0.0),
            marker=marker if len(marker) == len(current) and marker.any() else None,
            full_scale=self._FULL_SCALE,
        )


class Joulescope(Instrument):
    """A Joulescope; its input IN0 is the marker."""

    name = "joulescope"
    _CHUNK = 0.5

    def _open(self) -> None:
        package = _package("joulescope", "joulescope", "power-joulescope")
        self._parts: list[Mapping[str, Any]] = []
        try:
            self._scope = package.require_one(config="auto")
            self._scope.open()
            self._scope.parameter_set("i_range", "auto")
            self._scope.parameter_set("current_lsb", "gpi0")
            self._scope.start()
        except Exception as error:
            raise self._lost(error) from error
        self._from: int | None = None

    def _take(self) -> None:
        """What the stream's buffer has got since."""
        time.sleep(_PAUSE)
        first, last = self._scope.stream_buffer.sample_id_range
        start = first if self._from is None else max(first, self._from)
        if last > start:
            fields = ["current", "voltage", "current_lsb"]
            part = self._scope.stream_buffer.samples_get(start, last, fields=fields)
            self._parts.append({"start": start, "stop": last, **part})
            self._from = last

    def _close(self) -> None:
        self._scope.stop()
        self._rate = float(self._scope.sampling_frequency)
        self._scope.close()

    def _recording(self) -> Recording:
        def column(name: str) -> Any:
            return np.concatenate([p["signals"][name]["value"] for p in self._parts])

        places = np.concatenate([np.arange(p["start"], p["stop"]) for p in self._parts])
        marker = column("current_lsb") > 0
        return Recording(
            source="Joulescope",
            seconds=places / self._rate,
            amperes=column("current").astype(np.float64),
            volts=column("voltage").astype(np.float64),
            marker=marker if marker.any() else None,
        )


INSTRUMENTS: tuple[type[Instrument], ...] = (Ina, Ina228, Ppk2, Joulescope)


def instrument(source: str, volts: float | None) -> Instrument | None:
    """The instrument that `NAME` or `NAME:PORT` means; None where it is none's name."""
    name, _, port = source.partition(":")
    kind = next((one for one in INSTRUMENTS if one.name == name), None)
    return None if kind is None else kind(port, volts)


def _package(module: str, package: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"{package} is not installed here",
            why="the instrument is talked to by its own package",
            next_step=f"{shell_word(sys.executable)} -m pip install 'tinygen[{extra}]'",
        ) from error
