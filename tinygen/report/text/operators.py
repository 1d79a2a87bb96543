"""The operators: which are compiled for what, and why others are not."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.ir import PORTABLE
from tinygen.report.text.tables import WIDTH, columns

if TYPE_CHECKING:
    from tinygen.api.catalogue import OperatorsResult
    from tinygen.api.operators import OperatorRow

_EXPLAINED = """\
any: moved, whatever the type. folded: computes shapes, beforehand. table: float
between DEQUANTIZE and QUANTIZE, as a table. kernel: the sets of aot that have
one beside portable, for the cores that they are for. More: docs/operators.md
"""


def operators_report(result: OperatorsResult) -> RenderableType:
    """A line for each that is compiled; the others by what they lack."""
    rows = result.operators
    table = columns("operator", "for", "engines", "kernel")
    for row in rows:
        if row.types:
            sets = ", ".join(name for name in row.kernel_sets if name != PORTABLE)
            table.add_row(row.kind, ", ".join(row.types), ", ".join(row.engines), sets)
    missing = [Text("TensorFlow Lite Micro has these too, tinygen has not:"), *_missing(rows)]
    return Group(table, Text(_EXPLAINED), *missing)


def _missing(rows: Sequence[OperatorRow]) -> Iterator[Text]:
    reasons = dict.fromkeys(row.note for row in rows if not row.types)
    for reason in reasons:
        kinds = ", ".join(row.kind for row in rows if not row.types and row.note == reason)
        yield Text(f"\n{textwrap.fill(reason, WIDTH)}")
        yield Text(textwrap.fill(kinds, WIDTH, initial_indent="  ", subsequent_indent="  "))
