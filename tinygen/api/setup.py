"""setup(): what an engine or a converter needs, obtained once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.api.shown import Shown
from tinygen.convert import ENVIRONMENTS, Environment
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
    """Obtain what an engine or a converter needs, once, for offline use afterwards.

    That is TensorFlow Lite Micro's sources at the pinned revision, checked by hash; or an
    environment of Python packages at pinned versions, which converts ONNX files or PyTorch's
    programs: the result says their versions as ``revision``. What was interrupted goes on.

    Parameters
    ----------
    what : str
        ``"tflm"``, ``"onnx"`` or ``"torch"``.
    source : str, optional
        For ``"tflm"``: a checkout, a bare git folder, a folder of them, an archive or another URL.
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
        Where it cannot be obtained.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.setup("tensorflow")
    Traceback (most recent call last):
    ...
    tinygen.errors.InputError: there is nothing to set up for 'tensorflow'
      why: what does not come along is tflm, onnx, torch
      next: tinygen setup tflm, for example
    """
    found = next((one for one in ENVIRONMENTS if one.name == what), None)
    if found is not None and source is None:
        found.make(progress)
        return SetupResult(what, _versions(found), found.folder)
    if what != "tflm":
        others = ", ".join(("tflm", *(one.name for one in ENVIRONMENTS)))
        raise InputError(
            f"there is nothing to set up for '{what}'" + (" from a source" if found else ""),
            why=f"what does not come along is {others}"
            if found is None
            else "its packages come from where pip has them: PIP_INDEX_URL, PIP_FIND_LINKS",
            next_step="tinygen setup tflm, for example"
            if found is None
            else f"tinygen setup {what}",
        )
    progress.stage("Obtaining TensorFlow Lite Micro")
    tree = tflm.setup(core.cache_dir(), source, progress)
    return SetupResult(what, TFLITE_MICRO.revision, tree.root)


def _versions(environment: Environment) -> str:
    """Those of the packages that somebody asked for."""
    return ", ".join(f"{name} {version}" for name, version in environment.versions().items())
