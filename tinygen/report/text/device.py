"""A device that was started or stopped, and what was obtained for an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import build_name, fact_table, next_command

if TYPE_CHECKING:
    from tinygen.api.flash import FlashResult, StopResult
    from tinygen.api.setup import SetupResult


def flash_report(result: FlashResult) -> RenderableType:
    """A device that answers."""
    rows = [
        ("running", f"{result.model} on {result.board}"),
        ("firmware", build_name(result.build_id)),
        ("port", result.port),
        ("answered after", f"{result.seconds:.1f} s"),
    ]
    if result.pid is not None:
        rows.append(("emulator", f"process {result.pid}, ended by tinygen stop"))
    return Group(fact_table(rows), next_command("tinygen verify"))


def setup_report(result: SetupResult) -> RenderableType:
    """What was obtained."""
    rows = [("ready", result.what), ("revision", result.revision), ("kept in", str(result.folder))]
    return fact_table(rows)


def stop_report(result: StopResult) -> RenderableType:
    """Whether anything was running."""
    state = "stopped" if result.stopped else "nothing was running"
    return Text(f"{state}: {result.project}")
