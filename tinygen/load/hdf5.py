"""Inspection of HDF5 files, the weights of every Keras model, without TensorFlow.

The HDF5 library crashes on some damaged files, so the file is first read by a child process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen import processes
from tinygen.errors import InputError
from tinygen.load.files import MAX_BYTES

_CHILD = Path(__file__).with_name("hdf5_child.py")
_TIMEOUT_S = 30
_WEIGHT_NAMES = {"layer_names", "layers", "_layer_checkpoint_dependencies", "vars", "weight_names"}


@dataclass(frozen=True)
class Hdf5Facts:
    """A sound HDF5 file: its attributes `model_config` and `keras_version`, the names at its top,
    and `danger`, which says what other file it would read."""

    config: str | None
    version: str
    names: tuple[str, ...]
    danger: str | None


def inspect_hdf5(content: bytes, file_name: str) -> Hdf5Facts:
    """Read the whole file and report. Raises InputError when it is damaged or too large."""
    try:
        done = processes.run_python(str(_CHILD), str(MAX_BYTES), input=content, timeout=_TIMEOUT_S)
        facts = json.loads(done.stdout) if done.returncode == 0 else None
    except (processes.TimeoutExpired, ValueError):
        facts = None
    if facts is None:
        facts = {"damage": "the HDF5 library fails on it"}
    if "too_large" in facts:
        raise InputError(
            f"'{file_name}' is too large",
            why=f"its weights unpack to more than {MAX_BYTES} bytes",
            next_step="give a smaller model",
        )
    if "damage" in facts:
        raise InputError(
            f"'{file_name}' is damaged or truncated",
            why=f"it is an HDF5 file by its first bytes, but: {facts['damage']}",
            next_step="copy or save the model again",
        )
    return Hdf5Facts(
        facts["config"], facts["version"] or "", tuple(facts["names"]), facts.get("danger")
    )


def no_model(names: Sequence[str], file_name: str) -> InputError:
    """The error for an HDF5 file without a model's configuration."""
    next_step = "save the whole model: model.save('model.keras')"
    if not _WEIGHT_NAMES.isdisjoint(names):
        return InputError(
            f"'{file_name}' holds weights only",
            why="the layers that the weights belong to are not in the file (it has no"
            " model_config), so the model cannot be rebuilt from it",
            next_step=next_step + " instead of model.save_weights(...)",
        )
    return InputError(
        f"'{file_name}' is an HDF5 file, but no Keras model",
        why="it has no model_config",
        next_step=next_step,
    )


def one_line(error: BaseException) -> str:
    """The first line of an error message, at most 200 characters."""
    line = " ".join((str(error).strip() or type(error).__name__).split("\n")[0].split())
    return line if len(line) <= 200 else line[:197] + "..."
