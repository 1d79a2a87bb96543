"""The commands about this machine: what it has, lacks and keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinygen.cli.options import (
    Json,
)
from tinygen.cli.root import app, run_command

if TYPE_CHECKING:
    pass


@app.command(short_help="Obtain what does not come along, once.")
def setup(
    what: Annotated[
        str,
        typer.Argument(
            help="tflm: TensorFlow Lite Micro's sources. Packages in an environment of their own: "
            "onnx, torch, which convert such models; qat, for compress --qat."
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="For tflm a checkout, a bare git folder, a folder that holds several, an archive "
            "or a URL; for packages a folder of wheels. [default: TINYGEN_TFLM_SOURCE, else the "
            "public repositories; pip's index]",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Obtain what tinygen pins and does not bring along, for use offline afterwards.

    Example: tinygen setup tflm --source ~/mirror
    """
    from tinygen.api.setup import setup as call
    from tinygen.report.text import setup_report

    run_command(
        lambda progress, _: call(what, source=source, progress=progress), setup_report, json
    )


@app.command(short_help="Train, build, flash and verify a small model.")
def demo(
    board: Annotated[
        str | None,
        typer.Option(
            "--board",
            "-b",
            help="An emulated board or a process. [default: an emulated Cortex-M0 with 16 KB of "
            "RAM, or where its compiler or emulator is not installed, this machine]",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder of all that it makes.")
    ] = Path("build", "demo"),
) -> None:
    """Train a small CNN on handwritten digits, and show the commands that bring it to a device.

    Example: tinygen demo
    """
    from tinygen.api.demo import demo_board, train_digits
    from tinygen.cli.demo import show_demo

    board = demo_board(board)
    files = run_command(
        lambda progress, _: train_digits(out, progress=progress), lambda r: r.said, False
    )
    raise typer.Exit(show_demo(app, files, out, board))


@app.command(short_help="What of this machine is in the way, and what mends it.")
def doctor(json: Json = False) -> None:
    """Look at Python, packages, compilers, emulators, sources, registries, serial ports and disk.

    Each is good, warning (in the way of some boards) or bad, with the command that mends it. What
    answers on a serial port is asked, which restarts many boards.

    Example: tinygen doctor
    """
    from tinygen.api.doctor import doctor as call
    from tinygen.report.text import doctor_report

    result = run_command(lambda progress, _: call(progress=progress), doctor_report, json)
    raise typer.Exit(result.exit_code)


@app.command(short_help="What is kept between builds, and how much of it.")
def cache(
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what builds make again, and old versions'.")
    ] = False,
    json: Json = False,
) -> None:
    """Show what tinygen keeps on this machine, and remove what grows.

    Example: tinygen cache --prune
    """
    from tinygen.api.cache import cache as call
    from tinygen.report.text import cache_report

    run_command(lambda progress, _: call(prune=prune, progress=progress), cache_report, json)
