"""Readers of recordings: CSV files, and instruments behind stand-ins of their packages.

No instrument was at hand: lines and samples here are made up, in the form that the sketch of
docs/how-to/power.md prints and the packages give.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.power.traces import NET, VOLTS, trace
from tinygen.errors import DeviceError, InputError, UsageError
from tinygen.power import Recording, energy, instrument, read_csv
from tinygen.power.instruments import Ina

HEADS = (
    ("time (s)", "current (mA)", "voltage (V)", "marker"),
    ("Timestamp(ms)", "Current(uA)", "Voltage[mV]", "D0"),
    ("t_us", "I [A]", "U (V)", "gpio"),
)
_SCALES = {"s": 1.0, "ms": 1e3, "us": 1e6, "A": 1.0, "mA": 1e3, "uA": 1e6, "V": 1.0, "mV": 1e3}


def write(file: Path, head: tuple[str, ...], recording: Recording, units: tuple[str, ...]) -> None:
    values = (recording.seconds, recording.amperes, recording.volts)
    columns = [v * _SCALES[unit] for v, unit in zip(values, units, strict=True)]
    assert recording.marker is not None
    rows = np.column_stack([*columns, recording.marker])
    np.savetxt(file, rows, delimiter=",", header=",".join(head), comments="", fmt="%.9g")


@pytest.mark.parametrize(
    ("head", "units"),
    [*zip(HEADS, (("s", "mA", "V"), ("ms", "uA", "mV"), ("us", "A", "V")), strict=True)],
)
def test_a_csv_file_says_its_units(
    head: tuple[str, ...], units: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "recording.csv"
    write(file, head, trace(rate=10_000), units)
    found = energy(read_csv(file), expected=20)
    assert found.by == "marker"
    assert found.microjoules.mean == pytest.approx(NET, rel=0.02)


def test_the_voltage_may_be_told(tmp_path: Path) -> None:
    file = tmp_path / "recording.csv"
    recording = trace(rate=10_000)
    rows = np.column_stack([recording.seconds, recording.amperes * 1e3])
    np.savetxt(file, rows, delimiter=",", header="time (s),current (mA)", comments="", fmt="%.9g")
    with pytest.raises(InputError, match="has no voltage"):
        read_csv(file)
    found = energy(read_csv(file, VOLTS))
    assert (found.by, found.inferences) == ("current", 20)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.02)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("time (s),power (mW)\n1,2\n", "is the current"),
        ("time,current (mA),voltage (V)\n1,2,3\n", "does not say its unit"),
        ("time (s),current (mV),voltage (V)\n1,2,3\n", "does not say its unit"),
        ("time (s),current (mA),voltage (V)\n1,two,3\n", "no row of numbers"),
        ("time (s),current (mA),voltage (V)\n1\n", "no row of numbers"),
        ("time (s),current (mA)\n", "no row"),
        ("", "no row"),
        ("\xff\xfe", "codec"),
    ],
)
def test_what_is_no_recording_is_refused(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "recording.csv"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as caught:
        read_csv(file, VOLTS)
    assert why in caught.value.why
    assert "time (s),current (mA)" in caught.value.next_step


def _lines(recording: Recording, start: int = 0) -> list[bytes]:
    ticks = (np.round(recording.seconds * 1e6).astype(np.int64) + start) % (1 << 32)
    assert recording.marker is not None
    columns = (ticks, recording.amperes * 1e6, recording.volts * 1e3, recording.marker)
    rows = np.column_stack([np.round(c).astype(np.int64) for c in columns])
    return [b",".join(b"%d" % value for value in row) for row in rows]


@pytest.mark.parametrize("start", [0, (1 << 32) - 100_000])
def test_lines_of_an_ina219(start: int) -> None:
    """Its clock of 32 bits starts again after 71 minutes; a line that is cut is left out."""
    reader = Ina("loop://", None)
    reader.start()
    lines = _lines(trace(rate=5_000, inferences=5), start)
    reader._line.write(b"34,1\n" + b"\r\n".join(lines) + b"\r\n55,")
    recording = reader.stop()
    assert recording.source == "ina219 on loop://"
    found = energy(recording, expected=5)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.03)


def test_an_ina_that_says_nothing() -> None:
    reader = Ina("loop://", None)
    reader.start()
    with pytest.raises(DeviceError, match="sent no sample"):
        reader.stop()
    with pytest.raises(UsageError, match="needs its port"):
        Ina("", None).start()


class _Kit:
    """As the package ppk2-api: microamperes, and eight bits of which the first is the marker."""

    def __init__(self, port: str) -> None:
        self.said: list[Any] = [port]
        self.left = [trace(rate=100_000, inferences=4)]

    @staticmethod
    def list_devices() -> list[str]:
        return ["/dev/ttyACM7"]

    def get_data(self) -> bytes:
        return b"some" if self.left else b""

    def get_samples(self, _content: bytes) -> tuple[list[float], list[int]]:
        one = self.left.pop()
        assert one.marker is not None
        return list(one.amperes * 1e6), list(np.where(one.marker, 0b101, 0b100))

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.said.append((name, *values))


def test_a_ppk2(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("ppk2_api.ppk2_api")
    module.PPK2_API = _Kit  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ppk2_api", types.ModuleType("ppk2_api"))
    monkeypatch.setitem(sys.modules, "ppk2_api.ppk2_api", module)
    monkeypatch.setattr("tinygen.power.instruments._GREETING", 0.0)
    with pytest.raises(UsageError, match="voltage"):
        instrument("ppk2", None).start()  # type: ignore[union-attr]
    kit: Any = instrument("ppk2", VOLTS)
    kit.start()
    found = energy(kit.stop(), expected=4)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.02)
    assert ("set_source_voltage", 3300) in kit._kit.said
    assert kit._kit.said[-1] == ("stop_measuring",)


class _Scope:
    """As the package joulescope: a buffer of the stream, by numbers of samples."""

    sampling_frequency = 20_000

    def __init__(self) -> None:
        self.stream_buffer = self
        self.all = trace(rate=self.sampling_frequency, inferences=4)
        self.there = 0

    @property
    def sample_id_range(self) -> tuple[int, int]:
        self.there = min(len(self.all.seconds), self.there + 1_300)
        return max(0, self.there - 3_000), self.there

    def samples_get(self, start: int, stop: int, fields: list[str]) -> dict[str, Any]:
        assert self.all.marker is not None
        columns = (self.all.amperes, self.all.volts, self.all.marker.astype(np.uint8))
        values = (c[start:stop] for c in columns)
        return {"signals": {f: {"value": v} for f, v in zip(fields, values, strict=True)}}

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def test_a_joulescope(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = _Scope()
    module = types.ModuleType("joulescope")
    module.require_one = lambda **_: scope  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "joulescope", module)
    recorder: Any = instrument("joulescope", None)
    recorder.start()
    while scope.there < len(scope.all.seconds):
        pass
    found = energy(recorder.stop(), expected=4)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.02)


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joulescope", None)
    with pytest.raises(InputError) as caught:
        instrument("joulescope", None).start()  # type: ignore[union-attr]
    assert "tinygen[power-joulescope]" in caught.value.next_step
    assert instrument("recording.csv", None) is None
