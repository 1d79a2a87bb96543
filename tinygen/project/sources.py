"""The fixed C sources of a project: the kernels it uses, the protocol, main.c, the port."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tinygen import csource
from tinygen.boards import ArenaPlace, Board
from tinygen.errors import InputError
from tinygen.ir import Kernel
from tinygen.project import build_id, library
from tinygen.project.firmware import hal_files, memory_files, platform_files, root_files
from tinygen.resources import firmware_dir

_MODEL_USES = ("tg_fixed_point.h", "tg_any.h")
"""What model.c includes whatever its kernels: it may have none."""

_INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"\n]+)"', re.MULTILINE)


def project_files(board: Board, place: ArenaPlace = ArenaPlace.STATIC) -> dict[str, bytes]:
    """What a project for the board holds whatever the model, but for where the arena lies: path in
    the project -> content."""
    folder = firmware_dir()
    files = {
        **{
            f"src/protocol/{path.name}": path.read_bytes()
            for path in sorted((folder / "protocol").iterdir())
            if path.suffix in (".c", ".h")
        },
        build_id.SCRIPT: Path(build_id.__file__).read_bytes(),
        **root_files(board),
        **hal_files(board),
        **memory_files(board, place),
        **platform_files(board),
    }
    return dict(sorted(files.items()))


def kernel_files(kernels: Iterable[Kernel], folder: Path | None = None) -> dict[str, bytes]:
    """The headers of these kernels, those that model.c itself uses, and every header that they
    include: path in the project -> content. Each keeps its place in `folder`, which is
    firmware/kernels.

    InputError when one of them is missing.
    """
    folder = folder or firmware_dir() / "kernels"
    files: dict[str, bytes] = {}
    waiting = [folder / csource.kernel_header(kernel) for kernel in kernels]
    waiting += [folder / name for name in _MODEL_USES]
    while waiting:
        path = waiting.pop()
        name = f"{library.SOURCES}/{path.relative_to(folder).as_posix()}"
        if name in files:
            continue
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"tinygen's own kernel header {path.relative_to(folder).as_posix()} is missing",
                why=str(error),
                next_step="pip install --force-reinstall tinygen",
            ) from error
        waiting += [_find(folder, path, found.decode()) for found in _INCLUDE.findall(files[name])]
    return files


def _find(folder: Path, user: Path, name: str) -> Path:
    """The header that `user` includes as `name`: beside itself, else from the kernels' folder."""
    beside = user.parent / name
    return beside if beside.is_file() else folder / name
