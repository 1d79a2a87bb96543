"""The options and arguments that commands share."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
ModelArgument = Annotated[
    Path, typer.Argument(help="A .h5, .keras or int8 .tflite file, or a SavedModel folder.")
]
ProjectArgument = Annotated[
    Path | None,
    typer.Argument(help="A project folder. [default: the last build of this directory]"),
]
BoardOption = Annotated[
    str, typer.Option("--board", "-b", help="A board id (see `tinygen boards`) or a board file.")
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        "-d",
        help="Calibration samples: .npz, .npy, .csv or a folder of images; or the word `random`, "
        "which makes the accuracy meaningless.",
    ),
]
TestOption = Annotated[
    str | None,
    typer.Option(
        "--test", help="Labelled samples that `verify` runs on the device, all of them, as --data."
    ),
]
ImageRangeOption = Annotated[
    tuple[float, float],
    typer.Option(
        "--image-range",
        metavar="LOW HIGH",
        help="What 0 and 255 of image files are to the model.",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Project folder. [default: build/MODEL-BOARD]")
]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help="How the model runs. [default: the board's]")
]
KernelSetOption = Annotated[
    str | None,
    typer.Option(
        "--kernel-set",
        help="Which kernels the engine uses, of those that `tinygen boards BOARD` names. "
        "[default: the board's]",
    ),
]
ArenaOption = Annotated[
    int | None,
    typer.Option("--arena", min=16, help="Bytes of arena, for tflm. [default: measured]"),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Keep the engine's error texts in the firmware.")
]
TrustOption = Annotated[
    bool,
    typer.Option("--trust-model", help="Open a model file that runs code of its own (Lambda)."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of every random choice.")]
PortOption = Annotated[
    str | None,
    typer.Option(
        "--port",
        "-p",
        help="A serial device or a pyserial URL (socket://, rfc2217://). [default: the emulator "
        "that `flash` started, or the one port with the board's USB id]",
    ),
]


@dataclasses.dataclass(frozen=True)
class Job:
    """What `build` and `generate` make, of what, for what: an option or argument per field."""

    model: ModelArgument
    board: BoardOption
    data: DataOption = None
    test: TestOption = None
    image_range: ImageRangeOption = (0.0, 255.0)
    out: OutOption = None
    engine: EngineOption = None
    kernel_set: KernelSetOption = None
    arena: ArenaOption = None
    debug: DebugOption = False
    trust_model: TrustOption = False
    seed: SeedOption = 0

    @property
    def keywords(self) -> dict[str, Any]:
        """All of it, by name, for the function that the command calls."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def with_job(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first parameter is a Job, as one that has a parameter for each field of it:
    Typer makes the command line of a function's parameters."""
    fields = inspect.signature(Job, eval_str=True).parameters
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def call(**values: Any) -> None:
        job = Job(**{name: values.pop(name) for name in fields})
        command(job, **values)

    parameters = [*fields.values(), *own]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call
