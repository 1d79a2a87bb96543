"""The commands that take a model file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tinygen.api.bench_options import BenchOptions
from tinygen.api.export_options import ExportOptions
from tinygen.api.inspect_options import InspectOptions
from tinygen.api.stream_options import StreamOptions
from tinygen.cli.options import FirmwareModels, Json, ModelArgument, ModelsArgument, with_options
from tinygen.cli.question import settled
from tinygen.cli.reports import Reports, with_reports
from tinygen.cli.root import app, run_command
from tinygen.compression.options import CompressOptions
from tinygen.options import BuildOptions
from tinygen.progress import Progress


@app.command(short_help="Model in, built firmware out.")
@with_reports
@with_options
def build(
    models: FirmwareModels,
    options: tuple[BuildOptions, ...],
    reports: Reports,
    json: Json = False,
) -> None:
    """Quantize a model, generate its firmware and build it with PlatformIO; several make one.

    Example: tinygen build model.h5 --board qemu-cortex-m4 --data samples.npz
    """
    from tinygen.api.build import BuildResult
    from tinygen.api.build import build_several as call
    from tinygen.report.text import build_report

    settled(
        lambda edited: run_command(
            lambda progress, trust: call(_asked(models, options, progress, trust, edited)),
            build_report,
            json,
            options[0].trust_project,
            reports=reports,
            kind=BuildResult,
        ),
        options[0].edited,
    )


@app.command(short_help="Render the project, do not build it.")
@with_options
def generate(models: FirmwareModels, options: tuple[BuildOptions, ...], json: Json = False) -> None:
    """Render the project without building it.

    Example: tinygen generate model.tflite --board qemu-cortex-m4 --out firmware
    """
    from tinygen.api.build import generate_several as call
    from tinygen.report.text import generate_report

    settled(
        lambda edited: run_command(
            lambda progress, trust: call(_asked(models, options, progress, trust, edited)),
            generate_report,
            json,
            options[0].trust_project,
        ),
        options[0].edited,
    )


def _asked(
    models: Sequence[Path],
    options: Sequence[BuildOptions],
    progress: Progress,
    trust: bool,
    edited: str | None,
) -> list[tuple[Path, BuildOptions]]:
    """Each model with what is said of it and of all."""
    same = {"progress": progress, "trust_project": trust, "edited": edited}
    return [
        (model, replace(own, **same))  # type: ignore[arg-type]
        for model, own in zip(models, options, strict=True)
    ]


@app.command(short_help="The model's C as a library, for other build systems.")
@with_options
def export(model: ModelArgument, options: ExportOptions, json: Json = False) -> None:
    """Quantize a model and write its C as a library, with an example, and nothing else.

    Example: tinygen export model.tflite --board esp32 --as arduino --zip
    """
    from tinygen.api.export import export_model as call
    from tinygen.report.text import export_report

    run_command(
        lambda progress, _: call(model, replace(options, progress=progress)), export_report, json
    )


@app.command(short_help="What a model is made of, and which boards it fits.")
@with_reports
@with_options
def inspect(
    model: ModelArgument, options: InspectOptions, reports: Reports, json: Json = False
) -> None:
    """Show a model's operators, shapes, MACs, memory over time, and the boards it fits.

    With --fidelity and --data also which layer loses the accuracy, and what to do.

    Example: tinygen inspect model.h5 --data samples.npz --fidelity
    """
    from tinygen.api.inspect import InspectResult
    from tinygen.api.inspect import inspect_model as call
    from tinygen.report.text import inspect_report

    run_command(
        lambda progress, _: call(model, replace(options, progress=progress)),
        inspect_report,
        json,
        reports=reports,
        kind=InspectResult,
    )


@app.command(short_help="Models x boards x engines, measured side by side.")
@with_reports
@with_options
def bench(
    models: ModelsArgument, options: BenchOptions, reports: Reports, json: Json = False
) -> None:
    """Build, run and measure models on boards with engines and kernel sets, as one table.

    Instructions per inference and for starting up, flash (code, model), static RAM, arena, stack.
    What cannot be measured is a row that says why; what was measured of the same is taken again.

    Example: tinygen bench model.tflite --board qemu-cortex-m4 --engine tflm,aot
    """
    from tinygen.api.bench import BenchResult
    from tinygen.api.bench import bench_engines as call
    from tinygen.report.text import bench_report

    run_command(
        lambda progress, trust: call(
            models, replace(options, progress=progress, trust_project=trust)
        ),
        bench_report,
        json,
        options.trust_project,
        reports=reports,
        kind=BenchResult,
    )


@app.command(short_help="A smaller model that fits, with the price shown.")
@with_options
def compress(model: ModelArgument, options: CompressOptions, json: Json = False) -> None:
    """Search for the best smaller model under the limits of a board.

    Narrower shapes of a Keras 3 model are trained by several methods, from several seeds,
    quantized, built and verified, and shown side by side with the simplest alternative.

    Example: tinygen compress model.keras --data train.npz --board nucleo_f446re
    """
    from tinygen.api.compress import compress_model as call
    from tinygen.report.text import compress_report

    run_command(
        lambda progress, _: call(model, replace(options, progress=progress)),
        compress_report,
        json,
    )


@app.command(short_help="A model over time windows, computing only the new frames.")
@with_options
def stream(model: ModelArgument, options: StreamOptions, json: Json = False) -> None:
    """Make a model over time windows into one that takes new frames and remembers the rest.

    Writes a .tflite file with variables, for `build`: hop by hop it gives exactly what the model
    gives for the window that ends there. Shows what is kept and computed of each layer.

    Example: tinygen stream model.tflite --hop 2 --out stream.tflite
    """
    from tinygen.api.stream import stream_model as call
    from tinygen.report.text import stream_report

    run_command(
        lambda progress, _: call(model, replace(options, progress=progress)), stream_report, json
    )
