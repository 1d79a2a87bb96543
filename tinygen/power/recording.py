"""A recording of an instrument: current and voltage over time, and the marker if there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import InputError

Samples = NDArray[np.float64]

_GAP = 3.0
"""So many times the usual distance of two samples is a gap."""
_LEAST = 100
_HELD = 0.002
"""Share of all samples that stand at the highest value in runs, from which it looks clipped."""
_RUN = 8
_NOISY = 64
"""Different values from which an instrument is known to have noise: held values are odd then."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples in the order of time: seconds, amperes, volts, and whether the marker is high.

    `full_scale` is the highest current that the instrument can tell, in amperes, where it is known.
    """

    source: str
    seconds: Samples
    amperes: Samples
    volts: Samples
    marker: NDArray[np.bool_] | None = None
    full_scale: float | None = None

    @property
    def period(self) -> float:
        """Seconds between two samples."""
        return float(np.median(np.diff(self.seconds)))

    @property
    def rate(self) -> float:
        """Samples a second."""
        return 1.0 / self.period

    @property
    def watts(self) -> Samples:
        """Power."""
        return self.amperes * self.volts

    def require_whole(self) -> None:
        """InputError for a recording that nothing can be said of: too short, in another order than
        that of time, with gaps, or clipped."""
        if len(self.seconds) < _LEAST:
            raise self._bad(f"has {len(self.seconds)} samples", f"at least {_LEAST} are needed")
        steps = np.diff(self.seconds)
        if not np.isfinite(self.seconds).all() or (steps <= 0).any():
            where = int(np.argmax(~(steps > 0))) + 1
            raise self._bad("does not go forward in time", f"sample {where} is not after the last")
        for name, values in (("current", self.amperes), ("voltage", self.volts)):
            missing = int((~np.isfinite(values)).sum())
            if missing:
                raise self._bad("has gaps", f"{missing} samples have no {name}")
        usual = self.period
        if float(steps.max()) > _GAP * usual:
            at = float(self.seconds[int(steps.argmax())])
            raise self._bad(
                "has gaps",
                f"{steps.max() * 1e3:.3g} ms without a sample at {at:.6g} s, where "
                f"{usual * 1e3:.3g} ms are usual",
            )
        if why := self._clipped():
            raise self._bad("is clipped", why, "a larger range of the instrument, or less load")

    def _clipped(self) -> str:
        most = float(self.amperes.max())
        at_most = self.amperes == most
        if self.full_scale is not None and most >= self.full_scale:
            return f"the current reaches {self.full_scale:g} A, the most that can be told"
        edges = np.flatnonzero(np.diff(np.r_[False, at_most, False].astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        held = int(runs[runs >= _RUN].sum())
        if held > _HELD * len(self.amperes) and len(np.unique(self.amperes)) >= _NOISY:
            return f"{held} samples stand at exactly {most:g} A, in runs, where others have noise"
        return ""

    def _bad(self, what: str, why: str, help: str = "") -> InputError:
        return InputError(
            f"the recording {self.source} {what}",
            why=why,
            next_step=help or "record again: docs/how-to/power.md says how",
        )
