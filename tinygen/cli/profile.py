"""The command that measures what an inference takes: layer by layer, or of a battery."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinygen.cli.options import Json, NameOption, PortOption, ProjectArgument, TrustProjectOption
from tinygen.cli.reports import Reports, with_reports
from tinygen.cli.root import app, run_command


@app.command(short_help="Show what each layer takes on the device.")
@with_reports
def profile(
    reports: Reports,
    project: ProjectArgument = None,
    model: NameOption = None,
    port: PortOption = None,
    vectors: Annotated[
        int | None, typer.Option("--vectors", min=1, help="Run the first N. [default: 5]")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=1,
            metavar="SECONDS",
            help="Give up after this long in all. [default: by the model]",
        ),
    ] = None,
    power: Annotated[
        str | None,
        typer.Option(
            "--power",
            metavar="SOURCE",
            help="The energy of an inference instead, of a recording (a CSV file), or of an "
            "instrument while the device computes: ina219:PORT, ina228:PORT, ppk2, joulescope.",
        ),
    ] = None,
    voltage: Annotated[
        float | None,
        typer.Option(
            "--voltage",
            metavar="VOLTS",
            help="With --power: the supply, where the recording has none, or the PPK2's.",
        ),
    ] = None,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Show what each layer takes on the device, and which kernel computes it and why.

    In instructions on an emulated board, else in microseconds. Hardware needs firmware that notes
    its layers: tinygen flash --layers.

    Example: tinygen profile
    """
    if power is not None:
        if model is not None:
            raise typer.BadParameter("--model is not of --power, which takes the first model")
        _power(power, project, port, voltage, vectors, timeout, trust_project, json, reports)
        return
    if voltage is not None:
        raise typer.BadParameter("--voltage is of --power")
    from tinygen.api.profile import ProfileResult
    from tinygen.api.profile import profile as call
    from tinygen.report.text import profile_report

    run_command(
        lambda progress, trust: call(
            project,
            model=model,
            port=port,
            vectors=vectors,
            timeout=timeout,
            trust_project=trust,
            progress=progress,
        ),
        profile_report,
        json,
        trust_project,
        reports=reports,
        kind=ProfileResult,
    )


def _power(
    source: str,
    project: Path | None,
    port: str | None,
    voltage: float | None,
    inferences: int | None,
    timeout: float | None,
    trust_project: bool,
    json: bool,
    reports: Reports,
) -> None:
    from tinygen.api.power import PowerResult
    from tinygen.api.power import measure_power as call
    from tinygen.report.text import power_report

    run_command(
        lambda progress, trust: call(
            source,
            project,
            port=port,
            voltage=voltage,
            inferences=inferences,
            timeout=timeout,
            trust_project=trust,
            progress=progress,
        ),
        power_report,
        json,
        trust_project,
        reports=reports,
        kind=PowerResult,
    )
