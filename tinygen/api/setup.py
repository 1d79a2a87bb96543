"""setup(): what an engine needs, obtained once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.engines import tflm
from tinygen.engines.tflm.source import TFLITE_MICRO
from tinygen.errors import InputError
from tinygen.pio import core
from tinygen.progress import SILENT, Progress


@dataclass(frozen=True)
class SetupResult:
    """What was obtained: its revision, and where it is kept."""

    what: str
    revision: str
    folder: Path


def setup(
    what: str = "tflm", *, source: str | None = None, progress: Progress = SILENT
) -> SetupResult:
    """Obtain TensorFlow Lite Micro's sources at the pinned revision, checked by hash, for offline
    use afterwards. `source` is a checkout, a bare git folder, a folder of them, an archive or
    another URL. Raises InputError and ToolchainError.
    """
    if what != "tflm":
        raise InputError(
            f"there is nothing to set up for '{what}'",
            why="only the engine tflm needs something that does not come along",
            next_step="tinygen setup tflm",
        )
    progress.stage("Obtaining TensorFlow Lite Micro")
    tree = tflm.setup(core.cache_dir(), source, progress)
    return SetupResult(what, TFLITE_MICRO.revision, tree.root)
