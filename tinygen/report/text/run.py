"""What the device computed of samples of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from tinygen.report.text.tables import page, ruled

if TYPE_CHECKING:
    from tinygen.api.run import Answer, RunResult
    from tinygen.ir import Array, Edge

_SHOWN = 3
"""Of an output, the highest values where it has classes' names, else the first."""


def run_report(result: RunResult) -> RenderableType:
    """A row for each sample: what it is, or the values, and what computing it took."""
    units = {answer.cost.unit for answer in result.answers if answer.cost}
    table = ruled("sample", "answer", *sorted(units))
    for answer in result.answers:
        cost = [f"{answer.cost.mean:,}"] if answer.cost else [""] * len(units)
        table.add_row(answer.sample, _answer(answer, result.outputs), *cost)
    shown = f"{result.model} on {result.board}; real values, highest first where classes have names"
    return page(*(Text(f"warning: {line}") for line in result.warnings), table, Text(shown))


def _answer(answer: Answer, outputs: tuple[Edge, ...]) -> str:
    told = [_values(values, edge) for values, edge in zip(answer.outputs, outputs, strict=True)]
    if len(outputs) == 1:
        return told[0]
    return "; ".join(f"{edge.name}: {text}" for edge, text in zip(outputs, told, strict=True))


def _values(values: Array, edge: Edge) -> str:
    flat = values.reshape(-1)
    more = f", ... {flat.size} values" if flat.size > _SHOWN else ""
    if not edge.labels:
        highest = f"; highest [{int(np.argmax(flat))}]" if flat.size > 1 else ""
        return ", ".join(f"{value:.4g}" for value in flat[:_SHOWN]) + more + highest
    order = np.argsort(-flat, kind="stable")[:_SHOWN]
    return ", ".join(f"{edge.labels[i]} {flat[i]:.4g}" for i in order)
