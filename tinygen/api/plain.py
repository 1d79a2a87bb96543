"""Whether the plain kernel computes what the host does where an optimized one does not, by building
firmware with just that layer computed by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tinygen.api.again import Again, variant, with_layers
from tinygen.api.built import look
from tinygen.api.connection import Connection
from tinygen.api.flash import stop
from tinygen.boards import Serial
from tinygen.devices.link import Session
from tinygen.engines.engine import Plain as PlainProgram
from tinygen.errors import TinygenError
from tinygen.printable import shell_word
from tinygen.progress import Progress
from tinygen.project import build_id, library
from tinygen.project.firmware import memory_files
from tinygen.project.folder import Project
from tinygen.project.naming import named
from tinygen.project.platformio import platformio_files

PLAIN = "plain"
"""In a project's state folder: firmware with a layer that is computed by its plain kernel."""

_ENGINES = ("src/tflm/", "lib/tflm/")
"""Where an engine's files lie in a project."""
_HEADERS = "tg_*.h"
"""Those of kernels."""


@dataclass(frozen=True)
class Plain:
    """What a plain kernel computes in the place of another. `agrees` is whether that is what the
    host does; None where it could not be asked, and why not."""

    kernel_set: str
    kernel: str
    agrees: bool | None
    why: str


def ask_plain(
    made: Again,
    layer: int,
    infer: Callable[[Session], object],
    crcs: Sequence[int],
    *,
    trust_project: bool,
    progress: Progress,
) -> Plain | None:
    """The plain kernel of a layer in the inference that `infer` asks a device for, whose outputs
    should have these CRC-32s; None where the layer is computed by that already."""
    arena = made.project.manifest.arena.bytes  # plain kernels take no more of it
    job = replace(made.job, options=replace(made.job.options, arena=arena))
    other = made.engine.plain(job, layer)
    if other is None:
        return None
    there = other.traced.layers[other.layer]
    if isinstance(made.board.device, Serial):
        why = f"{made.board.id} would have to be flashed with it"
        return Plain(there.kernel_set, there.kernel, None, why)
    progress.stage(f"Building that layer with {there.kernel_set}/{there.kernel}")
    try:
        noted = _noted(made, other, infer, trust_project, progress)
    except TinygenError as error:
        return Plain(there.kernel_set, there.kernel, None, error.what)
    return Plain(there.kernel_set, there.kernel, tuple(noted) == tuple(crcs), "")


def workaround(made: Again, layer: int) -> str:
    """The command that builds firmware without the kernel of a layer; empty where it is plain."""
    option = made.engine.without(made.job, layer)
    if not option:
        return ""
    project, told = made.project, made.project.manifest.told
    option = ",".join([option, *told.without])
    own = project.path / f"{made.board.id}.toml"
    words = [
        "tinygen build",
        shell_word(project.path / project.model_file),
        f"--board {shell_word(own) if own.name in project.manifest.files else made.board.id}",
        f"--engine {made.engine.name}",
    ]
    if made.engine.name == "aot" and told.optimize != "balanced":
        words.append(f"--optimize {told.optimize}")
    if told.kernel_set is not None and "--kernel-set" not in option:
        words.append(f"--kernel-set {told.kernel_set}")
    words += ["--keep-edges"] if told.keep_edges else []
    out = project.path.with_name(f"{project.path.name}-without")
    return " ".join([*words, option, f"--out {shell_word(out)}"])


def _noted(
    made: Again,
    other: PlainProgram,
    infer: Callable[[Session], object],
    trust_project: bool,
    progress: Progress,
) -> tuple[int, ...]:
    """What the device notes of the outputs of the plain layer."""

    def change(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        name = made.job.identity.c_name
        engines = (f"{library.folder(name)}/", *_ENGINES)
        memory = memory_files(made.board, other.made.arena_place)
        model = named({**memory, **other.made.files}, name)
        parts = {
            **{path: content for path, content in files.items() if not path.startswith(engines)},
            **model,
            **{path: files[path] for path in model if path in files and _is_kernel(path, name)},
        }
        scripts = (build_id.SCRIPT, *other.made.scripts)
        identity, flags = made.job.identity, other.made.library_flags
        beside = [replace(identity, c_name=other) for other in made.whole.names if other != name]
        ini = platformio_files(made.board, identity, other.made.build_flags, scripts, beside)
        whole = {
            **parts,
            **library.manifests(identity, parts, flags, alone=other.made.alone),
            "platformio.ini": ini["platformio.ini"].encode(),
        }
        return with_layers(made, other.traced)(whole)

    built = variant(made, PLAIN, change, trust_project=trust_project, progress=progress)
    try:
        return _run(built, made, other.layer, infer, trust_project, progress)
    finally:
        stop(built.path)


def _is_kernel(file: str, name: str) -> bool:
    """Whether it is a kernel's header, in the library of the model of that name."""
    path = PurePosixPath(file)
    return path.match(_HEADERS) and path.is_relative_to(library.sources(name))


def _run(
    built: Project,
    made: Again,
    layer: int,
    infer: Callable[[Session], object],
    trust_project: bool,
    progress: Progress,
) -> tuple[int, ...]:
    connection = Connection(look(built, made.board), progress=progress, trust_project=trust_project)
    with connection.open() as session:
        connection.built.require_this(session.hello())
        session.layers()
        infer(session)
        return session.trace()[layer].crcs
