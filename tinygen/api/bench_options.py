"""What `bench` may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tinygen.options import Flag, ProjectOptions


@dataclass(frozen=True, kw_only=True)
class BenchOptions(ProjectOptions):
    """All that `bench` may be told. An option of the engines goes to those that take it."""

    board: Annotated[
        str,
        Flag("--board", "Board ids, or board files, with commas.", short="-b"),
    ]
    jobs: Annotated[
        int | None,
        Flag(
            "--jobs",
            "Cells that are built and run at the same time. [default: as many as cores]",
            short="-j",
            minimum=1,
        ),
    ] = None

    engines: Annotated[
        tuple[str, ...],
        Flag(
            "--engine",
            "Engines to compare, with commas; one may name its kernels: tflm:reference.",
        ),
    ] = ("aot",)
    ports: Annotated[
        tuple[str, ...],
        Flag("--port", "Where hardware is, BOARD=PORT, with commas.", short="-p"),
    ] = ()
    scheduler: Annotated[
        str | None,
        Flag(
            "--scheduler",
            "A Dask scheduler whose workers, with tinygen, measure the cells: tcp://HOST:8786. Who "
            "reaches it can run code there.",
            metavar="ADDRESS",
        ),
    ] = None
