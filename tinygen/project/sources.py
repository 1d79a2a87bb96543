"""The fixed C sources of a project: the kernels it uses, the protocol, main.c, the port."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tinygen.boards import ArenaPlace, Board
from tinygen.project import build_id
from tinygen.project.firmware import hal_files, memory_files, platform_files, root_files
from tinygen.resources import firmware_dir

_INCLUDE = re.compile(rb'^#include "(tg_[a-z0-9_]+\.h)"', re.MULTILINE)


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


def kernel_files(kernels: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """The headers of these (kernel set, kernel) pairs, and every header that they include."""
    folder = firmware_dir() / "kernels"
    files: dict[str, bytes] = {}
    waiting = [folder / kernel_set / f"tg_{kernel}.h" for kernel_set, kernel in kernels]
    while waiting:
        path = waiting.pop()
        name = f"src/kernels/{path.name}"
        if name in files:
            continue
        files[name] = path.read_bytes()
        waiting += [_find(folder, path, found.decode()) for found in _INCLUDE.findall(files[name])]
    return files


def _find(folder: Path, user: Path, name: str) -> Path:
    """A header beside the one that includes it, else the shared one."""
    beside = user.parent / name
    return beside if beside.is_file() else folder / name
