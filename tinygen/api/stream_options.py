"""What `stream` may be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tinygen.options import Flag, ModelOptions


@dataclass(frozen=True, kw_only=True)
class StreamOptions(ModelOptions):
    """All that `stream` may be told."""

    hop: Annotated[
        int | None,
        Flag(
            "--hop",
            "New frames that come at once. [default: the fewest with which every layer streams: "
            "one, unless it has strides along time]",
            minimum=1,
        ),
    ] = None
    axis: Annotated[
        int | None,
        Flag(
            "--axis",
            "Which dimension of the input is time; the batch is 0. [default: the first behind it "
            "that is longer than one]",
            minimum=1,
        ),
    ] = None
    out: Annotated[
        str | Path | None,
        Flag("--out", "The .tflite file to write. [default: one in build]", short="-o"),
    ] = None
    board: Annotated[
        str | None,
        Flag(
            "--board",
            "A board on which both are built and run, to show what a window and a hop take. "
            "[default: only MACs are shown]",
            short="-b",
        ),
    ] = None
    engines: Annotated[
        tuple[str, ...],
        Flag("--engine", "With --board: the engines that are measured, with commas."),
    ] = ("aot",)
