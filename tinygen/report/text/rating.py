"""How good the model is on labelled samples, as the device computes it: classes, or values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tinygen.report.text.tables import WIDTH, columns, decibel, number, ruled, share

if TYPE_CHECKING:
    from tinygen.proof.rating import Accuracy, ClassScore, Regression
    from tinygen.proof.verdict import RealDistance

_ROWS = 12
"""Of more classes those are shown that are told apart worst."""
_CONFUSED = 10


def rating_parts(
    accuracy: Accuracy | None, regression: Regression | None, board: str
) -> Iterator[RenderableType]:
    """Tables of what is known of labelled samples; none where there are none."""
    if accuracy is not None:
        yield _shares(accuracy, board)
        yield _summary(accuracy)
        yield from _classes(accuracy)
        yield from _confusion(accuracy)
    if regression is not None:
        yield from _regression(regression, board)


def _shares(accuracy: Accuracy, board: str) -> Table:
    table = ruled(f"accuracy on {_samples(accuracy.vectors)}", "correct")
    table.add_row(f"{board} (device)", share(accuracy.device, digits=2))
    table.add_row("host, int8 oracle", share(accuracy.host_int8, digits=2))
    if accuracy.host_float is not None:
        table.add_row("host, float model", share(accuracy.host_float, digits=2))
    return table


def _samples(count: int) -> str:
    return f"{count:,} labelled sample{'' if count == 1 else 's'}"


def _summary(accuracy: Accuracy) -> Text:
    said = [
        f"of the device, output {accuracy.output}: between {share(accuracy.low)} and"
        f" {share(accuracy.high)} with 95 % confidence, by so many samples",
    ]
    said += [
        f"label among the {top.k} highest: {share(top.device, digits=2)}" for top in accuracy.top
    ]
    means = [
        f"recall {share(accuracy.balanced)} (balanced accuracy)",
        f"precision {share(accuracy.precision)}",
        f"F1 {accuracy.f1:.3f}",
    ]
    if accuracy.auc is not None:
        means.append(f"AUC {accuracy.auc:.4f}")
    return Text("\n".join((*said, f"mean of the classes: {', '.join(means)}")))


def _classes(accuracy: Accuracy) -> Iterator[RenderableType]:
    shown = sorted(accuracy.classes, key=lambda c: (c.f1 or 0.0, -c.samples, c.number))[:_ROWS]
    table = ruled("class", "samples", "computed", "precision", "recall", "F1", "AUC")
    for one in sorted(shown, key=lambda c: c.number):
        table.add_row(
            _name(one),
            f"{one.samples:,}",
            f"{one.computed:,}",
            share(one.precision),
            share(one.recall),
            "-" if one.f1 is None else f"{one.f1:.3f}",
            "-" if one.auc is None else f"{one.auc:.4f}",
        )
    yield table
    if len(shown) < len(accuracy.classes):
        yield Text(
            f"the {len(shown)} of {len(accuracy.classes):,} classes with the lowest F1;"
            " all are in --json"
        )


def _confusion(accuracy: Accuracy) -> Iterator[RenderableType]:
    """The matrix where it fits, else the pairs that are confused most."""
    by_number = {one.number: one for one in accuracy.classes}
    cells = {(c.label, c.computed): c.samples for c in accuracy.confusion}
    widths = [
        max(len(str(n)), *(len(f"{cells.get((label, n), 0):,}") for label in by_number)) + 2
        for n in by_number
    ]
    longest = max(len(_name(one)) for one in accuracy.classes)
    if longest + 2 + sum(widths) <= WIDTH:
        table = columns("label \\ device", *map(str, by_number))
        table.columns[0].justify = "left"
        for label, one in by_number.items():
            counts = (cells.get((label, n), 0) for n in by_number)
            table.add_row(_name(one), *(f"{count:,}" if count else "." for count in counts))
        yield table
        yield Text("a row is what samples are, a column what the device takes them for")
        return
    wrong = [c for c in accuracy.confusion if c.label != c.computed]
    if not wrong:
        return
    table = ruled("confused most: is", "taken for", "samples", "of its samples")
    table.columns[1].justify = "left"
    for cell in sorted(wrong, key=lambda c: (-c.samples, c.label, c.computed))[:_CONFUSED]:
        one = by_number[cell.label]
        table.add_row(
            _name(one),
            _name(by_number[cell.computed]),
            f"{cell.samples:,}",
            share(cell.samples / one.samples),
        )
    yield table
    if len(wrong) > _CONFUSED:
        yield Text(f"{_CONFUSED} of {len(wrong):,} pairs; the whole matrix is in --json")


def _name(one: ClassScore) -> str:
    return f"{one.number}" if one.label is None else f"{one.number} {one.label}"


def _regression(regression: Regression, board: str) -> Iterator[RenderableType]:
    table = ruled(
        f"against {regression.vectors:,} targets",
        "RMSE",
        "MAE",
        "mean err.",
        "std err.",
        "N-S",
        "SQNR",
    )
    rows: list[tuple[str, RealDistance | None]] = [
        (f"{board} (device)", regression.device),
        ("host, int8 oracle", regression.host_int8),
        ("host, float model", regression.host_float),
    ]
    for name, d in rows:
        if d is not None:
            values = (d.rmse, d.mae, d.mean_error, d.std_error)
            table.add_row(
                name, *(f"{v:.4g}" for v in values), number(d.nash_sutcliffe), decibel(d.sqnr_db)
            )
    yield table
    yield Text(
        f"output {regression.output}, in the unit of the labels; N-S: Nash-Sutcliffe efficiency, 1"
        " is perfect, 0 no better than the mean"
    )
