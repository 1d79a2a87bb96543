"""demo: a model of handwritten digits, trained here, and a board to show it on."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from tinygen import processes
from tinygen.boards import Qemu, Serial, get_board
from tinygen.devices import qemu
from tinygen.errors import InputError, ToolchainError
from tinygen.pio.toolchain import require_toolchain
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.resources import examples_dir

BOARDS = ("qemu-cortex-m0", "linux-x86_64")
"""What the demo may run on, the likest to a microcontroller first."""

_TRAINING_SECONDS = 1800.0
_NEEDS = {"sklearn": "scikit-learn", "tensorflow": "tensorflow"}


@dataclass(frozen=True)
class DemoFiles:
    """A trained model, samples to quantize it with, and labelled ones that it has not seen."""

    folder: Path
    model: Path
    calibration: Path
    test: Path
    said: str
    """How well the model learned."""


def train_digits(folder: Path, *, progress: Progress = SILENT) -> DemoFiles:
    """Train the digits model of examples/digits into `folder`, in a process of its own.

    Takes half a minute. Raises InputError where a package that it needs is not installed.
    """
    for module, package in _NEEDS.items():
        if importlib.util.find_spec(module) is None:
            raise InputError(
                f"the demo needs {package}, which is not installed",
                why="it trains a small model on the images that scikit-learn brings",
                next_step=f"{shell_word(sys.executable)} -m pip install 'tinygen[demo]'",
            )
    folder = folder.absolute()
    progress.stage("Training a small CNN on 1,347 images of handwritten digits, 40 epochs")
    script = str(examples_dir() / "digits" / "train.py")
    try:
        done = processes.run_python(script, str(folder), input=b"", timeout=_TRAINING_SECONDS)
    except processes.TimeoutExpired:
        raise ToolchainError("the training took more than half an hour") from None
    if done.returncode != 0:
        raise ToolchainError(
            "the demo's model could not be trained",
            why=done.stderr.decode("utf-8", "replace").strip(),
            next_step="tinygen doctor",
        )
    said = done.stdout.decode("utf-8", "replace").splitlines()
    return DemoFiles(
        folder,
        folder / "digits.h5",
        folder / "calibration.npz",
        folder / "test.npz",
        said[-1] if said else "",
    )


def demo_board(wanted: str | None = None) -> str:
    """The board `wanted`, or else the first of `BOARDS` that this machine can build for and run.

    Raises InputError for a board that is plugged in, whose port the demo does not know, and
    ToolchainError where the compiler or the emulator is not installed.
    """
    refused: list[ToolchainError] = []
    for name in BOARDS if wanted is None else (wanted,):
        board = get_board(name)
        if isinstance(board.device, Serial):
            raise InputError(
                f"the demo does not run on {board.id}",
                why="it is a board to plug in; the demo shows an emulated one, or this machine",
                next_step=f"tinygen demo, then build its model for {board.id}",
            )
        try:
            require_toolchain(board)
            if isinstance(board.device, Qemu):
                qemu.require(board.device)
        except ToolchainError as error:
            refused.append(error)
        else:
            return name
    raise refused[0]
