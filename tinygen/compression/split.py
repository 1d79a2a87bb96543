"""Which samples train, which choose, and which are kept for the last word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.compression.train import Samples
from tinygen.errors import InputError

HELD_OUT = 0.15
"""Of the samples: the share that chooses, and that of the last word where no file has it."""
_FEWEST = 20


@dataclass(frozen=True, eq=False)
class Split:
    """What is trained with, what candidates are chosen by, and what the table is of: nothing was
    chosen by those."""

    train: Samples
    validation: Samples
    test: Samples

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"trained with {len(self.train):,} samples, chosen by {len(self.validation):,} others,"
            f" measured on {len(self.test):,} that neither saw"
        )


def split(data: Samples, test: Samples | None, seed: int) -> Split:
    """Shuffled and cut; `test` are samples of a file of their own. InputError where too few."""
    order = np.random.default_rng(seed).permutation(len(data))
    held = round(HELD_OUT * len(data))
    if held < _FEWEST:
        raise InputError(
            f"{len(data)} samples are too few to train with",
            why=f"{HELD_OUT:.0%} of them choose among candidates, and that has to be {_FEWEST} or"
            " more",
            next_step="give more samples with --data",
        )
    validation, rest = data.at(order[:held]), order[held:]
    if test is not None:
        return Split(data.at(rest), validation, test)
    return Split(data.at(rest[held:]), validation, data.at(rest[:held]))
