"""Writes what is generated in the documents: `make readme`.

    python -m scripts.readme              all of it; the demo is trained, built and run for that
    python -m scripts.readme bench        only the block `bench`, and whole pages

A block of a document lies between `<!-- block: NAME -->` and `<!-- end -->`. A test holds each
against what is generated now (tests/docs).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from io import StringIO
from pathlib import Path

import typer.main
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from scripts.applications import applications_page
from scripts.coverage import coverage_block, coverage_page
from scripts.performance import performance_page
from scripts.proven import bench_table, proven_page
from tinygen.cli.app import app
from tinygen.cli.board_table import board_table
from tinygen.cli.gate_table import gate_table
from tinygen.cli.operator_table import operator_table
from tinygen.cli.reference import reference
from tinygen.report.schema import results_schema_text

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DIGITS = ROOT / "docs" / "tutorials" / "digits.md"
PICTURE = ROOT / "docs" / "demo.svg"
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/cli.md": reference,
    "docs/boards.md": board_table,
    "docs/operators.md": operator_table,
    "docs/reference/gates.md": gate_table,
    "docs/applications.md": applications_page,
    "docs/coverage.md": coverage_page,
    "docs/performance.md": performance_page,
    "docs/proven.md": proven_page,
    "docs/results.schema.json": results_schema_text,
}
"""Pages that are generated as a whole."""

DEMO = "build/demo"
"""Where `make demo` puts what it makes."""
SHOWN = ("build", "verify")
"""The commands of the demo that its page shows."""
PICTURED = "verify"
"""The one that the README has as a picture."""
UNPICTURED = "of the device, output "
"""Where the picture ends: what follows is of single classes."""
WIDTH = 92
_BLOCK = re.compile(r"<!-- block: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


def transcript() -> str:
    """`make demo`, run: the commands that are shown, and what they print."""
    with tempfile.TemporaryDirectory(prefix="tinygen-demo-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tinygen", "demo", "--out", folder],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        text = done.stdout.replace(folder, DEMO)
    return "\n".join(
        f"{_wrapped(command)}\n{said.rstrip()}\n"
        for command, said in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
        if command.split()[:2] in [["tinygen", name] for name in SHOWN]
    )


def _wrapped(command: str) -> str:
    """In lines that end with a backslash; an option and its value stay together."""
    first, *options = re.split(r" (?=--)", f"$ {command}")
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) + 3 > WIDTH:
            lines.append(f"    {option}")
        else:
            lines[-1] += f" {option}"
    return " \\\n".join(lines)


def demo_block() -> str:
    """The transcript of the demo."""
    return f"```text\n{transcript()}```\n"


def commands_block() -> str:
    """The commands, a line each."""
    root = typer.main.get_command(app)
    context = root.make_context("tinygen", [], resilient_parsing=True, terminal_width=80)
    text = root.get_help(context)
    return f"```text\n{text[text.index('Commands:') :].rstrip()}\n```\n"


def picture(demo: str) -> str:
    """The last of the demo's commands as a terminal shows it: SVG of a transcript (by Rich)."""
    lines = demo.split("```")[1].removeprefix("text\n").rstrip().splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"$ tinygen {PICTURED}"))
    end = next((at for at, line in enumerate(lines) if line.startswith(UNPICTURED)), None)
    lines = lines[:end]
    console = Console(record=True, width=max(map(len, lines[start:])), file=StringIO())
    for line in lines[start:]:
        style = "bold" if line.startswith("$ ") else ""
        shown = Text(line, style)
        shown.highlight_words(["MATCH"], "bold green")
        console.print(shown, highlight=False, no_wrap=True)
    drawn = console.export_svg(title="tinygen", unique_id="tinygen", theme=SVG_EXPORT_THEME)
    # A page that shows it need not ask another host for a font.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


BLOCKS: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    README: {"commands": commands_block, "bench": bench_table, "coverage": coverage_block},
    DIGITS: {"demo": demo_block},
}
"""Every block of each document."""


def blocks(text: str) -> dict[str, str]:
    """The blocks of a document as they stand there."""
    return dict(_BLOCK.findall(text))


def replaced(text: str, made: Mapping[str, str]) -> str:
    """The document with these blocks in place of its own."""
    return _BLOCK.sub(
        lambda match: (
            f"<!-- block: {match[1]} -->\n{made[match[1]]}<!-- end -->"
            if match[1] in made
            else match[0]
        ),
        text,
    )


def main(names: Collection[str]) -> None:
    """Write the blocks named, or all, and the pages."""
    known = {name for makers in BLOCKS.values() for name in makers}
    if unknown := set(names) - known:
        sys.exit(f"no block {', '.join(sorted(unknown))}: there are {', '.join(sorted(known))}")
    for document, makers in BLOCKS.items():
        made = {name: make() for name, make in makers.items() if name in (names or known)}
        document.write_text(replaced(document.read_text("utf-8"), made), "utf-8")
        if "demo" in made:
            PICTURE.write_text(picture(made["demo"]), "utf-8")
    for page, make in PAGES.items():
        (ROOT / page).write_text(make(), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
