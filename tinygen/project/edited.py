"""Generated files that a person has edited since, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path, PurePosixPath

from tinygen.errors import EditedFiles

_SHOWN = 20
_MOVED = ".edited.txt"
"""What a file that is moved is called behind its own name: nobody compiles or runs it."""


class Edited(Enum):
    """What becomes of them."""

    KEEP = "keep"
    MOVE = "move"
    OVERWRITE = "overwrite"


def refuse(folder: Path, names: Sequence[str]) -> None:
    """Raise EditedFiles where there are any, which says when each was edited."""
    if not names:
        return
    lines = [f"{name}  ({_when(folder / name)})" for name in sorted(names)[:_SHOWN]]
    if len(names) > _SHOWN:
        lines.append(f"and {len(names) - _SHOWN} more")
    raise EditedFiles(
        f"{folder} holds files that were edited after tinygen wrote them",
        why="\n".join(lines),
        next_step="say what becomes of them: --edited keep (the build takes them as they are), "
        f"--edited move (to NAME{_MOVED}) or --edited overwrite; a program of your own belongs "
        "into src/app, which tinygen never touches",
    )


def settle(
    folder: Path, names: Sequence[str], files: Mapping[str, bytes], what: Edited
) -> dict[str, bytes]:
    """Those of `files` that are to be written, once the edited ones are moved where that is
    wanted."""
    if what is Edited.KEEP:
        return {name: content for name, content in files.items() if name not in names}
    if what is Edited.MOVE:
        for name in names:
            (folder / name).rename(_free(folder / name))
    return dict(files)


def _when(path: Path) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))


def _free(path: Path) -> Path:
    """A name beside it that nothing has."""
    name, number = PurePosixPath(path.name + _MOVED), 1
    while (path.parent / name).exists():
        number += 1
        name = PurePosixPath(f"{path.name}.{number}{_MOVED}")
    return path.parent / name
