"""What `export` may be told, beyond how a model is quantized."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tinygen.options import Flag, ModelOptions, Name


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ModelOptions):
    """All that `export` may be told."""

    board: Annotated[
        str,
        Flag("--board", "For whose core and memories: a board id or a board file.", short="-b"),
    ]
    form: Annotated[
        str,
        Flag(
            "--as",
            "For which build system: a library of the Arduino IDE, a component of ESP-IDF, a "
            "module of Zephyr, a target of CMake, or one header.",
            metavar="FORM",
            choices=("arduino", "esp-idf", "zephyr", "cmake", "header"),
        ),
    ]
    out: Annotated[
        str | Path | None,
        Flag("--out", "Folder or .zip file to write. [default: one in build]", short="-o"),
    ] = None
    name: Name = "model"
    zip: Annotated[bool, Flag("--zip", "Write a .zip file instead of a folder.")] = False
    optimize: Annotated[
        str,
        Flag(
            "--optimize",
            "What is made small: cycles (`speed`), flash (`size`), or both (`balanced`).",
            metavar="GOAL",
            choices=("speed", "balanced", "size"),
        ),
    ] = "balanced"
    kernel_set: Annotated[
        str | None,
        Flag(
            "--kernel-set",
            "Which kernels are used: portable, dsp, mve, esp32s3. [default: the board's]",
            metavar="NAME",
        ),
    ] = None
