"""Writes docs/cli.md from the commands themselves: `python -m tinygen.cli.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer.main

from tinygen.cli.app import app

_HEAD = """# The command line

Generated from the commands by `python -m tinygen.cli.reference > docs/cli.md`; a test holds it
against them.
"""


def reference() -> str:
    """The whole reference as Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    root = typer.main.get_command(app)
    context = root.make_context("tinygen", [], resilient_parsing=True, terminal_width=80)
    yield _section("tinygen", root.get_help(context))
    for name in root.list_commands(context):  # type: ignore[attr-defined]
        command = root.get_command(context, name)  # type: ignore[attr-defined]
        inner = command.make_context(
            name, [], parent=context, resilient_parsing=True, terminal_width=80
        )
        yield _section(f"tinygen {name}", command.get_help(inner))


def _section(title: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## {title}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
