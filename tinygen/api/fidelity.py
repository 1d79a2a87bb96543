"""Which layer loses the accuracy, of a model that is ready, and as a project keeps it."""

from __future__ import annotations

import json

import msgspec

from tinygen.api.prepared import Prepared
from tinygen.errors import InputError
from tinygen.printable import printable
from tinygen.progress import Progress
from tinygen.project import Project
from tinygen.proof.by_layer import layer_fidelity
from tinygen.proof.layer_fidelity import FidelityResult

FILE = "fidelity.json"
"""What a project keeps of `build --fidelity`."""


def fidelity_of(ready: Prepared, progress: Progress) -> FidelityResult:
    """What each layer of the model loses, on the samples that it came with.

    InputError where it came with none, or the float model cannot be run.
    """
    if not ready.samples:
        raise InputError(
            "--fidelity has no data to look at the layers with",
            why="which layer loses accuracy depends on the values that come to it",
            next_step="give --data SAMPLES, or --data random for what is bad whatever comes",
        )
    progress.stage("Looking at what each layer loses")
    said = [f"{len(one.inputs[0])} samples of {one.origin}" for one in ready.samples]
    return layer_fidelity(
        ready.model, ready.float_tflite, ready.samples, " and ".join(said), progress
    )


def to_bytes(result: FidelityResult) -> bytes:
    """As a project keeps it: JSON, in which what is infinite is `Infinity`."""
    return (json.dumps(msgspec.to_builtins(result), indent=1) + "\n").encode()


def kept_fidelity(project: Project) -> FidelityResult | None:
    """What a project keeps of it; None where it was built without. InputError for a damaged one."""
    if FILE not in project.manifest.files:
        return None
    try:
        return msgspec.convert(json.loads(project.read(FILE)), FidelityResult)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise InputError(
            f"{FILE} of the project is damaged",
            why=printable(f"{error}"),
            next_step="build the project again with --fidelity",
        ) from error
