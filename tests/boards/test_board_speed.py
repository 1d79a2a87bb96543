"""The aot engine's code is compiled for speed on every board, whatever its framework asks for."""

from __future__ import annotations

import json

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.boards import BOARD_IDS, get_board
from tinygen.engines import ENGINES
from tinygen.engines.engine import Job
from tinygen.ir import Int8Model
from tinygen.options import BuildOptions
from tinygen.project import library
from tinygen.templates import Identity

IDENTITY = Identity(name="m", engine="aot", board="b", sha256="0" * 64, version="1")
LARGE = [i for i in BOARD_IDS if get_board(i).memory.ram.bytes > 4096]


@pytest.mark.parametrize("board_id", LARGE)
def test_the_model_is_compiled_for_speed(board_id: str) -> None:
    board = get_board(board_id)
    content = GOLDEN_MODEL.read_bytes()
    written = tflite.read(content, "digits")
    model = Int8Model(content, written, passes.simplify(written))
    options = BuildOptions(board=board_id)
    made = ENGINES["aot"].make(Job(board, model, IDENTITY, options))
    levels = [flag for flag in made.library_flags if flag.startswith("-O")]
    own = [flag for flag in board.platformio.build_flags if flag.startswith("-O")]
    assert levels == (own or ["-O2"])
    assert not set(made.library_flags) & set(board.platformio.build_unflags)
    assert not made.build_flags, "a user's own program has the framework's"
    files = library.manifests(IDENTITY, made.files, made.library_flags, alone=made.alone)
    manifest = json.loads(files["lib/model/library.json"])
    assert manifest["build"]["flags"] == list(made.library_flags)
    assert "lib/model/src/model.c" in made.files
