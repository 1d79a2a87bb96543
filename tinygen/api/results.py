"""Results of a project's checks, kept in its state folder for `tinygen report`.

One of each kind, the last one, with the build that it is of. What is kept is signed: a project of
somebody else's brings no verdict that this machine did not come to.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from tinygen.api.board import project_board
from tinygen.api.built import look
from tinygen.errors import TinygenError
from tinygen.progress import SILENT, Progress
from tinygen.project import trust
from tinygen.project.folder import Project
from tinygen.project.writing import STATE, write_whole

T = TypeVar("T")

_FOLDER = f"{STATE}/results"


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A result, when it was come to (seconds since 1970), of which build of the project."""

    result: T
    made: float
    build_id: str


class _Record(msgspec.Struct):
    tinygen: str
    made: float
    build_id: str
    result: msgspec.Raw


def keep(project: Project, name: str, result: object, progress: Progress = SILENT) -> None:
    """Keep the result under `name`, instead of the one before. A folder that cannot be written
    costs nothing but that."""
    file = f"{_FOLDER}/{name}"
    try:
        record = _Record(
            metadata.version("tinygen"),
            time.time(),
            look(project, project_board(project)).build_id,
            msgspec.Raw(msgspec.msgpack.encode(result, enc_hook=_plain)),
        )
        write_whole(project.path, file, msgspec.msgpack.encode(record))
        trust.sign(project.path, [file])
    except (TinygenError, OSError) as error:
        progress.note(f"the result is not kept for tinygen report: {error}")


def kept(project: Project, name: str, kind: type[T]) -> Kept[T] | None:
    """What was kept last under `name`; None where there is nothing that this machine's tinygen, in
    this version, kept there."""
    file = f"{_FOLDER}/{name}"
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        content = (project.path / file).read_bytes()
        if not trust.has_signed(project.path, file, content):
            return None
        record = msgspec.msgpack.decode(content, type=_Record)
        if record.tinygen != metadata.version("tinygen"):
            return None
        result = msgspec.msgpack.decode(record.result, type=kind, dec_hook=_back)
        return Kept(result, record.made, record.build_id)
    return None


def _plain(value: Any) -> Any:
    """What the format does not know."""
    if isinstance(value, Path):
        return os.fsencode(value)
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(type(value).__name__)


def _back(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(os.fsdecode(value))
    raise NotImplementedError(kind.__name__)
