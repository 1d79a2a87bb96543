"""What a device is sent and held against: the project's vectors, or a data set of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinygen import passes, tflite
from tinygen.api.classes import numbered_by, told
from tinygen.data import Dataset, read_data
from tinygen.errors import InputError
from tinygen.ir import Array, DType, Edge, Int8Model
from tinygen.progress import Progress
from tinygen.project.folder import Project
from tinygen.proof import oracle
from tinygen.proof.oracle import HostRun, Refusal
from tinygen.proof.vectors import Vectors

_PIXELS = (0.0, 255.0)
_AT_ONCE = 32 << 20
"""Bytes of inputs that the host's runtimes are given at once."""


def own_vectors(
    project: Project,
    data: str | Path,
    labels: str | Path | None,
    image_range: tuple[float, float] | None,
    most: int | None,
    progress: Progress,
) -> Vectors:
    """The first `most` samples of `data` as vectors of the project's model.

    `labels` is a file with their labels; `image_range` as in `run`. Raises InputError for data or
    labels that do not fit, and where the project's model was edited.
    """
    manifest = project.manifest
    model = project_model(project)
    known = _PIXELS if manifest.data is None else manifest.data.image_range
    progress.stage("Reading the data")
    found = read_data(
        data,
        manifest.model.inputs,
        image_range=image_range or known,
        split="test",
        labels=None if labels is None else Path(labels),
    )
    made = ("random data: numbers are verified, accuracy means nothing",)
    for warning in made if found.is_random else told(found, manifest.model.outputs[0].labels):
        progress.warn(warning)
    numbers = _numbers(found, manifest.model.outputs[0], labels, progress)
    count = min(most or len(found.inputs[0]), len(found.inputs[0]))
    inputs = tuple(
        edge.quantize(values[:count]).reshape(count, *edge.shape)
        for edge, values in zip(manifest.model.inputs, found.inputs, strict=True)
    )
    progress.stage(f"Computing what the host expects of {count:,} samples")
    starts = np.arange(count) == 0 if model.graph.states else None
    truth, second = _expected(model, inputs, starts, progress)
    if truth.note:
        progress.warn(f"the oracle is the {truth.name}: {truth.note}")
    return Vectors(
        inputs=inputs,
        expected=truth.outputs,
        oracle=truth.name,
        origins=("random data" if found.is_random else "data",) * count,
        labels=np.full(count, -1, np.int64) if numbers is None else numbers[:count],
        litert=second if isinstance(second, HostRun) else None,
        refusals=tuple(str(r) for r in (truth.refusal, second) if isinstance(r, Refusal)),
        targets=None if found.targets is None else found.targets[:count],
        starts=starts,
    )


def require_limits(vectors: int | None, timeout: float | None) -> None:
    """InputError for no vector at all, or no time (seconds)."""
    if vectors is not None and vectors < 1:
        raise InputError("at least one vector has to be run", next_step="--vectors 1 or more")
    if timeout is not None and not timeout > 0:
        raise InputError("a limit of no time was given", next_step="--timeout with seconds")


def _are_of(values: Array, edge: Edge) -> bool:
    """Whether an array of vectors has the edge's type and shape, maybe without the batch, which
    the tensor of a model may lack."""
    return values.dtype == edge.dtype.numpy and values.shape[1:] in (edge.shape, edge.sample)


def stored_vectors(project: Project) -> Vectors:
    """The project's vectors; InputError where they are damaged, or not those of its manifest."""
    content = project.read(project.vectors_file)
    checks = Vectors.from_bytes(content)
    model = project.manifest.model
    for edges, arrays in ((model.inputs, checks.inputs), (model.outputs, checks.expected)):
        if len(edges) != len(arrays) or not all(map(_are_of, arrays, edges)):
            raise InputError(
                f"the test vectors of {project.path} are not of its model",
                why=f"{project.vectors_file} and tinygen.json differ in the shapes of inputs or "
                "outputs",
                next_step="build the project again",
            )
    if hashlib.sha256(content).hexdigest() != project.manifest.files.get(project.vectors_file):
        raise InputError(
            f"the test vectors of {project.path} are not those that were written with it",
            why=f"{project.vectors_file} has another hash than tinygen.json says: what a device is "
            "held against would not be what the host computed",
            next_step="build the project again",
        )
    return checks


def project_model(project: Project) -> Int8Model:
    """The project's model as it was compiled; InputError where the file was edited since."""
    content = project.read(project.model_file)
    if hashlib.sha256(content).hexdigest() != project.model_sha256:
        raise InputError(
            f"the model of {project.path} is not the one that its firmware was made of",
            why=f"{project.model_file} has another hash than tinygen.json says",
            next_step="build the project again",
        )
    edges = (*project.manifest.model.inputs, *project.manifest.model.outputs)
    kept = any(edge.dtype not in (DType.INT8, DType.INT32) for edge in edges)
    written = tflite.read(content, project.model)
    return Int8Model(content, written, passes.simplify(written, keep_edges=kept))


def _numbers(
    found: Dataset, output: Edge, labels: str | Path | None, progress: Progress
) -> Array | None:
    """The samples' classes by the project's names; where they have no numbers it is told, and of
    labels that were given an error."""
    why = ""
    numbers = numbered_by(output.labels or found.class_names, found)
    if found.labels is not None and numbers is None:
        others = [name for name in found.class_names if output.labels.count(name) != 1]
        why = f"the project has no class {', '.join(map(repr, others[:3]))}"
    elif found.class_names and not output.labels and len(found.class_names) != output.elements:
        why = (
            f"they name {len(found.class_names)} classes, the output {output.name} has"
            f" {output.elements} elements, and the project has no names for them"
        )
    elif found.targets is not None and found.targets.shape[1] != output.elements:
        why = (
            f"they are no class numbers but {found.targets.shape[1]} values a sample, and the"
            f" output {output.name} has {output.elements} elements"
        )
    elif numbers is not None and output.elements > 1 and numbers.max() >= output.elements:
        progress.warn(
            f"labels go up to {numbers.max()}, and the output {output.name} has"
            f" {output.elements} elements: the accuracy counts such samples as wrong"
        )
    if why and labels is not None:
        raise InputError(
            f"the labels '{labels}' are not of this model",
            why=why,
            next_step="give class numbers from 0 on, or names that `tinygen build` was given",
        )
    if why:
        progress.warn(f"the labels of the data are left out: {why}")
        return None
    return numbers


def _expected(
    model: Int8Model, inputs: Sequence[Array], starts: Array | None, progress: Progress
) -> tuple[HostRun, HostRun | Refusal | None]:
    """What the oracle and LiteRT compute, piece by piece; a sequence at once."""
    count = len(inputs[0])
    step = max(1, _AT_ONCE // sum(array[0].nbytes for array in inputs))
    step = step if starts is None else count
    truths: list[HostRun] = []
    seconds: list[HostRun | Refusal | None] = []
    for start in range(0, count, step):
        piece = [array[start : start + step] for array in inputs]
        truths.append(oracle.expected(model, piece, starts))
        seconds.append(oracle.second_opinion(model, piece, starts))
        progress.count(min(start + step, count), count)
    runs = [second for second in seconds if isinstance(second, HostRun)]
    whole = _joined(runs) if len(runs) == len(seconds) else _refusal(seconds)
    return _joined(truths), whole


def _refusal(seconds: Sequence[HostRun | Refusal | None]) -> Refusal | None:
    return next((second for second in seconds if isinstance(second, Refusal)), None)


def _joined(runs: Sequence[HostRun]) -> HostRun:
    outputs = zip(*(run.outputs for run in runs), strict=True)
    return replace(runs[0], outputs=tuple(np.concatenate(column) for column in outputs))
