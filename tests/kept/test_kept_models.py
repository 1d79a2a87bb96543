"""A second build of the same files opens, quantizes and judges nothing; its bytes are the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.load.keras_builders import keras_module, small_cnn
from tests.runner import GOLDEN_MODEL, tinygen
from tinygen import load as loading
from tinygen.api import kept
from tinygen.api.build import generate
from tinygen.api.fingerprint import fingerprint
from tinygen.options import ModelOptions

BOARD, OTHER = "qemu-cortex-m0", "qemu-cortex-m4"


class Heard:
    """All that a listener was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, title: str) -> None:
        self.lines.append(title)

    def note(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(f"warning: {text}")

    def count(self, done: int, total: int) -> None: ...

    @property
    def taken(self) -> int:
        """How many stages were taken from the cache."""
        return sum(line.startswith("taken from the cache, made 20") for line in self.lines)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYGEN_CACHE_MB", "64")
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / kept.MODELS


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keras") / "small.keras"
    small_cnn(keras_module("keras")).save(path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "digits.tflite"
    path.write_bytes(GOLDEN_MODEL.read_bytes())
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    values = np.random.default_rng(0).uniform(0, 1, (12, 8, 8, 1)).astype(np.float32)
    np.savez(path, x=values, y=np.arange(12) % 3)
    return path


def made(model: Path, out: Path, board: str = BOARD, **options: Any) -> Heard:
    heard = Heard()
    generate(model, board=board, out=out, progress=heard, **options)
    return heard


def files(folder: Path) -> dict[str, bytes]:
    """All but .tinygen, which is signed for the folder that it lies in."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".tinygen")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_keras_model(
    keras_file: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"data": str(data), "test": str(data)}
    first = made(keras_file, tmp_path / "first", **options)
    assert first.taken == 0

    def never(*_: object, **__: object) -> object:
        raise AssertionError("it is not opened again")

    with monkeypatch.context() as patch:
        patch.setattr(loading, "load", never)
        again = made(keras_file, tmp_path / "again", **options)
        other = made(keras_file, tmp_path / "other", OTHER, **options)
    assert (again.taken, other.taken) == (2, 2)
    told = [line for line in first.lines if line.startswith("warning") or "opened by" in line]
    assert told
    assert set(told) <= set(again.lines), "what there was to say is said again"
    anew = made(keras_file, tmp_path / "anew", no_cache=True, **options)
    assert anew.taken == 0
    assert files(tmp_path / "first") == files(tmp_path / "again") == files(tmp_path / "anew")
    other_options = {**options, "keep_edges": True}
    assert made(keras_file, tmp_path / "edges", **other_options).taken == 0


def test_tensorflow_is_not_even_imported(keras_file: Path, tmp_path: Path) -> None:
    line = (str(keras_file), "--board", BOARD, "--data", "random", "--out")
    assert tinygen("generate", *line, "a", cwd=tmp_path).code == 0
    said = tinygen("generate", *line, "b", cwd=tmp_path, module="tests.kept.without_tensorflow")
    assert said.code == 0, said.err
    assert "taken from the cache" in said.err
    said = tinygen(
        *("generate", *line, "c", "--no-cache"),
        cwd=tmp_path,
        module="tests.kept.without_tensorflow",
    )
    assert said.code != 0, "the module does what it is for"


@pytest.mark.parametrize("changed", ["model", "data"])
def test_other_content_of_the_same_names(
    changed: str, model: Path, data: Path, tmp_path: Path
) -> None:
    assert made(model, tmp_path / "a", data=str(data)).taken == 0
    assert made(model, tmp_path / "a", data=str(data)).taken == 2
    if changed == "model":
        model.write_bytes(model.read_bytes() + bytes(16))
    else:
        values = np.load(data)
        np.savez(data, x=values["x"] * np.float32(0.5), y=values["y"])
    assert made(model, tmp_path / "b", data=str(data)).taken == 0


def test_options_and_versions_count(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(model, tmp_path / "a")
    assert made(model, tmp_path / "a", seed=1).taken == 0
    assert made(model, tmp_path / "a", trust_model=True).taken == 0, "a refusal is not skipped"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert made(model, tmp_path / "a").taken == 0
    assert made(model, tmp_path / "a").taken == 2


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-1], lambda whole: whole[:0], lambda whole: whole * 2]
)
def test_a_damaged_entry_is_made_anew(
    damage: Callable[[bytes], bytes], model: Path, tmp_path: Path, cache: Path
) -> None:
    made(model, tmp_path / "a")
    entries = sorted(cache.iterdir())
    assert [path.name[64:] for path in entries] == ["-model", "-vectors"]
    for path in entries:
        path.write_bytes(damage(path.read_bytes()))
    assert made(model, tmp_path / "b").taken == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert made(model, tmp_path / "b").taken == 2


def test_a_cache_that_cannot_be_written_is_told_once(
    model: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_told", set())
    cache.parent.mkdir()
    cache.touch()
    heard = made(model, tmp_path / "a")
    assert sum("the cache keeps nothing" in line for line in heard.lines) == 1
    assert made(model, tmp_path / "a").taken == 0


def test_a_limit_of_nothing_and_one_that_is_none(
    model: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGEN_CACHE_MB", "0")
    made(model, tmp_path / "a")
    assert not cache.exists()
    said = tinygen(
        *("generate", model, "--board", BOARD), cwd=tmp_path, env={"TINYGEN_CACHE_MB": "many"}
    )
    assert (said.code, "TINYGEN_CACHE_MB=512" in said.err) == (2, True)


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    model: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = loading.load

    def slow(path: Path, **options: Any) -> object:
        loaded = load(path, **options)
        path.write_bytes(path.read_bytes() + bytes(4))
        return loaded

    monkeypatch.setattr(loading, "load", slow)
    made(model, tmp_path / "a")
    assert not cache.exists()


def test_names_of_files_need_not_be_utf_8(tmp_path: Path) -> None:
    """Linux takes any bytes; a build of such a folder ended in a traceback."""
    folder = tmp_path / os.fsdecode(b"not \xff utf-8")
    images = folder / "0"
    images.mkdir(parents=True)
    model = folder / "model.tflite"
    model.write_bytes(GOLDEN_MODEL.read_bytes())
    prints = set()
    for name in (b"\xfe.png", b"\xfd.png"):
        image = images / os.fsdecode(name)
        image.write_bytes(b"a picture")
        prints.add(fingerprint(model, ModelOptions(data=str(folder)), random_if_needed=False))
        image.unlink()
    assert len(prints) == 2
    assert None not in prints
