"""What an inference takes of a battery."""

from __future__ import annotations

from collections.abc import Iterator

from tinygen.api.facts import Facts
from tinygen.power import Spread
from tinygen.report.page.parts import Grid, Missing, Part, Rows, Section, Words
from tinygen.report.page.words import command, when


def power_section(facts: Facts) -> Section:
    """Microjoules, and what they rest on."""
    return Section(
        "energy",
        "Energy",
        "What an inference takes beyond what the board takes anyway, by an instrument in its "
        "supply.",
        tuple(_parts(facts)),
    )


def _parts(facts: Facts) -> Iterator[Part]:
    if facts.power is None:
        yield Missing(
            "No energy of this build was measured.", command(facts, "profile --power recording.csv")
        )
        return
    result = facts.power.result
    found = result.energy
    yield Rows(
        (
            ("an inference", f"{found.microjoules.mean:,.4g} µJ beyond the baseline"),
            ("baseline", f"{found.baseline_milliwatts:,.4g} mW"),
            ("while it computes", f"{found.active_milliwatts:,.4g} mW, baseline included"),
            ("recording", f"{result.source}, {found.rate:,.0f} samples a second"),
            ("told apart by", f"the {found.by}, {found.inferences} inferences"),
            ("measured", when(facts.power)),
        )
    )
    yield Grid(
        "How inferences differ",
        ("an inference", "mean", "std", "least", "5 %", "median", "95 %", "most"),
        (
            ("µJ beyond the baseline", *_row(found.microjoules)),
            ("µJ in all", *_row(found.gross_microjoules)),
            ("ms", *_row(found.milliseconds)),
        ),
        (False, *[True] * 7),
    )
    if not result.recorded_here:
        yield Words("That the recording is of this firmware, whoever made it has to know.", "warn")


def _row(spread: Spread) -> tuple[str, ...]:
    values = (spread.mean, spread.deviation, spread.minimum, spread.p5)
    return tuple(f"{v:,.4g}" for v in (*values, spread.median, spread.p95, spread.maximum))
