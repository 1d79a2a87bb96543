"""Generated files that a person edited: told before the work, and kept, moved or overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.test_manifest import WHOLE
from tests.runner import GOLDEN_MODEL
from tinygen import generate, project
from tinygen.errors import EditedFiles, InputError
from tinygen.progress import Silent
from tinygen.project.edited import Edited

FILES = {"src/main.c": b"main", "lib/model/src/model.c": b"model", "platformio.ini": b"[env]"}
NEWER = {"src/main.c": b"newer", "platformio.ini": b"[env]"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    project.write(folder, FILES, WHOLE)
    (folder / "src/main.c").write_bytes(b"mine")
    (folder / "lib/model/src/model.c").write_bytes(b"mine too")
    return folder


class Stages(Silent):
    """Notes what was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def stage(self, text: str) -> None:
        self.begun.append(text)


def test_they_are_told_before_the_model_is_opened(folder: Path) -> None:
    stages = Stages()
    with pytest.raises(EditedFiles) as caught:
        generate(GOLDEN_MODEL, board="qemu-cortex-m4", out=folder, progress=stages)
    assert not stages.begun
    assert "src/main.c  (20" in caught.value.why, "with the time of the edit"
    assert "--edited keep" in caught.value.next_step


def test_overwritten(folder: Path) -> None:
    project.write(folder, NEWER, WHOLE, edited=Edited.OVERWRITE)
    assert (folder / "src/main.c").read_bytes() == b"newer"
    assert not (folder / "lib").exists()


def test_moved_twice(folder: Path) -> None:
    project.write(folder, NEWER, WHOLE, edited=Edited.MOVE)
    assert (folder / "src/main.c").read_bytes() == b"newer"
    assert (folder / "src/main.c.edited.txt").read_bytes() == b"mine"
    assert (folder / "lib/model/src/model.c.edited.txt").read_bytes() == b"mine too"
    (folder / "src/main.c").write_bytes(b"again")
    project.write(folder, NEWER, WHOLE, edited=Edited.MOVE)
    assert (folder / "src/main.c.2.edited.txt").read_bytes() == b"again"
    project.require_unedited(folder, None)


def test_kept_and_told_again(folder: Path) -> None:
    project.write(folder, NEWER, WHOLE, edited=Edited.KEEP)
    assert (folder / "src/main.c").read_bytes() == b"mine"
    assert (folder / "lib/model/src/model.c").read_bytes() == b"mine too", "no longer generated"
    with pytest.raises(EditedFiles) as caught:
        project.require_unedited(folder, None)
    assert "main.c" in caught.value.why
    assert "model.c" not in caught.value.why


def test_the_users_own_are_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    written = project.write(folder, FILES, WHOLE, own={"src/app.c": b"first"})
    assert "src/app.c" not in written.manifest.files
    (folder / "src/app.c").write_bytes(b"mine")
    project.require_unedited(folder, None)
    project.write(folder, NEWER, WHOLE)
    assert (folder / "src/app.c").read_bytes() == b"mine"


def test_another_word_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--edited is burn"):
        generate(GOLDEN_MODEL, board="qemu-cortex-m4", out=tmp_path / "p", edited="burn")
