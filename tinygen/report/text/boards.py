"""The boards, and all of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import columns, fact_table, in_bytes, whole_gib

if TYPE_CHECKING:
    from tinygen.api.catalogue import BoardsResult


def boards_report(result: BoardsResult) -> RenderableType:
    """One line per board."""
    table = columns("board", "core", "RAM KiB", "flash KiB", "engines", "proven")
    for board in result.boards:
        default = board.engines.default
        ram, flash = board.memory.ram.bytes, board.memory.flash.bytes
        table.add_row(
            board.id,
            board.core,
            whole_gib(ram) or f"{ram // 1024:,}",
            whole_gib(flash) or f"{flash // 1024:,}",
            ", ".join([default, *(e for e in board.engines.available if e != default)]),
            re.split(r"[:;,]| [0-9]", board.proven)[0],
        )
    return Group(table, Text("the engine named first is the board's default"))


def board_report(facts: Mapping[str, Any]) -> RenderableType:
    """All of `board_facts`, a line each."""

    def rows(prefix: str, value: object) -> Iterable[tuple[str, str]]:
        if isinstance(value, dict) and prefix.endswith(".options"):  # names with dots of their own
            value = [f"{name} = {item}" for name, item in value.items()]
        if isinstance(value, dict):
            for key, item in value.items():
                yield from rows(f"{prefix}.{key}" if prefix else key, item)
        elif value not in (None, (), [], ""):
            text = ", ".join(map(one, value)) if isinstance(value, list | tuple) else one(value)
            if prefix.endswith("bytes"):
                text = in_bytes(int(text))
            elif prefix.endswith(("origin", "base")):
                text = hex(int(text))
            yield prefix, text

    def one(value: object) -> str:
        if isinstance(value, list):  # a name and its value
            name, item = value
            return f"{name} = {in_bytes(item) if isinstance(item, int) else item}"
        return str(value)

    return fact_table(list(rows("", dict(facts))))
