"""A project's own firmware, compiled for this host as a process: as quick as 10,000 runs need."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.protocol import protocol_device as pd
from tests.runner import GOLDEN_MODEL
from tinygen.api.build import generate
from tinygen.project.library import SOURCES

BOARD = "qemu-cortex-m4"


def project(folder: Path, model: Path = GOLDEN_MODEL) -> Path:
    """A model's project for an emulated board, generated and not built."""
    return generate(model, board=BOARD, kernel_set="portable", out=folder).project


def compile_project(folder: Path, target: Path, defines: Sequence[str] = ()) -> Path:
    """The project's firmware with the port of the protocol's tests, under sanitizers."""
    source = folder / "src"
    folders = (folder / SOURCES, source / "protocol")
    files = [*(path for part in folders for path in part.glob("*.c")), *source.glob("*.c")]
    includes = [f"-I{part}" for part in (*folders, pd.FIRMWARE / "hal")]
    command = ["gcc", "-std=c11", "-O1", "-g", *pd.SANITIZE, *includes, f"-I{pd.HERE}", *defines]
    command += [*map(str, files), str(pd.HERE / "test_hal.c"), "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def compile_wrong(folder: Path, target: Path, defines: Sequence[str] = ()) -> Path:
    """The same, but for one bias: it says that it is this project's firmware, and is not."""
    weights = folder / SOURCES / "weights.c"
    right = weights.read_text()
    start = right.rindex("_bias[")  # of the last layer, whose outputs are compared
    number = re.compile(r"-?\d+(?=,)").search(right, right.index("{", start))
    assert number is not None
    changed = str(int(number[0]) + 100_000)
    try:
        weights.write_text(right[: number.start()] + changed + right[number.end() :])
        return compile_project(folder, target, defines)
    finally:
        weights.write_text(right)
