"""How far the int8 model is from the float model that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.ir import Edge
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import RealDistance, real_distance


@dataclass(frozen=True)
class Fidelity:
    """How far one int8 output is from the float model, on the user's data."""

    output: str
    samples: int
    distance: RealDistance

    @property
    def text(self) -> str:
        """In one line."""
        same = self.distance.argmax_agreement
        agree = "" if same is None else f", same argmax in {100 * same:.1f} %"
        return (
            f"int8 against float on {self.samples} samples, output {self.output}: "
            f"SQNR {self.distance.sqnr_db:.1f} dB{agree}"
        )


def fidelity(outputs: Sequence[Edge], checks: Vectors) -> tuple[Fidelity, ...]:
    """One per output: int8 (as the oracle computes it) against the float model, on the user's data.

    Empty where there is no float model or no such data.
    """
    if checks.real_outputs is None:
        return ()
    picks = checks.from_data(len(checks))
    if not picks.any():
        return ()
    return tuple(
        Fidelity(t.name, int(picks.sum()), real_distance(t, real[picks], expected[picks]))
        for t, real, expected in zip(outputs, checks.real_outputs, checks.expected, strict=True)
    )
