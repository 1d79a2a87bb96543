"""A device that was started or stopped; what was obtained for an engine, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import (
    build_name,
    fact_table,
    in_bytes,
    next_command,
    page,
    ruled,
)

if TYPE_CHECKING:
    from tinygen.api.cache import CacheResult
    from tinygen.api.doctor import DoctorResult
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
    if result.service is not None:
        port = result.service.port
        rows.append(("service", f"kept running by {result.service.kept}; ended by tinygen stop"))
        rows.append(
            ("  its port", f"{port} of that machine's loopback: ssh -L {port}:127.0.0.1:{port}")
        )
    if result.pid is not None:
        rows.append(("emulator", f"process {result.pid}, ended by tinygen stop"))
    return Group(fact_table(rows), next_command("tinygen verify"))


def setup_report(result: SetupResult) -> RenderableType:
    """What was obtained."""
    rows = [("ready", result.what), ("revision", result.revision), ("kept in", str(result.folder))]
    return fact_table(rows)


def cache_report(result: CacheResult) -> RenderableType:
    """What is kept, part by part, and what could go or has gone."""
    table = ruled("kept", "for", "files", "bytes")
    for part in result.parts:
        table.add_row(part.name, part.purpose, f"{part.files:,}", in_bytes(part.bytes))
    total = sum(part.bytes for part in result.parts)
    rows = [("folder", str(result.folder)), ("in all", in_bytes(total))]
    if result.freed_bytes:
        rows.append(("removed", in_bytes(result.freed_bytes)))
    prunable = sum(part.prunable_bytes for part in result.parts)
    more = (
        [next_command("tinygen cache --prune", f"frees {in_bytes(prunable)}")] if prunable else []
    )
    return page(fact_table(rows), *([table] if result.parts else []), *more)


def doctor_report(result: DoctorResult) -> RenderableType:
    """A line for each thing that was looked at, below it the command that mends it."""
    rows = []
    for check in result.checks:
        rows.append((check.state.value, f"{check.subject}: {check.found}"))
        if check.mend:
            rows.append(("", f"mend: {check.mend}"))
    return fact_table(rows)


def stop_report(result: StopResult) -> RenderableType:
    """Whether anything was running."""
    state = "stopped" if result.stopped else "nothing was running"
    return Text(f"{state}: {result.project}")
