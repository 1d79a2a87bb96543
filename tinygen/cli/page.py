"""The command that writes a page to show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinygen.cli.options import Json, ProjectArgument
from tinygen.cli.root import app, run_command


@app.command(short_help="A page of all that is known of a project.")
def report(
    project: ProjectArgument = None,
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="The file to write.")] = Path(
        "report.html"
    ),
    json: Json = False,
) -> None:
    """Write one HTML file that shows a project to people: the verdict and what it rests on, the
    model, its memory over time, flash, time and errors by layer, accuracy, every hash.

    It opens without a network. Nothing is run: it shows what build, verify, verify --layers and
    profile left in the project, and of the rest the command that measures it.

    Example: tinygen report --html report.html
    """
    from tinygen.report.page import write_page
    from tinygen.report.text import page_report

    run_command(lambda progress, _: write_page(project, html, progress=progress), page_report, json)
