"""Recording -> the energy of each inference, with what the board takes anyway subtracted.

An inference lasts while the marker is high; without a marker, while the current is up. Power is
integrated by the trapezoidal rule between its edges. The baseline is the median power of what lies
between inferences; its energy over the same time is subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import InputError
from tinygen.power.recording import Recording, Samples

_LEAST = 20
"""Samples that an inference needs: each edge is known to one sample, so to 5 % at the worst."""
_GUARD = 2
"""Samples beside an edge that count for neither side of the baseline."""
_STEP = 5.0
"""The current has to rise by so many times the noise, for an edge to be one."""
_MICRO = 1e6

Interval = tuple[int, int]
"""From the first sample of an inference up to the one behind its last."""


@dataclass(frozen=True)
class Spread:
    """How a figure differs between inferences; `deviation` is the standard deviation."""

    mean: float
    deviation: float
    minimum: float
    p5: float
    median: float
    p95: float
    maximum: float

    @classmethod
    def of(cls, values: Samples) -> Spread:
        """Of at least one value; of one alone the deviation is 0."""
        low, p5, median, p95, high = np.percentile(values, (0, 5, 50, 95, 100))
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        ends = (float(low), float(p5), float(median), float(p95), float(high))
        return cls(float(values.mean()), spread, *ends)


@dataclass(frozen=True)
class Energy:
    """What an inference takes: microjoules beyond the baseline and in all, milliseconds,
    milliwatts."""

    inferences: int
    left_out: int
    """Inferences that the recording cuts at its beginning or its end."""
    by: str
    """What tells where an inference begins: `marker` or `current`."""
    microjoules: Spread
    """Beyond the baseline."""
    gross_microjoules: Spread
    """With it: what the board as a whole takes in that time."""
    milliseconds: Spread
    baseline_milliwatts: float
    active_milliwatts: float
    """The mean power during inferences, baseline included."""
    samples_per_inference: float
    rate: float
    """Samples a second."""


def energy(recording: Recording, expected: int | None = None) -> Energy:
    """The energy of each inference of the recording.

    InputError for a recording that is not whole, has no inference in it, too few samples for one,
    or where `expected` says how many there were, another number.
    """
    recording.require_whole()
    active = _active(recording)
    found = _intervals(active)
    whole = [(a, b) for a, b in found if a > 0 and b < len(active)]
    if not whole:
        raise _none(recording)
    if expected is not None and len(whole) != expected:
        raise InputError(
            f"the recording {recording.source} has {len(whole)} inferences, not {expected}",
            why="so many were run while it was made",
            next_step="a marker tells them apart for sure: docs/how-to/power.md",
        )
    samples = np.array([b - a for a, b in whole])
    if np.median(samples) < _LEAST:
        raise InputError(
            f"the recording {recording.source} has too few samples",
            why=f"{np.median(samples):.0f} for an inference, at {recording.rate:,.0f} a second: "
            "its beginning and end are not known well enough",
            next_step=f"record at {_LEAST / np.median(samples) * recording.rate:,.0f} a second or "
            "more, or a larger model",
        )
    baseline = float(np.median(recording.watts[_idle(active)]))
    gross, lasts = _integrals(recording, whole)
    return Energy(
        inferences=len(whole),
        left_out=len(found) - len(whole),
        by="current" if recording.marker is None else "marker",
        microjoules=Spread.of((gross - baseline * lasts) * _MICRO),
        gross_microjoules=Spread.of(gross * _MICRO),
        milliseconds=Spread.of(lasts * 1e3),
        baseline_milliwatts=baseline * 1e3,
        active_milliwatts=float(gross.sum() / lasts.sum()) * 1e3,
        samples_per_inference=float(samples.mean()),
        rate=recording.rate,
    )


def _none(recording: Recording) -> InputError:
    if recording.marker is None:
        return InputError(
            f"the recording {recording.source} has no whole inference in it",
            why="the current never rises and falls by more than its noise",
            next_step="a marker around inferences: docs/how-to/power.md",
        )
    return InputError(
        f"the recording {recording.source} has no marker",
        why="its channel never rises and falls",
        next_step="look at the wire and the pin: docs/how-to/power.md",
    )


def _active(recording: Recording) -> NDArray[np.bool_]:
    """Which samples belong to an inference."""
    if recording.marker is not None:
        return recording.marker
    current = recording.amperes
    threshold = _between(current)
    high, low = current[current > threshold], current[current <= threshold]
    if not len(high) or not len(low):
        raise _none(recording)
    noise = 1.4826 * float(np.median(np.abs(low - np.median(low))))  # of a normal distribution
    if float(np.median(high) - np.median(low)) <= _STEP * noise:
        raise _none(recording)
    active = current > threshold
    for width in (3, 5, 9):  # one sample of noise across the threshold is no edge
        active = _majority(active, width)
    return active


def _between(values: Samples) -> float:
    """The threshold that tells two groups apart best (Otsu, 1979)."""
    counts, edges = np.histogram(values, 256)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][int(np.nanargmax(apart))]) if np.isfinite(apart).any() else np.inf


def _majority(active: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    padded = np.pad(active, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(windows.sum(axis=1) * 2 > width)


def _intervals(active: NDArray[np.bool_]) -> list[Interval]:
    edges = np.flatnonzero(np.diff(np.r_[False, active, False].astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _idle(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Samples between inferences, without those beside an edge where others are."""
    wide = np.lib.stride_tricks.sliding_window_view(
        np.pad(active, _GUARD, mode="edge"), 2 * _GUARD + 1
    ).any(axis=1)
    return np.asarray(~active if wide.all() else ~wide)


def _integrals(recording: Recording, whole: list[Interval]) -> tuple[Samples, Samples]:
    """Joules and seconds of each inference. An edge lies in the middle of the two samples that
    differ."""
    watts, seconds = recording.watts, recording.seconds
    joules = np.r_[0.0, np.cumsum((watts[1:] + watts[:-1]) / 2 * np.diff(seconds))]
    edges = np.array(whole)
    begins = (seconds[edges[:, 0] - 1] + seconds[edges[:, 0]]) / 2
    ends = (seconds[edges[:, 1] - 1] + seconds[edges[:, 1]]) / 2
    gross = np.interp(ends, seconds, joules) - np.interp(begins, seconds, joules)
    return gross, ends - begins
