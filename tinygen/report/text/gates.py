"""Gates: what a result was to fail for, and whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.printable import shown
from tinygen.report.text.tables import page, ruled

if TYPE_CHECKING:
    from tinygen.api.gates import GateOutcome


def with_gates(report: RenderableType, outcomes: Sequence[GateOutcome]) -> RenderableType:
    """The report, and below it every gate; the report alone where there is none."""
    if not outcomes:
        return report
    table = ruled("fail if", "is", "where")
    for outcome in shown(tuple(outcomes)):
        value = "not known" if outcome.value is None else figure(outcome.value)
        name = Text(outcome.gate, "red" if outcome.failed else "")
        table.add_row(name, value, f"{outcome.where}: {'FAILED' if outcome.failed else 'holds'}")
    failed = sum(outcome.failed for outcome in outcomes)
    said = f"{failed} of {len(outcomes)} gates failed" if failed else "all gates hold"
    return Group(page(report, table), Text(said, "bold red" if failed else ""))


def figure(value: float) -> str:
    """A number as people read it."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
