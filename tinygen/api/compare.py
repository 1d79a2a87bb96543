"""compare(): two projects, or results that were saved, and whether they differ by too much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.compare_sides import Figure, Side, SideLayer, side
from tinygen.api.gates import COMPARED, EXIT_CODE, NAMES, NUMBER, GateOutcome
from tinygen.api.shown import Shown
from tinygen.errors import InputError
from tinygen.printable import printable
from tinygen.progress import SILENT, Progress

LAYER = "layer"
"""Stands for what each layer takes."""
_FORM = re.compile(
    rf"\s*(?P<name>[A-Za-z_]\w*)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<limit>{NUMBER})\s*(?P<share>%?)\s*"
)


def _change(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else b - a


def _percent(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or a == 0 else 100 * (b - a) / abs(a)


@dataclass(frozen=True)
class Difference:
    """A figure on both sides; None where a side does not have it. `of` says of what it is, where
    there are several."""

    name: str
    of: str
    a: float | None
    b: float | None

    @property
    def change(self) -> float | None:
        """How much more B has."""
        return _change(self.a, self.b)

    @property
    def percent(self) -> float | None:
        """The same in hundredths of A; None where A is 0."""
        return _percent(self.a, self.b)


@dataclass(frozen=True)
class LayerDifference:
    """A layer on both sides, by the name of what it makes: the kernel that computes it, and what
    that takes in the result's unit."""

    output: str
    operators: str
    kernel_a: str | None
    kernel_b: str | None
    a: float | None
    b: float | None

    @property
    def change(self) -> float | None:
        """How much more B takes."""
        return _change(self.a, self.b)

    @property
    def percent(self) -> float | None:
        """The same in hundredths of A; None where A is 0."""
        return _percent(self.a, self.b)

    @property
    def same_kernel(self) -> bool:
        """Whether one kernel computes it on both sides."""
        return self.kernel_a == self.kernel_b


@dataclass(frozen=True)
class Compared:
    """What one side is."""

    source: str
    kind: str
    model: str
    board: str
    engine: str


@dataclass(frozen=True, repr=False)
class CompareResult(Shown):
    """Two sides, their figures and layers. `unit` is what a layer takes, empty where the sides say
    it in two units or not at all."""

    a: Compared
    b: Compared
    figures: tuple[Difference, ...]
    unit: str
    layers: tuple[LayerDifference, ...]
    thresholds: tuple[GateOutcome, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """That of gates, where a threshold fails."""
        return EXIT_CODE if any(one.failed for one in self.thresholds) else 0


def compare(
    a: str | Path,
    b: str | Path,
    *,
    thresholds: Sequence[str] = (),
    measure: bool = False,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> CompareResult:
    """Hold two projects or saved results against each other.

    Parameters
    ----------
    a : str or Path
        A project folder, or what build, verify, profile, bench or inspect wrote with
        ``--json-file``: what was before.
    b : str or Path
        The same of what is now.
    thresholds : sequence of str
        Changes under which to fail, of B over A: ``"flash > 5%"``, ``"flash > 1024"``,
        ``"accuracy < -0.01"``, ``"layer > 10%"`` for each layer.
    measure : bool
        Count what each layer takes on the projects' devices, as `profile` does, instead of
        estimating it.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    CompareResult
        Figures and layers of both, and what came of the thresholds.

    Raises
    ------
    InputError
        For what is neither, and for a threshold that is not understood.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.compare("firmware", "firmware", thresholds=["flash > 5%"])
    >>> result.exit_code
    0
    """
    limits = [_limit(text) for text in thresholds]
    sides = [
        side(Path(path), measure=measure, trust_project=trust_project, progress=progress)
        for path in (a, b)
    ]
    left, right = sides
    figures = tuple(_figures(left.figures, right.figures))
    same_unit = left.unit == right.unit
    layers = tuple(_layers(left, right, known=same_unit))
    return CompareResult(
        a=_said(left),
        b=_said(right),
        figures=figures,
        unit=left.unit if same_unit else "",
        layers=layers,
        thresholds=tuple(_judged(limit, figures, layers) for limit in limits),
        notes=(*left.notes, *right.notes, *_notes(left, right)),
    )


@dataclass(frozen=True)
class _Limit:
    text: str
    name: str
    sign: str
    limit: float
    is_share: bool


def _limit(text: str) -> _Limit:
    match = _FORM.fullmatch(text)
    known = dict.fromkeys((LAYER, *(name for names in NAMES.values() for name in names)))
    if match is None or match["name"] not in known:
        raise InputError(
            f"--threshold '{printable(text)}' is not understood",
            why=f"it is a figure, one of {' '.join(sorted(COMPARED))}, and a number, with % for a "
            f"share of what it was; figures are {', '.join(known)}",
            next_step='--threshold "flash > 5%", for example',
        )
    number = float(match["limit"].replace("_", ""))
    return _Limit(text.strip(), match["name"], match["sign"], number, match["share"] == "%")


def _judged(
    limit: _Limit, figures: Sequence[Difference], layers: Sequence[LayerDifference]
) -> GateOutcome:
    """The first change that fails it; else the first. What is not known on both sides fails."""
    changes: list[tuple[str, Difference | LayerDifference]]
    if limit.name == LAYER:
        changes = [(f"{LAYER} {one.output}", one) for one in layers]
    else:
        mine = [one for one in figures if one.name == limit.name]
        changes = [(f"{one.name} {one.of}".strip(), one) for one in mine]
    judged = []
    for where, one in changes:
        value = one.percent if limit.is_share else one.change
        if limit.is_share and value is None and one.change == 0:
            value = 0.0
        failed = value is None or COMPARED[limit.sign](value, limit.limit)
        judged.append(GateOutcome(limit.text, where, value, failed))
    judged = judged or [GateOutcome(limit.text, limit.name, None, True)]
    return next((one for one in judged if one.failed), judged[0])


def _said(one: Side) -> Compared:
    return Compared(one.source, one.kind, one.model, one.board, one.engine)


def _figures(a: Sequence[Figure], b: Sequence[Figure]) -> Iterator[Difference]:
    left = {(one.name, one.of): one.value for one in a}
    right = {(one.name, one.of): one.value for one in b}
    for name, of in dict.fromkeys((*left, *right)):
        yield Difference(name, of, left.get((name, of)), right.get((name, of)))


def _layers(a: Side, b: Side, *, known: bool) -> Iterator[LayerDifference]:
    """By the tensors that they make. Where the sides have two units, their numbers are left out."""
    left, right = _by_output(a.layers), _by_output(b.layers)
    for key in dict.fromkeys((*left, *right)):
        mine, its = left.get(key), right.get(key)
        either = mine or its
        assert either is not None
        yield LayerDifference(
            output=key,
            operators=either.operators,
            kernel_a=None if mine is None else mine.kernel,
            kernel_b=None if its is None else its.kernel,
            a=None if mine is None or not known else mine.amount,
            b=None if its is None or not known else its.amount,
        )


def _by_output(layers: Sequence[SideLayer]) -> Mapping[str, SideLayer]:
    """A tensor that is made in several steps has a number behind it."""
    found: dict[str, SideLayer] = {}
    for layer in layers:
        name, number = layer.output, 1
        while name in found:
            number += 1
            name = f"{layer.output} #{number}"
        found[name] = layer
    return found


def _notes(a: Side, b: Side) -> Iterator[str]:
    if a.model != b.model:
        yield f"two models are compared: {a.model or 'unknown'} and {b.model or 'unknown'}"
    if a.board != b.board:
        yield f"two boards are compared: {a.board or 'unknown'} and {b.board or 'unknown'}"
    if a.unit and b.unit and a.unit != b.unit:
        yield f"layers of A are in {a.unit}, of B in {b.unit}: their numbers are not compared"
