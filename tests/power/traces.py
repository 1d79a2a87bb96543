"""Recordings made up of what is known: steps, noise, markers. No instrument made them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinygen.power import Recording

IDLE, BUSY = 0.004, 0.020
"""Amperes."""
VOLTS = 3.3
LASTS, EVERY = 0.010, 0.025
"""Seconds of an inference, and from one to the next."""
NET = (BUSY - IDLE) * VOLTS * LASTS * 1e6
"""Microjoules of an inference, beyond the baseline."""


def trace(
    inferences: int = 20,
    rate: float = 50_000,
    *,
    noise: float = 2e-4,
    marker: bool = True,
    lasts: float = LASTS,
    lead: float = 0.02,
    seed: int = 1,
    full_scale: float | None = None,
) -> Recording:
    """A recording of so many inferences."""
    generator = np.random.default_rng(seed)
    seconds = np.arange(round((lead + inferences * EVERY) * rate)) / rate
    since = (seconds - lead) % EVERY
    busy: NDArray[np.bool_] = (seconds >= lead) & (since < lasts)
    amperes = np.where(busy, BUSY, IDLE) + generator.normal(0, noise, len(seconds))
    volts = np.full(len(seconds), VOLTS)
    return Recording(
        "trace", seconds, amperes, volts, busy if marker else None, full_scale=full_scale
    )
