"""What an inference takes of a battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from tinygen.report.text.tables import build_name, fact_table, page, ruled

if TYPE_CHECKING:
    from tinygen.api.power import PowerResult
    from tinygen.power import Spread

_BY = {
    "marker": "a marker on a pin tells where an inference begins and ends",
    "current": "the rise of the current tells where an inference begins: without a marker, what "
    "the board does besides counts too",
}


def power_report(result: PowerResult) -> RenderableType:
    """Microjoules first, then their spread, then what they rest on."""
    found = result.energy
    head = Text.assemble(
        (f"{found.microjoules.mean:,.4g} µJ", "bold"),
        f"  an inference, ± {found.microjoules.deviation:,.3g} µJ, beyond the baseline of "
        f"{found.baseline_milliwatts:,.4g} mW",
    )
    table = ruled("an inference", "mean", "std", "least", "5 %", "median", "95 %", "most")
    table.add_row("µJ beyond baseline", *_row(found.microjoules))
    table.add_row("µJ in all", *_row(found.gross_microjoules))
    table.add_row("ms", *_row(found.milliseconds))
    rows = [
        ("model", f"{result.model}, engine {result.engine}, kernels {result.kernel_set}"),
        ("board", result.board),
        ("firmware", build_name(result.build_id) + _whose(result)),
        ("recording", f"{result.source}, {found.rate:,.0f} samples a second"),
        ("inferences", f"{found.inferences}{_cut(found.left_out)}"),
        ("samples each", f"{found.samples_per_inference:,.0f}"),
        ("while it computes", f"{found.active_milliwatts:,.4g} mW in the mean, baseline included"),
    ]
    if result.macs:
        rows.append(("for a MAC", f"{found.microjoules.mean / result.macs * 1e3:,.3g} nJ"))
    return page(head, table, fact_table(rows), Text(_BY[found.by]))


def _whose(result: PowerResult) -> str:
    return "" if result.recorded_here else ", if the recording is of it: the file does not say"


def _cut(left_out: int) -> str:
    return f", and {left_out} that the recording cuts" if left_out else ""


def _row(spread: Spread) -> tuple[str, ...]:
    values = (spread.mean, spread.deviation, spread.minimum, spread.p5)
    return tuple(f"{v:,.4g}" for v in (*values, spread.median, spread.p95, spread.maximum))
