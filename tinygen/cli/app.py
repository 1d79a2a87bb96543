"""The commands. Each parses its options, makes one API call and shows the result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinygen.cli.options import (
    InputShapeOption,
    Json,
    ModelArgument,
    PortOption,
    ProjectArgument,
    TrustOption,
    TrustProjectOption,
    complete_board,
    names,
    with_options,
)
from tinygen.cli.question import asked
from tinygen.options import BenchOptions, BuildOptions
from tinygen.printable import printable, shown

if TYPE_CHECKING:
    from tinygen.progress import Progress

app = typer.Typer(
    name="tinygen",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a trained Keras model to microcontroller firmware, proven on the device.",
    epilog="Exit codes: 0 done, 1 a bug in tinygen, 2 input, 3 does not fit, 4 mismatch, "
    "5 toolchain, 6 device.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        print(f"tinygen {metadata.version('tinygen')}")
        raise typer.Exit


@app.callback()
def _tinygen(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command(short_help="Model in, built firmware out.")
@with_options
def build(model: ModelArgument, options: BuildOptions, json: Json = False) -> None:
    """Quantize a model, generate its firmware and build it with PlatformIO.

    Example: tinygen build model.h5 --board qemu-cortex-m4 --data samples.npz
    """
    from tinygen.api.build import build_project as call
    from tinygen.report.text import build_report

    _run(
        lambda progress, trust: call(
            model, replace(options, progress=progress, trust_project=trust)
        ),
        build_report,
        json,
        options.trust_project,
    )


@app.command(short_help="Render the project, do not build it.")
@with_options
def generate(model: ModelArgument, options: BuildOptions, json: Json = False) -> None:
    """Render the project without building it.

    Example: tinygen generate model.tflite --board qemu-cortex-m4 --out firmware
    """
    from tinygen.api.build import generate_project as call
    from tinygen.report.text import generate_report

    _run(
        lambda progress, trust: call(
            model, replace(options, progress=progress, trust_project=trust)
        ),
        generate_report,
        json,
        options.trust_project,
    )


@app.command(short_help="Put the firmware on the device.")
def flash(
    project: ProjectArgument = None,
    port: PortOption = None,
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Put the firmware on the device and wait until it answers.

    An emulated board is started in QEMU; hardware is uploaded to by PlatformIO. A board that is a
    process of this machine is run once, and ends.

    Example: tinygen flash
    """
    from tinygen.api.flash import flash as call
    from tinygen.report.text import flash_report

    _run(
        lambda progress, trust: call(project, port=port, trust_project=trust, progress=progress),
        flash_report,
        json,
        trust_project,
    )


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
    from tinygen.cli.terminal import reader_may_leave

    with reader_may_leave():
        for text in call(project, port=port, trust_project=trust_project):
            sys.stdout.write(printable(text, keep="\n\t"))
            sys.stdout.flush()


@app.command(short_help="Prove that the device computes what the host does.")
def verify(
    project: ProjectArgument = None,
    port: PortOption = None,
    vectors: Annotated[
        int | None, typer.Option("--vectors", min=1, help="Run only the first N. [default: all]")
    ] = None,
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
    trust_project: TrustProjectOption = False,
    json: Json = False,
) -> None:
    """Run every test vector on the device and compare each output element with the host.

    Ends with exit code 0 (MATCH), 4 (MISMATCH) or 6 (UNVERIFIED).

    Example: tinygen verify --port /dev/ttyUSB0
    """
    from tinygen.api.verify import verify as call
    from tinygen.report.text import verify_report

    result = _run(
        lambda progress, trust: call(
            project,
            port=port,
            limit=vectors,
            timeout=timeout,
            spy=spy,
            baud=baud,
            trust_project=trust,
            progress=progress,
        ),
        verify_report,
        json,
        trust_project,
    )
    raise typer.Exit(result.exit_code)


@app.command(short_help="Compare engines on an emulated board.")
@with_options
def bench(model: ModelArgument, options: BenchOptions, json: Json = False) -> None:
    """Build, run and measure a model with several engines, side by side from one run.

    Instructions per inference and for starting up, flash (code, model), static RAM, arena, stack.

    Example: tinygen bench model.tflite --board qemu-cortex-m4 --engine tflm,aot
    """
    from tinygen.api.bench import bench_engines as call
    from tinygen.report.text import bench_report

    _run(
        lambda progress, trust: call(
            model, replace(options, progress=progress, trust_project=trust)
        ),
        bench_report,
        json,
        options.trust_project,
    )


@app.command(short_help="End the emulator that `flash` started.")
def stop(project: ProjectArgument = None, json: Json = False) -> None:
    """End the emulator that `flash` started.

    Example: tinygen stop
    """
    from tinygen.api.flash import stop as call
    from tinygen.report.text import stop_report

    _run(lambda *_: call(project), stop_report, json)


@app.command(short_help="What a model is made of, and which boards it fits.")
def inspect(
    model: ModelArgument,
    input_shape: InputShapeOption = "",
    trust_model: TrustOption = False,
    json: Json = False,
) -> None:
    """Show a model's operators, shapes, MACs, memory over time, and the boards it fits.

    Example: tinygen inspect model.tflite
    """
    from tinygen.api.inspect import inspect as call
    from tinygen.report.text import inspect_report

    _run(
        lambda progress, _: call(
            model, input_shape=names(input_shape), trust_model=trust_model, progress=progress
        ),
        inspect_report,
        json,
    )


@app.command(short_help="Obtain what an engine needs, once.")
def setup(
    what: Annotated[str, typer.Argument(help="tflm: TensorFlow Lite Micro's sources.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="A checkout, a bare git folder, a folder that holds several, an archive or a URL. "
            "[default: TINYGEN_TFLM_SOURCE, else the public repositories]",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Obtain TensorFlow Lite Micro at the revision that tinygen pins, for use offline afterwards.

    Example: tinygen setup tflm --source ~/mirror
    """
    from tinygen.api.setup import setup as call
    from tinygen.report.text import setup_report

    _run(lambda progress, _: call(what, source=source, progress=progress), setup_report, json)


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
    from tinygen.cli.demo import show

    board = demo_board(board)
    files = _run(lambda progress, _: train_digits(out, progress=progress), lambda r: r.said, False)
    raise typer.Exit(show(app, files, out, board))


@app.command(short_help="What of this machine is in the way, and what mends it.")
def doctor(json: Json = False) -> None:
    """Look at Python, packages, compilers, emulators, sources, registries, serial ports and disk.

    Each is good, warning (in the way of some boards) or bad, with the command that mends it. What
    answers on a serial port is asked, which restarts many boards.

    Example: tinygen doctor
    """
    from tinygen.api.doctor import doctor as call
    from tinygen.report.text import doctor_report

    result = _run(lambda progress, _: call(progress=progress), doctor_report, json)
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

    _run(lambda progress, _: call(prune=prune, progress=progress), cache_report, json)


@app.command(short_help="List the operators that are compiled.")
def ops(json: Json = False) -> None:
    """List the operators of TFLite that are compiled, with which engines and kernel sets, and those
    of TensorFlow Lite Micro that are not, with the reason.

    Example: tinygen ops
    """
    from tinygen.api.operators import operators
    from tinygen.report.text import operators_report

    _run(lambda *_: operators(), operators_report, json)


@app.command(short_help="List the boards, or show one in full.")
def boards(
    board: Annotated[
        str | None, typer.Argument(help="One board, in full.", autocompletion=complete_board)
    ] = None,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print its board file, to start one of your own from.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of board files, for editors.")
    ] = False,
    json: Json = False,
) -> None:
    """List the boards, or show one in full.

    Example: tinygen boards qemu-cortex-m4
    """
    from tinygen.boards import all_boards, board_text, get_board
    from tinygen.boards.json_schema import board_schema
    from tinygen.report.json import board_facts, print_json
    from tinygen.report.text import board_report, boards_report

    if toml and board is None:
        raise typer.BadParameter("--toml is for one board: tinygen boards BOARD --toml")
    if schema:
        print_json(board_schema())
    elif board is not None and toml:
        sys.stdout.write(board_text(board))
    elif board is None:
        _run(lambda *_: all_boards(), boards_report, json)
    else:
        _run(lambda *_: board_facts(get_board(board)), board_report, json)


def _run(
    call: Callable[[Progress, bool], Any],
    report: Callable[[Any], Any],
    json: bool,
    trust_project: bool = False,
) -> Any:
    """The one place where a result becomes text or JSON. `call` gets a listener, and whether the
    user trusts the project, of which they may be asked."""
    from tinygen.cli.progress import Listener
    from tinygen.cli.terminal import reader_may_leave
    from tinygen.report import print_json, print_report

    def attempt(trust: bool) -> Any:
        with Listener(quiet=json) as listener:
            return call(listener, trust)

    result = asked(attempt, trust_project)
    with reader_may_leave():
        if json:
            print_json(result)
        else:
            print_report(report(shown(result)))
    return result
