"""setup(): what does not come along, obtained once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.api.shown import Shown
from tinygen.engines import tflm
from tinygen.engines.tflm.source import TFLITE_MICRO
from tinygen.environments import ENVIRONMENTS, create
from tinygen.errors import InputError
from tinygen.pio import core
from tinygen.progress import SILENT, Progress

_NAMES = [environment.name for environment in ENVIRONMENTS]


@dataclass(frozen=True, repr=False)
class SetupResult(Shown):
    """What was obtained: its revision, or its packages' versions, and where it is kept."""

    what: str
    revision: str
    folder: Path


def setup(
    what: str = "tflm", *, source: str | None = None, progress: Progress = SILENT
) -> SetupResult:
    """Obtain what does not come along, once, for offline use afterwards.

    That is TensorFlow Lite Micro's sources at the pinned revision, checked by hash, or Python
    packages that cannot share an environment with tinygen, in one of their own.

    Parameters
    ----------
    what : str
        ``"tflm"``; ``"onnx"`` or ``"torch"`` for models of those; ``"qat"`` for
        quantization-aware training.
    source : str, optional
        For ``"tflm"`` a checkout, a bare git folder, a folder of them, an archive or another URL;
        for packages a folder of wheels.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    SetupResult
        Where they are, and which revision.

    Raises
    ------
    InputError
        For anything else, and a source that has not what is pinned.
    ToolchainError
        Where they cannot be obtained.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.setup("tensorflow")
    Traceback (most recent call last):
    ...
    tinygen.errors.InputError: there is nothing to set up for 'tensorflow'
      why: what does not come along is for tflm, qat, onnx, torch
      next: tinygen setup tflm
    """
    if what == "tflm":
        progress.stage("Obtaining TensorFlow Lite Micro")
        tree = tflm.setup(core.cache_dir(), source, progress)
        return SetupResult(what, TFLITE_MICRO.revision, tree.root)
    for environment in ENVIRONMENTS:
        if environment.name == what:
            wheels = None if source is None else Path(source).expanduser().absolute()
            folder = create(environment, core.cache_dir(), wheels, progress)
            return SetupResult(what, ", ".join(environment.requirements), folder)
    raise InputError(
        f"there is nothing to set up for '{what}'",
        why=f"what does not come along is for {', '.join(['tflm', *_NAMES])}",
        next_step="tinygen setup tflm",
    )
