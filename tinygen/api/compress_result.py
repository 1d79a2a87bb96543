"""What compress() gives: candidates side by side, the chosen one, and what lies where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from tinygen.api.candidates import AS_GIVEN, CLUSTERED, UNSTRUCTURED, Outcome, Plan
from tinygen.api.firmware_of import Built
from tinygen.api.shown import Shown
from tinygen.compression.channels import Kept

SIMILAR = 0.005
"""Shares of right answers that differ by less mean nothing: the cheaper candidate is taken."""


@dataclass(frozen=True)
class Width:
    """How many of its channels a layer has, or layers that an Add joins."""

    layer: str
    channels: int
    of: int


@dataclass(frozen=True)
class Score:
    """Of one training. Shares of right answers, or less the mean squared error: `validation` (int8)
    on the samples that chose, the others on those that nothing was chosen by."""

    seed: int
    validation: float
    float_test: float
    int8_test: float


@dataclass(frozen=True)
class CompressRow:
    """One method at one shape. Bytes; flash and RAM of layers alone are estimated, those of the
    firmware built."""

    method: str
    widths: tuple[Width, ...]
    parameters: int
    scores: tuple[Score, ...]
    layers_flash: int
    """Of the layers' code and constants, estimated."""
    arena: int
    estimated_instructions: int
    built: Built | None
    """The firmware; None where the board has no room for it."""
    within_limits: bool
    epochs: int
    """Of the candidate's own training."""
    epochs_before: int | None
    """Epochs that were in its weights before: those of the model as given, and of what is trained
    on. None where nobody says how many."""
    minutes: float
    """Of training, quantizing and measuring, all seeds together."""
    after: str = ""
    """The method whose models are trained on, where that is what is done."""
    on_front: bool = False
    chosen: bool = False

    @classmethod
    def of(
        cls,
        plan: Plan,
        whole: Mapping[str, int],
        found: Sequence[tuple[int, Outcome]],
        built: Built | None,
        *,
        within: bool,
        epochs_before: int | None = None,
    ) -> CompressRow:
        first = found[0][1]
        return cls(
            method=plan.method,
            widths=tuple(Width(n, plan.widths[n], of) for n, of in whole.items()),
            parameters=first.parameters,
            scores=tuple(
                Score(seed, one.validation, one.float_test, one.int8_test) for seed, one in found
            ),
            layers_flash=first.flash,
            arena=first.arena,
            estimated_instructions=first.instructions,
            built=built,
            within_limits=within,
            epochs=first.epochs,
            epochs_before=epochs_before,
            after=plan.after,
            minutes=sum(one.seconds for _, one in found) / 60,
        )

    @property
    def score(self) -> float:
        """The mean over the seeds, int8, on samples that nothing was chosen by."""
        return mean(one.int8_test for one in self.scores)

    @property
    def low(self) -> float:
        """The lowest of the seeds."""
        return min(one.int8_test for one in self.scores)

    @property
    def high(self) -> float:
        """The highest of the seeds."""
        return max(one.int8_test for one in self.scores)

    @property
    def validation(self) -> float:
        """The mean over the seeds on the samples that choose."""
        return mean(one.validation for one in self.scores)

    @property
    def quantization_loss(self) -> float:
        """What int8 lost of the float model's score, the mean over the seeds."""
        return mean(one.float_test - one.int8_test for one in self.scores)

    @property
    def instructions(self) -> int:
        """Counted where an emulated board ran the firmware, else estimated."""
        if self.built is not None and self.built.instructions is not None:
            return self.built.instructions
        return self.estimated_instructions

    @property
    def choosable(self) -> bool:
        """Whether it may be the result: what only shows that nothing is gained may not."""
        return self.within_limits and self.method not in (UNSTRUCTURED, CLUSTERED)


@dataclass(frozen=True, repr=False)
class CompressResult(Shown):
    """The candidates that were trained from every seed and built, and where everything lies."""

    model: str
    model_sha256: str
    board: str
    limits: str
    measure: str
    split: str
    """Which samples did what, in words."""
    rows: tuple[CompressRow, ...]
    shapes_tried: int
    kept: tuple[Kept, ...]
    """Layers whose width does not change, and why."""
    notes: tuple[str, ...]
    smaller: Path
    """The chosen model: a Keras file, or int8 where it was trained with its quantization."""
    calibration: Path
    """Samples to quantize it with: the ones it was measured with."""
    test: Path
    """Samples that nothing was chosen by."""
    table: Path
    """All candidates, also those that were trained once, as CSV."""
    picture: Path | None
    minutes: float
    """Of this run."""


def best_row(rows: Sequence[CompressRow], least: float | None) -> CompressRow:
    """The one to take: the cheapest of those that reach `least` percent; where nobody asks for
    that, or none does, the cheapest of those as good as the best. By the samples that choose."""
    able = [row for row in rows if row.choosable] or list(rows)
    if least is not None and (reach := [r for r in able if 100 * r.validation >= least]):
        return min(reach, key=lambda row: row.instructions)
    top = max(row.validation for row in able)
    similar = SIMILAR if top > 0 else -top * 0.02  # of squared errors two hundredths
    return min(
        (row for row in able if row.validation >= top - similar),
        key=lambda row: (row.instructions, row.method != AS_GIVEN, -row.validation),
    )
