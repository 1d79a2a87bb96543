"""What a project's engine was given, given once more: its program, and firmware that is built to be
looked into."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata

from tinygen import passes, pio, tflite
from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.boards import Board, Serial
from tinygen.devices.link.hello import Hello
from tinygen.engines import ENGINES, Engine
from tinygen.engines.engine import Job
from tinygen.engines.traced import FLAG, TABLE, Traced
from tinygen.errors import DeviceError, InputError
from tinygen.ir import DType, Int8Model
from tinygen.options import BuildOptions
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.project import build_id, folder, trust
from tinygen.project.folder import Project
from tinygen.project.manifest import Manifest
from tinygen.project.writing import hold
from tinygen.templates import Identity

LAYERS = "layers"
"""In a project's state folder: the same firmware, but that it notes its layers."""

_FLAGS = "build_flags =\n"

Change = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]


@dataclass(frozen=True, eq=False)
class Again:
    """A project with its engine and what that is given."""

    project: Project
    board: Board
    engine: Engine
    job: Job
    whole: Manifest
    """That of the project, about all of its models."""


def again(project: Project, progress: Progress = SILENT) -> Again:
    """For the model that `project` is about. InputError for a project of another tinygen, or whose
    model is not the one it was made of."""
    board, manifest = project_board(project), project.manifest
    whole = folder.open_project(project.path).manifest
    models = (whole.model, *(other.model for other in whole.others))
    several = len(models) > 1
    edges = [edge for one in models for edge in (*one.inputs, *one.outputs)]
    typed = several and any(edge.dtype is not DType.INT8 for edge in edges)
    if manifest.tinygen != metadata.version("tinygen"):
        raise InputError(
            f"{project.path} was made by tinygen {manifest.tinygen}",
            why=f"this is {metadata.version('tinygen')}, which may make another program of it",
            next_step=f"build it again: tinygen build MODEL --out {shell_word(project.path)}",
        )
    content = project.read(project.model_file)
    if hashlib.sha256(content).hexdigest() != project.model_sha256:
        raise InputError(
            f"{project.path / project.model_file} is not the model that the project was made of",
            why="its SHA-256 is another than tinygen.json says",
            next_step="build the project again",
        )
    told = manifest.told
    written = tflite.read(content, project.model)
    model = Int8Model(content, written, passes.simplify(written, keep_edges=told.keep_edges))
    identity = Identity(
        name=project.model,
        engine=manifest.engine,
        board=board.id,
        sha256=project.model_sha256,
        version=manifest.tinygen,
        labels=tuple(edge.labels for edge in manifest.model.outputs),
        c_name=manifest.model.c_name,
    )
    options = BuildOptions(
        board=board.id,
        engine=manifest.engine,
        kernel_set=told.kernel_set,
        optimize=told.optimize,
        without=told.without,
        arena=told.arena,
        debug=told.debug,
        keep_edges=told.keep_edges,
        npu=told.npu,
        progress=progress,
    )
    engine = ENGINES[manifest.engine]
    job = Job(board, model, identity, options, together=several, typed=typed)
    return Again(project, board, engine, job, whole)


def noting(made: Again, *, trust_project: bool, progress: Progress) -> tuple[Traced, Project]:
    """The project's program, and firmware of its sources that notes its layers, built."""
    progress.stage("Compiling the model again")
    traced = made.engine.follow(made.job)
    progress.stage("Building firmware that notes its layers")
    change = with_layers(made, traced)
    built = variant(made, LAYERS, change, trust_project=trust_project, progress=progress)
    return traced, built


def require_noting(made: Again, noted: Built, hello: Hello) -> None:
    """DeviceError unless the device runs the firmware `noted`, which notes its layers, and what to
    do about another."""
    try:
        noted.require_this(hello)
    except DeviceError as error:
        project = made.project
        ordinary = look(project, made.board).build_id == hello.build_id
        again = f"tinygen flash {shell_word(project.path)} --layers, then this again"
        if not isinstance(made.board.device, Serial):
            again = "leave --port out: this command starts a device of its own"
        raise DeviceError(
            "the device runs the project's firmware, which notes nothing of its layers"
            if ordinary
            else error.what,
            why="that takes flash and time, so it is another firmware of the same sources"
            if ordinary
            else error.why,
            next_step=again,
        ) from error


def with_layers(made: Again, traced: Traced) -> Change:
    """What makes firmware of a project's files that notes these layers."""

    def change(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        changed = {**files, **made.engine.followed(files, len(traced.layers), made.job.identity)}
        changed["platformio.ini"] = with_flags(made, changed["platformio.ini"], (FLAG,))
        changed[TABLE] = traced.table(made.job.identity).encode()
        return changed

    return change


def with_flags(made: Again, content: bytes, flags: tuple[str, ...]) -> bytes:
    """A project's platformio.ini with these flags of the compiler besides. InputError where it has
    no list of them."""
    ini = content.decode("utf-8", "surrogateescape")
    before, there, after = ini.rpartition(_FLAGS)  # the first is the user's, and empty
    if not there:
        raise InputError(
            f"{made.project.path / 'platformio.ini'} has no list of build_flags to add to",
            why="firmware to be looked into is built with more flags",
            next_step="undo the edit, or build the project again",
        )
    more = "".join(f"    {flag}\n" for flag in flags)
    return f"{before}{there}{more}{after}".encode("utf-8", "surrogateescape")


def variant(
    made: Again, name: str, change: Change, *, trust_project: bool, progress: Progress
) -> Project:
    """The project's sources as they are now, but for a change, as a project of its own in its state
    folder, built. Raises what `build` does."""
    project, board = made.project, made.board
    where = project.state_dir / name
    files = {
        source: (project.path / source).read_bytes() for source in build_id.sources(project.path)
    }
    own = f"{board.id}.toml"
    if own in project.manifest.files:
        files[own] = project.read(own)
    trust.require_may_run(project.path, list(files), trusted=trust_project)
    files = dict(change(files))
    with hold(where, progress):
        written = folder.write(where, files, replace(made.whole, firmware=None))
        trust.sign_written(where, list(files))
        with trust.running(where, trusted=trust_project):
            pio.build(where, board, jobs=made.job.options.jobs)
        elf = pio.elf_file(where, board.id)
        trust.sign(where, [elf.relative_to(where).as_posix()])
    return written.of(project.index)
