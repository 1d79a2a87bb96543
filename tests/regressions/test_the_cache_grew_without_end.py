"""Compiled objects and what older versions left stayed in the cache for good, and no command told
how much that was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.cache import cache
from tinygen.engines.tflm.source import TFLITE_MICRO
from tinygen.pio import core


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which each kind of thing has 1,000 bytes."""
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path))
    for name in (
        "objects/gcc-1/ab/abcd",
        f"{core.core_name()}/packages/tool/file",
        f"{core.core_name()}/tool-scons-left/file",
        "platformio-1.0/packages/tool/file",
        f"tflm/{TFLITE_MICRO.folder}/a.cc",
        "tflm/tflite-micro-old/a.cc",
        "tflm-arenas/x.json",
        "models/x",
        "mine/file",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 1000)
    return tmp_path


def test_it_is_shown(folder: Path) -> None:
    result = cache()
    assert result.folder == folder
    assert {part.name: (part.bytes, part.prunable_bytes) for part in result.parts} == {
        "objects": (1000, 1000),
        core.core_name(): (2000, 1000),
        "platformio-1.0": (1000, 1000),
        "tflm": (2000, 1000),
        "tflm-arenas": (1000, 0),
        "models": (1000, 1000),
        "mine": (1000, 0),
    }
    assert result.freed_bytes == 0


def test_pruning_keeps_what_a_download_or_a_person_made(folder: Path) -> None:
    elsewhere = folder.parent / f"{folder.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (folder / "objects" / "link").symlink_to(elsewhere)
    result = cache(prune=True)
    assert result.freed_bytes >= 5000
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == [
        "mine/file",
        f"{core.core_name()}/packages/tool/file",
        "tflm-arenas/x.json",
        f"tflm/{TFLITE_MICRO.folder}/a.cc",
    ]
    assert (elsewhere / "precious").exists()
    assert cache(prune=True).freed_bytes == 0


def test_a_build_after_it_works(tmp_path: Path) -> None:
    env = {"TINYGEN_CACHE": str(tmp_path / "cache")}
    build = ("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out", "p")
    assert "in all  0 bytes" in tinygen("cache", cwd=tmp_path, env=env).out
    assert tinygen(*build, cwd=tmp_path, env=env).code == 0
    shown = tinygen("cache", cwd=tmp_path, env=env).out
    assert "compiled objects that projects" in shown
    assert "next: tinygen cache --prune  (frees " in shown
    pruned = tinygen("cache", "--prune", "--json", cwd=tmp_path, env=env)
    assert pruned.json["freed_bytes"] > 10_000
    assert tinygen(*build, cwd=tmp_path, env=env).code == 0
