"""Crashes were told with file names of an older tinygen: an object from the folder that projects
share has the paths of the headers it was made of in its debug information, and SCons takes one
whose
contents are the same, wherever they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tinygen.boards import get_board
from tinygen.pio import run
from tinygen.resources import firmware_dir


def folder() -> str:
    (path,) = run._object_cache(get_board("qemu-cortex-m4")).values()
    return path


def test_objects_of_another_version_or_layout_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder()
    assert folder() == here
    with monkeypatch.context() as patch:
        patch.setattr("tinygen.pio.run.metadata.version", lambda _: "0.0.1")
        assert folder() != here
    ours = tmp_path / "firmware"
    shutil.copytree(firmware_dir() / "kernels", ours / "kernels")
    monkeypatch.setattr(run, "firmware_dir", lambda: ours)
    before = folder()
    (ours / "kernels" / "tg_pairs.h").rename(ours / "kernels" / "tg_two.h")
    assert folder() != before
