"""setup(): what an engine needs, obtained once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.api.shown import Shown
from tinygen.engines import tflm
from tinygen.engines.tflm.source import TFLITE_MICRO
from tinygen.errors import InputError
from tinygen.pio import core
from tinygen.progress import SILENT, Progress


@dataclass(frozen=True, repr=False)
class SetupResult(Shown):
    """What was obtained: its revision, and where it is kept."""

    what: str
    revision: str
    folder: Path


def setup(
    what: str = "tflm", *, source: str | None = None, progress: Progress = SILENT
) -> SetupResult:
    """Obtain what an engine needs, once, for offline use afterwards.

    That is TensorFlow Lite Micro's sources at the pinned revision, checked by hash.

    Parameters
    ----------
    what : str
        ``"tflm"``.
    source : str, optional
        A checkout, a bare git folder, a folder of them, an archive or another URL.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    SetupResult
        Where they are, and which revision.

    Raises
    ------
    InputError
        For anything else than ``"tflm"``, and a source that has not what is pinned.
    ToolchainError
        Where they cannot be obtained.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.setup("tensorflow")
    Traceback (most recent call last):
    ...
    tinygen.errors.InputError: there is nothing to set up for 'tensorflow'
      why: only the engine tflm needs something that does not come along
      next: tinygen setup tflm
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
