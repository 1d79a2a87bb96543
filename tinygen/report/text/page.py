"""Where the page is, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from tinygen.printable import shell_word
from tinygen.report.text.tables import fact_table, in_bytes, next_command, page
from tinygen.report.text.verify import VERDICT_STYLE

if TYPE_CHECKING:
    from tinygen.report.page import PageResult

_COMMANDS = {"verify": "verify", "layers": "verify --layers", "profile": "profile"}


def page_report(result: PageResult) -> RenderableType:
    """The verdict that the page shows, and how to measure what it says was not."""
    head = Text.assemble((result.verdict, VERDICT_STYLE[result.verdict]), f"  {result.html}")
    rows = [("model", result.model), ("board", result.board), ("size", in_bytes(result.bytes))]
    if result.missing:
        rows.append(("not measured", ", ".join(result.missing)))
    commands = (
        f"tinygen {_COMMANDS[name]} {shell_word(result.project)}" for name in result.missing
    )
    return page(head, fact_table(rows), *(next_command(command) for command in commands))
