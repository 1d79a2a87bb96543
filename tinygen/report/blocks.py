"""A page of a report as plain values: what Markdown, HTML and JUnit files are made of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinygen.printable import printable

_WIDTH = 100


@dataclass(frozen=True)
class Paragraph:
    """Lines of text."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table of texts; `header` is None for pairs of a name and a fact."""

    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    """Which columns hold numbers, which stand to the right."""


Block = Paragraph | Grid


def blocks(page: RenderableType) -> Iterator[Block]:
    """The parts of a page in their order, without the empty lines between them."""
    if isinstance(page, Group):
        for part in page.renderables:
            yield from blocks(part)
    elif isinstance(page, Table):
        yield _grid(page)
    elif isinstance(page, str | Text):
        text = printable(page if isinstance(page, str) else page.plain, "\n")
        if text.strip():
            yield Paragraph(text)
    else:
        yield Paragraph(plain(page))


def plain(page: RenderableType, width: int = _WIDTH) -> str:
    """The page as text, as it is printed where nobody sees colours."""
    console = Console(
        width=width, file=io.StringIO(), color_system=None, markup=False, highlight=False
    )
    with console.capture() as text:
        console.print(page)
    lines = (line.rstrip() for line in printable(text.get(), "\n").split("\n"))
    return "\n".join(lines).strip("\n") + "\n"


def _grid(table: Table) -> Grid:
    columns = [[_text(cell) for cell in column.cells] for column in table.columns]
    header = tuple(_text(column.header) for column in table.columns)
    return Grid(
        header if table.show_header and any(header) else None,
        tuple(zip(*columns, strict=True)),
        tuple(column.justify == "right" for column in table.columns),
    )


def _text(cell: Any) -> str:
    return printable(cell.plain if isinstance(cell, Text) else str(cell), "\n")
