"""Energy of made-up recordings: what was put in comes out, and what is no recording is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.power.traces import BUSY, EVERY, IDLE, LASTS, NET, VOLTS, trace
from tinygen.errors import InputError
from tinygen.power import Energy, Recording, energy


@pytest.mark.parametrize("marker", [True, False])
@pytest.mark.parametrize("rate", [5_000, 100_000])
def test_what_was_put_in_comes_out(marker: bool, rate: float) -> None:
    found = energy(trace(rate=rate, marker=marker), expected=20)
    assert found.by == ("marker" if marker else "current")
    assert (found.inferences, found.left_out) == (20, 0)
    one_sample = 1 / (LASTS * rate)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.01 + one_sample)
    assert found.milliseconds.mean == pytest.approx(LASTS * 1e3, rel=0.001 + one_sample)
    assert found.baseline_milliwatts == pytest.approx(IDLE * VOLTS * 1e3, rel=0.01)
    assert found.active_milliwatts == pytest.approx(BUSY * VOLTS * 1e3, rel=0.02)
    gross = found.gross_microjoules.mean - found.microjoules.mean
    assert gross == pytest.approx(found.baseline_milliwatts * found.milliseconds.mean, rel=1e-6)
    assert found.rate == pytest.approx(rate)


def test_without_noise_it_is_exact() -> None:
    """Edges lie between samples; the trapezoid across one is half of the step, as it should be."""
    found = energy(trace(noise=0.0))
    assert found.microjoules.mean == pytest.approx(NET, rel=1e-3)
    assert found.microjoules.deviation < NET / 500, "one sample of 500"


def test_the_spread_is_that_of_the_inferences() -> None:
    recording = trace(noise=0.0)
    number = np.floor((recording.seconds - 0.02) / EVERY)
    assert recording.marker is not None
    heavier = np.where(recording.marker, 0.001 * number, 0.0)  # 0 to 19 mA more
    found = energy(replace(recording, amperes=recording.amperes + heavier)).microjoules
    steps = np.arange(20) * 0.001 * VOLTS * LASTS * 1e6 + NET
    assert found.mean == pytest.approx(steps.mean(), rel=2e-3)
    assert found.deviation == pytest.approx(steps.std(ddof=1), rel=5e-3)
    assert (found.minimum, found.maximum) == pytest.approx((steps[0], steps[-1]), rel=5e-3)
    for told, wanted in ((found.p5, 5), (found.median, 50), (found.p95, 95)):
        assert told == pytest.approx(float(np.percentile(steps, wanted)), rel=5e-3)


def test_voltage_that_sags_counts() -> None:
    recording = trace(noise=0.0)
    assert recording.marker is not None
    sagging = replace(recording, volts=np.where(recording.marker, 3.0, 3.3))
    wanted = (BUSY * 3.0 - IDLE * 3.3) * LASTS * 1e6
    assert energy(sagging).microjoules.mean == pytest.approx(wanted, rel=2e-3)


def test_inferences_that_are_cut_are_left_out() -> None:
    recording = trace()
    cut = slice(round(0.025 * 50_000), round(0.480 * 50_000))  # into the first and the last one
    assert recording.marker is not None
    found = energy(
        Recording(
            "cut",
            recording.seconds[cut],
            recording.amperes[cut],
            recording.volts[cut],
            recording.marker[cut],
        )
    )
    assert (found.inferences, found.left_out) == (17, 2)


def _changed(recording: Recording, where: slice, amperes: float) -> Recording:
    current = recording.amperes.copy()
    current[where] = amperes
    return replace(recording, amperes=current)


def _without(recording: Recording, start: int, stop: int) -> Recording:
    keep = np.r_[0:start, stop : len(recording.seconds)]
    assert recording.marker is not None
    return Recording(
        "gap",
        recording.seconds[keep],
        recording.amperes[keep],
        recording.volts[keep],
        recording.marker[keep],
    )


@pytest.mark.parametrize(
    ("recording", "what", "why"),
    [
        (replace(trace(), marker=np.zeros(26_000, dtype=bool)), "has no marker", "never rises"),
        (trace(marker=False, inferences=0, lead=0.5), "no whole inference", "than its noise"),
        (replace(trace(), full_scale=0.02), "is clipped", "0.02 A"),
        (replace(t := trace(), amperes=np.minimum(t.amperes, 0.02)), "is clipped", "in runs"),
        (_without(trace(), 9_000, 9_050), "has gaps", "without a sample at 0.17998 s"),
        (_changed(trace(), slice(100, 110), float("nan")), "has gaps", "10 samples"),
        (trace(rate=1_000), "too few samples", "10 for an inference, at 1,000 a second"),
        (trace(inferences=1, lead=0, rate=2_000), "50 samples", "at least 100"),
        (replace(t, seconds=t.seconds[::-1].copy()), "forward in time", "sample 1"),
    ],
)
def test_a_bad_recording_is_refused(recording: Recording, what: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        energy(recording)
    assert what in caught.value.what
    assert why in caught.value.why
    assert caught.value.next_step


def test_another_number_of_inferences_is_refused() -> None:
    with pytest.raises(InputError, match="has 20 inferences, not 21"):
        energy(trace(), expected=21)


def test_steps_of_a_converter_are_no_clipping() -> None:
    """An INA219 tells current in steps of 0.1 mA: many samples are equal, and none is clipped."""
    recording = trace(rate=5_000, noise=1e-4)
    coarse = replace(recording, amperes=np.round(recording.amperes, 4))
    found = energy(coarse)
    assert isinstance(found, Energy)
    assert found.microjoules.mean == pytest.approx(NET, rel=0.03)
