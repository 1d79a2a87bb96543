"""The command that holds two projects or saved results against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinygen.cli.options import Json, TrustProjectOption
from tinygen.cli.reports import Reports, with_reports
from tinygen.cli.root import app, run_command


@app.command(short_help="Two projects or saved results side by side.")
@with_reports
def compare(
    reports: Reports,
    before: Annotated[
        Path,
        typer.Argument(metavar="A", help="A project, or a result that --json-file wrote: before."),
    ],
    after: Annotated[Path, typer.Argument(metavar="B", help="The same of what is now.")],
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            metavar="CHANGE",
            help='End with exit code 7 where B differs so from A: "flash > 5%", "flash > 1024", '
            '"accuracy < -0.01", "layer > 10%" for each layer. May be given several times.',
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Count what layers take on the projects' devices, as profile does, instead of "
            "estimating it.",
        ),
    ] = False,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Compare sizes, accuracy, and layer by layer kernels and what they take.

    Of a project layers are estimated, or with --measure counted; a saved result has what its
    command found. What one side does not have fails a threshold.

    Example: tinygen compare build/before build/after --threshold "flash > 5%"
    """
    from tinygen.api.compare import CompareResult
    from tinygen.api.compare import compare as call
    from tinygen.report.text import compare_report

    run_command(
        lambda progress, trust: call(
            before,
            after,
            thresholds=tuple(threshold or ()),
            measure=measure,
            trust_project=trust,
            progress=progress,
        ),
        compare_report,
        json,
        trust_project,
        reports=reports,
        kind=CompareResult,
    )
