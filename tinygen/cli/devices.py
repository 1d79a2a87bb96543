"""The commands that take a project, to put it on a device and to talk to that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinygen.cli.options import (
    Json,
    NameOption,
    PortOption,
    ProjectArgument,
    TrustProjectOption,
)
from tinygen.cli.reports import Reports, with_reports
from tinygen.cli.root import app, attempted, run_command, show
from tinygen.printable import printable

if TYPE_CHECKING:
    from tinygen.progress import Progress

ImageRangeOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--image-range",
        metavar="LOW HIGH",
        help="What 0 and 255 of image files are to the model. [default: as it was quantized]",
    ),
]


@app.command(short_help="Put the firmware on the device.")
def flash(
    project: ProjectArgument = None,
    model: NameOption = None,
    port: PortOption = None,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers",
            help="Hardware: the same, but built to note its layers, for verify --layers and "
            "profile.",
        ),
    ] = False,
    marker: Annotated[
        bool,
        typer.Option("--marker", help="The same with a pin that is high while an inference runs."),
    ] = False,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Put the firmware on the device and wait until it answers.

    An emulated board is started in QEMU; hardware is uploaded to by PlatformIO. For a board with
    Linux, `--port ssh://USER@HOST` is the machine to copy it to and to start it on; on this one it
    is run once, and ends.

    Example: tinygen flash
    """
    from tinygen.api.flash import flash as call
    from tinygen.report.text import flash_report

    run_command(
        lambda progress, trust: call(
            project,
            model=model,
            port=port,
            layers=layers,
            marker=marker,
            trust_project=trust,
            progress=progress,
        ),
        flash_report,
        json,
        trust_project,
    )


@app.command(short_help="Prove that the device computes what the host does.")
@with_reports
def verify(
    reports: Reports,
    project: ProjectArgument = None,
    model: NameOption = None,
    port: PortOption = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            "-d",
            help="Samples of your own to run instead of the project's vectors: .npz, .npy, .csv or "
            "a folder of images, real values as in training.",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="The label of each sample of --data, where it has none of its own: a number or a "
            "name a line (.txt, .csv), or an array (.npy, .npz).",
        ),
    ] = None,
    image_range: ImageRangeOption = None,
    vectors: Annotated[
        int | None, typer.Option("--vectors", min=1, help="Run only the first N. [default: all]")
    ] = None,
    atol: Annotated[
        int,
        typer.Option(
            "--atol",
            min=0,
            metavar="LSB",
            help="Allow each output element to be so far off: the verdict is then WITHIN.",
        ),
    ] = 0,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=1,
            metavar="SECONDS",
            help="Give up after this long in all. [default: by the model, and shown]",
        ),
    ] = None,
    spy: Annotated[
        Path | None,
        typer.Option(
            "--spy",
            metavar="FILE",
            help="Write every byte to and from the device there; --port replay:FILE plays it.",
        ),
    ] = None,
    baud: Annotated[
        int | None,
        typer.Option(
            "--baud",
            metavar="RATE",
            help="Talk at no more bits per second; the board's first rate always works. [default: "
            "the fastest that board and line agree on, where there is much to send]",
        ),
    ] = None,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers",
            help="Find the first layer that computes something else, with firmware that notes "
            "its layers.",
        ),
    ] = False,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Run every test vector on the device and compare each output element with the host.

    Ends with exit code 0 (MATCH, or WITHIN of --atol), 4 (MISMATCH), 6 (UNVERIFIED), or 7 where a
    gate (--fail-if) failed.

    Example: tinygen verify --port /dev/ttyUSB0
    """
    if layers:
        others = (data, labels, image_range, spy, baud, atol or None, reports.given)
        if any(given is not None for given in others):
            raise typer.BadParameter(
                "--layers looks into the project's own vectors: of the others it takes --port, "
                "--vectors and --timeout"
            )
        _verify_layers(project, model, port, vectors, timeout, trust_project, json)
    from tinygen.api.verify import VerifyResult
    from tinygen.api.verify import verify as call
    from tinygen.report.text import verify_report

    run_command(
        lambda progress, trust: call(
            project,
            model=model,
            port=port,
            data=data,
            labels=labels,
            image_range=image_range,
            vectors=vectors,
            atol=atol,
            timeout=timeout,
            spy=spy,
            baud=baud,
            trust_project=trust,
            progress=progress,
        ),
        verify_report,
        json,
        trust_project,
        reports=reports,
        kind=VerifyResult,
    )


def _verify_layers(
    project: Path | None,
    model: str | None,
    port: str | None,
    vectors: int | None,
    timeout: float | None,
    trust_project: bool,
    json: bool,
) -> None:
    from tinygen.api.layers import verify_layers as call
    from tinygen.report.text import layers_report

    result = run_command(
        lambda progress, trust: call(
            project,
            model=model,
            port=port,
            vectors=vectors,
            timeout=timeout,
            trust_project=trust,
            progress=progress,
        ),
        layers_report,
        json,
        trust_project,
    )
    raise typer.Exit(result.exit_code)


@app.command(short_help="Run samples of your own on the device.")
def run(
    project: ProjectArgument = None,
    input: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            help="An image, an .npy, .npz or .csv file, or a folder of images: real values, as in "
            "training.",
        ),
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option("--watch", help="Run each new file of a folder, until Ctrl-C."),
    ] = None,
    model: NameOption = None,
    port: PortOption = None,
    image_range: ImageRangeOption = None,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Send samples of your own to the device and show what it computes, in real values.

    With the names of classes, where the data had some. Nothing is held against the host: that is
    `tinygen verify`.

    Example: tinygen run --input sample.npy
    """
    from tinygen.api import run as api
    from tinygen.report.text import run_report

    if (input is None) == (watch is None):
        raise typer.BadParameter("say what to run: --input FILE, or --watch FOLDER")
    settings: dict[str, Any] = {"model": model, "port": port, "image_range": image_range}

    def once(progress: Progress, trust: bool) -> Any:
        return api.run(input or "", project, trust_project=trust, progress=progress, **settings)

    def forever(progress: Progress, trust: bool) -> None:
        for result in api.watch(
            watch or "", project, trust_project=trust, progress=progress, **settings
        ):
            show(result, run_report, json)

    if input is not None:
        run_command(once, run_report, json, trust_project)
    else:
        attempted(forever, json, trust_project)


@app.command(short_help="Show what the device sends.")
def monitor(
    project: ProjectArgument = None,
    port: PortOption = None,
    trust_project: TrustProjectOption = False,
) -> None:
    """Show the device's text as it comes, until Ctrl-C.

    Example: tinygen monitor
    """
    from tinygen.api.monitor import monitor as call
    from tinygen.cli.progress import Listener
    from tinygen.cli.terminal import reader_may_leave

    listener = Listener(quiet=False)
    with reader_may_leave():
        for text in call(project, port=port, trust_project=trust_project, progress=listener):
            sys.stdout.write(printable(text, keep="\n\t"))
            sys.stdout.flush()


@app.command(short_help="End the emulator or the service that `flash` started.")
def stop(project: ProjectArgument = None, json: Json = False) -> None:
    """End the emulator or the service that `flash` started.

    Example: tinygen stop
    """
    from tinygen.api.flash import stop as call
    from tinygen.report.text import stop_report

    run_command(lambda *_: call(project), stop_report, json)
