"""Candidates of a compression side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from tinygen.printable import shell_word
from tinygen.report.text.tables import columns, count, fact_table, next_command, page

if TYPE_CHECKING:
    from tinygen.api.compress_result import CompressResult, CompressRow


def compress_report(result: CompressResult) -> RenderableType:
    """A row for each method at each shape, what was chosen, and what to do next."""
    classes = result.measure == "accuracy"
    names = {row.widths: "" for row in result.rows}
    names = {widths: chr(ord("A") + i % 26) for i, widths in enumerate(names)}
    # Two tables: in one of 80 columns digits would be cut off.
    learned = columns("shape", "method", "int8", "of seeds", "epochs", "min")
    takes = columns("shape", "method", "instr.", "flash", "arena")
    for row in result.rows:
        ends = sorted((_score(row.low, classes), _score(row.high, classes)), key=float)
        head = (
            f"{'>' if row.chosen else ' '}{names[row.widths]}{'*' if row.on_front else ''}",
            f"{row.after}, {row.method}" if row.after else row.method,
        )
        learned.add_row(
            *head,
            _score(row.score, classes),
            "-".join(ends) if len(row.scores) > 1 else "",
            _epochs(row),
            f"{row.minutes:.1f}",
        )
        flash = count(row.built.flash) if row.built else "none"
        takes.add_row(*head, count(row.instructions), flash, count(row.arena))
    shapes = columns("shape", "layers")
    for widths, name in names.items():
        shapes.add_row(name, ", ".join(f"{w.layer} {w.channels} of {w.of}" for w in widths))
    chosen = next(row for row in result.rows if row.chosen)
    verdicts = [row.built.verdict.value for row in result.rows if row.built and row.built.verdict]
    matching, ran = verdicts.count("MATCH"), len(verdicts)
    facts = [
        ("int8", f"{_measure(result)}, the mean; {result.split}"),
        ("limits", result.limits),
        ("firmware", _firmware(chosen)),
        *(("", f"rows that MATCH: {matching} of {ran} that ran") for _ in [0] if ran),
        ("chosen", f"{names[chosen.widths]} {chosen.method}, {result.smaller}"),
        ("all", f"{result.table}" + (f", {result.picture}" if result.picture else "")),
        *(("", note) for note in result.notes),
    ]
    following = (
        f"tinygen build {shell_word(str(result.smaller))} --board {shell_word(result.board)}"
        f" --engine aot --data {shell_word(str(result.calibration))}"
        f" --test {shell_word(str(result.test))}"
    )
    legend = Text("> chosen, * on the front: nothing is as good with fewer instructions")
    return page(learned, takes, legend, shapes, fact_table(facts), next_command(following))


def _measure(result: CompressResult) -> str:
    return "percent right" if result.measure == "accuracy" else result.measure


def _score(value: float, classes: bool) -> str:
    return f"{100 * value:.2f}" if classes else f"{-value:.4g}"


def _epochs(row: CompressRow) -> str:
    """Those of before, and those of its own training."""
    before = "?" if row.epochs_before is None else str(row.epochs_before)
    parts = [part for part in (before, str(row.epochs)) if part != "0"]
    return "+".join(parts) or "0"


def _firmware(row: CompressRow) -> str:
    built = row.built
    if built is None:
        return "none was built of the chosen one"
    if built.verdict is None:
        return f"built for {built.board}; not run, instructions are estimated"
    return (
        f"built for {built.board}; run on {built.verified_on}: {built.verdict.value},"
        f" {built.vectors} vectors"
    )
