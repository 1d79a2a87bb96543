"""One model of a firmware, on its way into a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.api import kept
from tinygen.api.fidelity import fidelity_of
from tinygen.api.mix import MixResult, mix_result
from tinygen.api.prepare import by_layers
from tinygen.api.prepared import Prepared
from tinygen.boards import Board
from tinygen.engines import Engine
from tinygen.engines.engine import Job, Made
from tinygen.engines.tflm import not_run
from tinygen.errors import InputError
from tinygen.ir import DType, input_edges
from tinygen.load import safe_name
from tinygen.options import BuildOptions
from tinygen.project import library
from tinygen.project.firmware import memory_files
from tinygen.project.naming import MODEL, distinct, identifier, named, require_name
from tinygen.proof.doubt import refusal
from tinygen.proof.expect import expect
from tinygen.proof.fidelity import Fidelity, codes_of, fidelity
from tinygen.proof.layer_fidelity import FidelityResult
from tinygen.proof.oracle import TFLM
from tinygen.proof.vectors import Vectors
from tinygen.templates import Identity

TOGETHER = "aot"
"""The engine that makes one firmware of several models."""
WITH_NPU = "tflm"
"""The engine that an NPU computes for."""
Asked = tuple[Path, BuildOptions]
"""A model file, and what the build is told of it."""


@dataclass(frozen=True, eq=False)
class Part:
    """A model that is compiled, and what a device is held against."""

    ready: Prepared
    options: BuildOptions
    identity: Identity
    made: Made
    checks: Vectors
    reports: tuple[Fidelity, ...]
    by_layer: FidelityResult | None
    """Which layer loses the accuracy, where that was asked for."""
    mix: MixResult | None
    """Which layers are int16, where some were looked for."""

    @property
    def name(self) -> str:
        """What it is called in C."""
        return self.identity.c_name

    def files(self, board: Board) -> dict[str, bytes]:
        """Those of its library, and of the engine: path in the project -> content."""
        made = self.made
        files = named({**made.files, **memory_files(board, made.arena_place)}, self.name)
        told = library.manifests(self.identity, files, made.library_flags, alone=made.alone)
        return {**files, **told}


def with_names(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """The models, each with its name in C: where nobody says one, several are called after their
    files. InputError for names that do not go together."""
    several = len(asked) > 1
    found = []
    for model, options in asked:
        own = options.name != MODEL or not several
        name = options.name if own else identifier(safe_name(model))
        found.append((model, replace(options, name=require_name(name))))
    distinct(options.name for _, options in found)
    return tuple(found)


def require_stateless(prepared: Sequence[Prepared]) -> None:
    """InputError where one of several models keeps state, which other ones would overwrite."""
    names = [ready.model.name for ready in prepared if ready.model.graph.states]
    if names and len(prepared) > 1:
        raise InputError(
            f"{', '.join(names)} keeps state, and cannot be in one firmware with another model",
            why="models of one firmware share their memory",
            next_step="build each of them into a folder of its own",
        )


def is_typed(prepared: Sequence[Prepared]) -> bool:
    """Whether one of the models has an edge that is not int8."""
    edges = (e for ready in prepared for e in (*input_edges(ready.model.graph), *ready.outputs))
    return any(edge.dtype is not DType.INT8 for edge in edges)


def make_part(
    ready: Prepared,
    options: BuildOptions,
    board: Board,
    engine: Engine,
    *,
    together: bool,
    typed: bool,
) -> Part:
    """Compile a model, and compute what is expected of it; `together` with other ones, of which one
    is `typed`."""
    progress = options.progress
    identity = ready.identity(engine.name, board.id, options.name)
    progress.stage(f"Compiling {identity.c_name if together else ''}".strip() + f" for {board.id}")
    with by_layers(ready, options):
        job = Job(board, ready.model, identity, options, together=together, typed=typed)
        made = engine.make(job)
    for note in made.notes:
        progress.note(note)
    checks = _expected(ready, options)
    if engine.name == "tflm" and options.arena is not None and (words := refusal(checks, TFLM)):
        raise not_run(words)  # else running it to size the arena has shown that it does
    reports = fidelity(ready.outputs, checks, codes_of(ready.model.graph))
    for report in reports:
        progress.note(report.text)
    by_layer = fidelity_of(ready, progress) if options.fidelity else None
    mix = None
    if ready.mix is not None:
        mix = mix_result(ready.mix, ready.model, board, options.optimize)
    return Part(ready, options, identity, made, checks, reports, by_layer, mix)


def require_together(engine: Engine, asked: Sequence[Asked]) -> None:
    """InputError where several models cannot be in one firmware."""
    if len(asked) == 1:
        return
    if engine.name != TOGETHER:
        raise InputError(
            f"the engine {engine.name} has one model in a firmware",
            why="its interpreter has one arena and one list of operators",
            next_step=f"--engine {TOGETHER}",
        )
    if asked[0][1].protocol != "tinygen":
        raise InputError(
            "--protocol mlperf is of one model",
            why="its commands do not say which",
            next_step="build each of them into a folder of its own",
        )


def _expected(ready: Prepared, options: BuildOptions) -> Vectors:
    """The model's vectors, made here or before of the same."""
    name = None if ready.key is None else f"{ready.key}-vectors"
    title = "Computing the expected outputs on the host"
    found = kept.recall(name, title, options.progress, Vectors.from_bytes)
    if found is not None:
        return found
    options.progress.stage(title)
    told = kept.Told(options.progress)
    made = expect(
        ready.model,
        ready.float_tflite,
        ready.samples,
        ready.origin,
        seed=options.seed,
        progress=told,
    )
    kept.keep(name, made.to_bytes(), told)
    return made
