"""Upstream's sources from every kind of place, held against their hash. No network, no upstream."""

from __future__ import annotations

import functools
import http.server
import io
import shutil
import socket
import subprocess
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinygen.engines.tflm import source
from tinygen.engines.tflm.source import Pin, content_hash, setup
from tinygen.errors import InputError, ToolchainError

FILES = {
    "main": {"LICENSE": b"free", "tensorflow/a.cc": b"int a;\n", "tensorflow/b.h": b"int b;\n"},
    "other": {"LICENSE": b"free too", "include/c.h": b"int c;\n"},
}
IGNORED = {"README.md": b"no source", "tests/t.cc": b"not kept"}


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> tuple[Pin, Pin]:
    """Two small repositories in place of the real ones."""
    main = Pin("main", "who/main", "a" * 40, ("tensorflow",), content_hash(FILES["main"]))
    other = Pin("other", "who/other", "b" * 40, ("include",), content_hash(FILES["other"]))
    monkeypatch.setattr(source, "TFLITE_MICRO", main)
    monkeypatch.setattr(source, "PINS", (main, other))
    monkeypatch.setattr(source, "CORE_PINS", (main,))
    monkeypatch.delenv(source.SETTING, raising=False)
    return main, other


def checkout(folder: Path, name: str) -> Path:
    for path, content in (FILES[name] | IGNORED).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in (FILES[name] | IGNORED).items():
            archive.writestr(f"{name}-123/{path}", content)
    return buffer.getvalue()


def tarred(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in (FILES[name] | IGNORED).items():
            member = tarfile.TarInfo(f"{name}-123/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def as_checkouts(folder: Path) -> Path:
    for name in FILES:
        checkout(folder / name, name)
    return folder


def as_archives(folder: Path) -> Path:
    folder.mkdir()
    (folder / "main-1.0.zip").write_bytes(zipped("main"))
    (folder / "other.tar.gz").write_bytes(tarred("other"))
    return folder


def as_neighbours(folder: Path) -> Path:
    return as_checkouts(folder) / "main"


def as_archive_beside(folder: Path) -> Path:
    return as_archives(folder) / "main-1.0.zip"


@pytest.mark.parametrize("lay_out", [as_checkouts, as_archives, as_neighbours, as_archive_beside])
def test_local_copies(
    tmp_path: Path, pins: tuple[Pin, Pin], lay_out: Callable[[Path], Path]
) -> None:
    tree = setup(tmp_path / "cache", str(lay_out(tmp_path / "copies")))
    for pin in pins:
        folder = tree.folder(pin)
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")} | {
            "LICENSE": (folder / "LICENSE").read_bytes()
        }
        assert {k: v for k, v in found.items() if "." in k or k == "LICENSE"} == FILES[pin.name]


def test_a_git_folder_gives_the_pinned_revision(
    tmp_path: Path, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    work = checkout(tmp_path / "work", "main")

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        command = ["git", "-C", str(work), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "pinned")
    revision = git("rev-parse", "HEAD")
    (work / "tensorflow" / "a.cc").write_bytes(b"int later;\n")
    git("commit", "-q", "-a", "-m", "later")
    copies = tmp_path / "copies"
    checkout(copies / "other", "other")
    git("clone", "-q", "--bare", str(work), str(copies / "main.git"))
    main, other = pins
    pinned = Pin("main", main.repository, revision, main.folders, main.sha256)
    monkeypatch.setattr(source, "TFLITE_MICRO", pinned)
    monkeypatch.setattr(source, "PINS", (pinned, other))
    tree = setup(tmp_path / "cache", str(copies))
    assert (tree.folder(pinned) / "tensorflow" / "a.cc").read_bytes() == b"int a;\n"


def test_what_is_cached_is_used_offline(tmp_path: Path, pins: tuple[Pin, Pin]) -> None:
    copies = as_checkouts(tmp_path / "copies")
    first = setup(tmp_path / "cache", str(copies))
    shutil.rmtree(copies)
    assert setup(tmp_path / "cache") == first
    assert source.installed(tmp_path / "cache", pins) == first


def test_only_what_a_build_needs_is_obtained(tmp_path: Path, pins: tuple[Pin, Pin]) -> None:
    copies, cache = as_checkouts(tmp_path / "copies"), tmp_path / "cache"
    main, other = pins
    setup(cache, str(copies), pins=[main])
    assert source.installed(cache, [main]) is not None
    assert source.installed(cache, pins) is None
    assert not (setup(cache, str(copies), pins=[main]).folder(other)).exists()
    setup(cache, str(copies))
    assert source.installed(cache, pins) is not None


def test_the_setting_names_the_source(
    tmp_path: Path, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(source.SETTING, str(as_checkouts(tmp_path / "copies")))
    assert setup(tmp_path / "cache").folder(pins[0]).is_dir()


@pytest.mark.invariant("S14")
def test_changed_sources_are_refused(tmp_path: Path, pins: tuple[Pin, Pin]) -> None:
    copies = as_checkouts(tmp_path / "copies")
    (copies / "other" / "include" / "c.h").write_bytes(b"int changed;\n")
    with pytest.raises(ToolchainError, match="not other at the pinned revision"):
        setup(tmp_path / "cache", str(copies))
    kept = [path.name for path in (tmp_path / "cache" / "tflm").iterdir()]
    assert kept == [pins[0].folder], "what was whole stays, nothing half done is left"


def test_a_path_that_is_not_there(tmp_path: Path, pins: tuple[Pin, Pin]) -> None:
    with pytest.raises(InputError, match="there is no") as caught:
        setup(tmp_path / "cache", str(tmp_path / "nothing"))
    assert "--source" in caught.value.next_step
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no tflite-micro"):
        setup(tmp_path / "cache", str(tmp_path / "empty"))
    assert pins


@pytest.fixture
def mirror(tmp_path: Path, pins: tuple[Pin, Pin]) -> Iterator[str]:
    """A web server laid out like the public one."""
    for pin in pins:
        path = tmp_path / "www" / f"{pin.repository}/archive/{pin.revision}.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(zipped(pin.name))
    handler = functools.partial(_Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def test_a_mirror(tmp_path: Path, pins: tuple[Pin, Pin], mirror: str) -> None:
    tree = setup(tmp_path / "cache", mirror)
    assert (tree.folder(pins[1]) / "include" / "c.h").read_bytes() == b"int c;\n"


def test_a_mirror_without_the_revision(tmp_path: Path, pins: tuple[Pin, Pin], mirror: str) -> None:
    with pytest.raises(ToolchainError, match="could not be downloaded") as caught:
        setup(tmp_path / "cache", f"{mirror}/elsewhere")
    assert "404" in caught.value.why
    assert pins[0].revision in caught.value.next_step


def test_silence_ends_within_ten_seconds(tmp_path: Path, pins: tuple[Pin, Pin]) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        started = time.monotonic()
        with pytest.raises(ToolchainError, match="main could not be downloaded") as caught:
            setup(tmp_path / "cache", f"http://127.0.0.1:{deaf.getsockname()[1]}")
    assert time.monotonic() - started < 10
    assert "127.0.0.1" in caught.value.why, "says what was tried"
    assert "--source" in caught.value.next_step, "says how to give a local copy"
    assert pins
