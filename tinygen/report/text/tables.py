"""What every page is made of: tables, facts, and numbers with their units.

Every number carries its unit. What is not known is left out or said, never shown as zero.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Sequence
from typing import Literal, Protocol

from rich import box
from rich.console import Console, Group, RenderableType
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from tinygen.printable import printable

WIDTH = 80
BAR = " "
"""The title of a column of bars."""
_WORDS = {"answer", "board", "operator", "core", "engines", "for", "kernel", "proven", "why", BAR}
_WORDS |= {"layer", "layers", "method", "shape", "where"}
"""Columns of text; all others hold numbers."""
_PROSE = {"answer", "for", "layer", "layers", "proven", "why"}
"""Those of sentences."""


def print_report(report: RenderableType) -> None:
    """To standard output: colours and lines on a terminal, plain text elsewhere."""
    # Names come from files: brackets and colons in them are no markup.
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        console.print(_printable(console, report), end="")
        return
    plain = Console(
        highlight=False,
        markup=False,
        emoji=False,
        width=WIDTH,
        color_system=None,
        file=io.StringIO(),
    )
    with plain.capture() as text:
        plain.print(_printable(plain, report), end="")
    lines = text.get().removesuffix("\n").split("\n")
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines))


def _printable(console: Console, report: RenderableType) -> Segments:
    """The report as it is shown, where nothing but our own styles commands the terminal."""
    return Segments(
        segment if segment.control else Segment(printable(segment.text, "\n"), segment.style)
        for segment in console.render(report)
    )


def ruled(first: str, *others: str) -> Table:
    """Text columns to the left, numbers to the right."""
    made = Table(
        box=box.SIMPLE_HEAD if sys.stdout.isatty() else box.ASCII2,
        show_edge=False,
        pad_edge=False,
    )
    made.add_column(first, overflow="fold")
    for name in others:
        made.add_column(name, justify="left" if name in _WORDS else "right", overflow="fold")
    return made


def columns(*names: str) -> Table:
    """A table without lines, for many columns. Where they are too wide it is sentences that
    take a second line: no number and no name is cut."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        justify: Literal["left", "right"] = "left" if name in _WORDS else "right"
        made.add_column(name, justify=justify, no_wrap=name not in _PROSE, overflow="fold")
    return made


def page(*parts: RenderableType) -> Group:
    """The parts with an empty line between them."""
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += ["", part] if spaced else [part]
    return Group(*spaced)


def fact_table(rows: Sequence[tuple[str, str]]) -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in rows:
        made.add_row(Text(name), Text(text))
    return made


def next_command(command: str, more: str = "") -> Text:
    return Text(f"next: {command}" + (f"  ({more})" if more else ""))


def build_name(build_id: str, compiler: str = "") -> str:
    """Which firmware it is, shortened, and what compiled it."""
    return f"build {build_id[:12]}" + (f", compiler {compiler}" if compiler else "")


def in_bytes(size: int) -> str:
    return f"{size:,} bytes"


def whole_gib(size: int) -> str:
    """In GiB where it is so many exactly, which saves a column half its width; else nothing."""
    whole, rest = divmod(size, 1 << 30)
    return "" if rest else f"{whole} GiB"


def arena_rows(size: int, minimum: int | None, peak: str | None) -> list[tuple[str, str]]:
    """Facts: the size of the arena, the least that it could be, and where most of it is in use."""
    least = "" if minimum is None else f" (minimum {in_bytes(minimum)})"
    most = [] if peak is None else [("", f"most in use at {peak}")]
    return [("arena", f"{in_bytes(size)}{least}"), *most]


def share(part: float | None, digits: int = 1) -> str:
    return "-" if part is None else f"{100 * part:.{digits}f} %"


def decibel(value: float) -> str:
    return f"{value:.1f} dB" if math.isfinite(value) else "exact"


def number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else str(value)


def amount(unit: str, *values: int) -> str:
    """What something cost. Nanoseconds are microseconds to people."""
    if unit == "nanoseconds":
        return f"{', '.join(f'{value / 1000:,.1f}' for value in values)} microseconds"
    return f"{', '.join(f'{value:,}' for value in values)} {unit}"


def count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


class Named(Protocol):
    """A model, by its own name and by that in C."""

    @property
    def model(self) -> str: ...
    @property
    def c_name(self) -> str: ...


def called(result: Named) -> str:
    """The model's name, with that in C where somebody gave it one."""
    return result.model if result.c_name == "model" else f"{result.c_name}: {result.model}"
