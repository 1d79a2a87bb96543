"""One training of compress() by a worker of a cluster: a request on standard input, the files of
what was learned on standard output. What it takes on a board is worked out by who asked."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tinygen.api.candidates import Plan, Workshop
from tinygen.api.compress_input import opened
from tinygen.api.sent import Carried, carried, options_of_plain, options_to_plain, written
from tinygen.boards import get_board
from tinygen.compression.options import CompressOptions
from tinygen.errors import InputError
from tinygen.progress import SILENT

MODULE = __name__
_FILES = ("data", "test", "distill")
"""Options that may name a file or a folder."""
_HERE: Mapping[str, Any] = {"out": None, "scheduler": None, "qat": False, "board": "qemu-cortex-m4"}
"""What a training does not depend on, or is done by who asks."""


@dataclass(frozen=True)
class Request:
    """A plan as it is sent, with all that it takes; `key` is the name of its place, by content."""

    model: Carried
    options: Mapping[str, Any]
    files: Mapping[str, Carried]
    plan: Plan
    key: str


class Requests:
    """The trainings of one search. What they share is read once."""

    def __init__(self, model: Path, options: CompressOptions) -> None:
        self._model = carried(model)
        self._options = options_to_plain(replace(options, **_HERE))
        named = {name: self._options[name] for name in _FILES}
        self._files = {
            name: carried(Path(path))
            for name, path in named.items()
            if isinstance(path, str) and Path(path).exists()
        }

    def of(self, plan: Plan, shop: Workshop) -> bytes:
        """The request for what `shop` is to learn by a plan."""
        sent = Request(self._model, self._options, self._files, plan, shop.key(plan))
        return msgspec.msgpack.encode(sent)


def files_of(answer: bytes) -> Mapping[str, bytes]:
    """What `main` wrote: the files of what was learned, by their names."""
    return msgspec.msgpack.decode(answer, type=dict[str, bytes])


def learned(request: bytes, folder: Path) -> bytes:
    """The answer to a request, which is worked on in the folder."""
    asked = msgspec.msgpack.decode(request, type=Request)
    named = {name: written(sent, folder / name) for name, sent in asked.files.items()}
    options = options_of_plain(CompressOptions, {**asked.options, **named})
    model = Path(written(asked.model, folder / "model"))
    board = get_board(options.board)
    shop = opened(model, replace(options, progress=SILENT), board, folder / "candidates")
    if shop.key(asked.plan) != asked.key:
        raise InputError(
            "the worker would train another model",
            why="it has other versions of tinygen, TensorFlow or Keras",
            next_step="install the same at the workers",
        )
    shop.learn(asked.plan)
    return msgspec.msgpack.encode(shop.files(asked.plan))


def main() -> None:
    """Train as the request says. What others print goes to standard error."""
    content = sys.stdin.buffer.read()
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder, contextlib.chdir(folder):
        answer.write(learned(content, Path(folder)))
    answer.close()


if __name__ == "__main__":
    main()
