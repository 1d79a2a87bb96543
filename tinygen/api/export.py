"""export(): the model's library alone, in the form that another build system takes."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.export_options import ExportOptions
from tinygen.api.keywords import by_keywords
from tinygen.api.prepare import by_layers, prepare
from tinygen.api.shown import Shown
from tinygen.boards import ArenaPlace, get_board
from tinygen.engines import ENGINES
from tinygen.engines.engine import Job
from tinygen.errors import InputError
from tinygen.options import BuildOptions
from tinygen.project import library
from tinygen.project.firmware import memory_files
from tinygen.project.forms import Form, exported
from tinygen.project.naming import named, require_name

_DATE = (1980, 1, 1, 0, 0, 0)
"""The same input gives the same bytes."""


@dataclass(frozen=True, repr=False)
class ExportResult(Shown):
    """A library on disk: a folder, or a .zip with one. Sizes in bytes."""

    path: Path
    form: str
    model: str
    model_sha256: str
    board: str
    kernel_set: str
    files: tuple[str, ...]
    constant_bytes: int
    arena_bytes: int
    arena_place: ArenaPlace


def export_model(model: Path, options: ExportOptions) -> ExportResult:
    """Quantize a model and write its C as a library, for the core of a board.

    Returns
    -------
    ExportResult
        Where it is, its files, and what it takes in bytes.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used, and a place where something is already.
    UnsupportedModel
        For operators, types or shapes that are not compiled.
    DoesNotFit
        Where the board has no room for it.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.export("digits.tflite", board="uno", form="arduino", out="library").form
    'arduino'
    """
    board, engine = get_board(options.board), ENGINES["aot"]
    build = BuildOptions(
        board=options.board, kernel_set=options.kernel_set, optimize=options.optimize
    )
    engine.check(build, board)
    form = Form(options.form)
    ready = prepare(model, options)
    target = Path(options.out or Path("build", f"{ready.model.name}-{form.value}"))
    if options.zip:
        target = target if target.suffix == ".zip" else target.with_name(f"{target.name}.zip")
    _require_free(target)
    options.progress.stage(f"Compiling for {board.id}")
    identity = ready.identity(engine.name, board.id, require_name(options.name))
    with by_layers(ready, options):
        made = engine.make(Job(board, ready.model, identity, build))
    name = identity.c_name
    parts = named({**made.files, **memory_files(board, made.arena_place)}, name)
    told = library.manifests(identity, parts, made.library_flags, alone=True)
    files = exported(form, {**parts, **told}, name)
    _write(target, files, name)
    return ExportResult(
        path=target,
        form=form.value,
        model=ready.model.name,
        model_sha256=ready.model.sha256,
        board=board.id,
        kernel_set=made.kernel_set,
        files=tuple(sorted(files)),
        constant_bytes=made.constant_bytes,
        arena_bytes=made.arena_bytes,
        arena_place=made.arena_place,
    )


def _require_free(target: Path) -> None:
    if target.is_file() or target.is_symlink() or (target.is_dir() and any(target.iterdir())):
        raise InputError(
            f"{target} exists",
            why="it would be overwritten",
            next_step="name another one with --out, or remove this one",
        )


def _write(target: Path, files: dict[str, bytes], folder: str) -> None:
    """All of it or nothing: it is made beside its place, and put there in one step; `folder` is the
    one in a .zip."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinygen-", dir=target.parent) as beside:
            made = Path(beside, target.name)
            if target.suffix == ".zip":
                with zipfile.ZipFile(made, "x", zipfile.ZIP_DEFLATED) as archive:
                    for name, content in sorted(files.items()):
                        archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", _DATE), content)
            else:
                for name, content in files.items():
                    (made / name).parent.mkdir(parents=True, exist_ok=True)
                    (made / name).write_bytes(content)
            made.rename(target)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror or error}",
            next_step="export to another place with --out",
        ) from error


export = by_keywords(ExportOptions, export_model, "export")
