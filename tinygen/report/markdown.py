"""A page of a report as Markdown, for a pull request's comment."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from rich.console import RenderableType

from tinygen.report.blocks import Block, Grid, blocks

_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")


def markdown(title: str, page: RenderableType) -> str:
    """GitHub's Markdown: a heading, paragraphs and tables; nothing in a text is markup."""
    parts = [f"### {_escaped(title)}", *map(_block, blocks(page))]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Grid):
        header = block.header or ("",) * len(block.right)
        rule = ["--:" if right else "---" for right in block.right]
        return "\n".join(
            map(_row, (map(_cell, header), rule, *(map(_cell, r) for r in block.rows)))
        )
    return "<br>\n".join(map(_escaped, block.text.split("\n")))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return "<br>".join(map(_escaped, text.split("\n")))


def _escaped(text: str) -> str:
    spaces = len(text) - len(text.lstrip(" "))
    return "&nbsp;" * spaces + _SPECIAL.sub(r"\\\1", html.escape(text.strip(), quote=False))
