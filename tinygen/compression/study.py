"""The search for shapes, by Optuna: which one to try next, what came of it, where it was left.

Optuna's journal lies in the output folder, so that a search that was interrupted goes on. What does
not keep the limits is told to the sampler as a violated constraint, without training.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen.errors import InputError
from tinygen.printable import shell_word

STARTS = (1.0, 0.75, 0.5, 0.25)
"""Shares of all channels that are tried first."""
STEPS = 8
"""A width is a multiple of this part of a layer's."""
_ALIGNED = 4
"""Kernels take so many channels at a time."""


def require_optuna() -> None:
    """InputError where it is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise InputError(
            "compress needs Optuna, which is not installed",
            why="it searches for the shapes of the model that are worth training",
            next_step=f"{shell_word(sys.executable)} -m pip install 'tinygen[compress]'",
        )


@dataclass(frozen=True, eq=False)
class Asked:
    """A shape to try, by the groups' names, and Optuna's trial for it."""

    widths: Mapping[str, int]
    trial: Any


def width(channels: int, steps: int) -> int:
    """So many eighths of a layer's channels, a multiple of 4 where there are many."""
    if steps >= STEPS:
        return channels
    part = channels * steps / STEPS
    if channels >= 2 * _ALIGNED:
        return min(channels, max(_ALIGNED, round(part / _ALIGNED) * _ALIGNED))
    return max(1, round(part))


class Study:
    """A search that is kept in a file. `groups` are the channels of the model, `name` says what is
    searched: another model, data or limits are another search in the same file. Where several
    shapes are at work `together`, the next one keeps away from those."""

    def __init__(
        self,
        journal: Path,
        name: str,
        groups: Mapping[str, int],
        seed: int,
        *,
        together: bool = False,
    ) -> None:
        require_optuna()
        import optuna
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._groups = dict(groups)
        backend = JournalFileBackend(str(journal))
        storage = optuna.storages.JournalStorage(backend)
        before = [s for s in optuna.get_all_study_names(storage) if s == name]
        self._study = optuna.create_study(
            storage=storage,
            study_name=name,
            load_if_exists=True,
            directions=["maximize", "minimize", "minimize"],
        )
        done = len(self._study.trials)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study.sampler = optuna.samplers.TPESampler(
                seed=seed + done, n_startup_trials=8, constant_liar=together
            )
        if before:
            self._end_interrupted(optuna.trial.TrialState)
        else:
            for share in STARTS:
                eighths = dict.fromkeys(self._groups, round(share * STEPS))
                self._study.enqueue_trial(eighths)

    def _end_interrupted(self, states: Any) -> None:
        """A trial that was at work when the last run ended is tried again."""
        for trial in self._study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            self._study.tell(trial.number, state=states.FAIL)
            if trial.params:
                self._study.enqueue_trial(dict(trial.params))

    @property
    def trained(self) -> tuple[dict[str, int], ...]:
        """The shapes that were trained, in this run and before, each once, in order."""
        shapes = [
            dict(trial.user_attrs["widths"])
            for trial in self._study.get_trials(deepcopy=False)
            if trial.user_attrs.get("trained")
        ]
        return tuple(shape for i, shape in enumerate(shapes) if shape not in shapes[:i])

    @property
    def asked(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def ask(self) -> Asked:
        trial = self._study.ask()
        widths = {
            name: width(count, trial.suggest_int(name, 1, STEPS))
            for name, count in self._groups.items()
        }
        trial.set_user_attr("widths", widths)
        return Asked(widths, trial)

    def tell(self, asked: Asked, score: float, instructions: int, flash: int) -> None:
        """What came of a shape that was trained."""
        asked.trial.set_user_attr("trained", True)
        self._study.tell(asked.trial, (score, instructions, flash))

    def refuse(self, asked: Asked, violations: Mapping[str, float]) -> None:
        """The shape does not keep these limits, each by so much of itself; it was not trained."""
        for limit, share in violations.items():
            asked.trial.set_constraint(limit, share)
        self._study.tell(asked.trial, (0.0, 2**62, 2**62))
