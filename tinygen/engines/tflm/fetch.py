"""Files of a repository at one revision, from a checkout, a git folder, an archive or a URL."""

from __future__ import annotations

import io
import os
import queue
import tarfile
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tinygen import processes
from tinygen.errors import InputError

CONNECT_SECONDS = 8.0
"""How long a server may take until it begins to answer, names and redirections included."""
_ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")

_GIT_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
}

Wanted = Callable[[str], bool]


def locate(given: Path, name: str, *, is_main: bool) -> Path | None:
    """Where the repository `name` is: `given` itself (only the main one), inside or beside it."""
    inside = _named(given, name) if given.is_dir() else None
    if inside is not None:
        return inside
    if not is_main:
        return _named(given.absolute().parent, name)
    whole = given.is_file() or _is_git(given) or (given / "tensorflow").is_dir()
    return given if whole else None


def read(place: Path, revision: str, wanted: Wanted, folders: Sequence[str]) -> dict[str, bytes]:
    """The wanted files; from a git folder those of `revision`, elsewhere those that are there."""
    if place.is_file():
        return unpack(place.read_bytes(), wanted)
    if _is_git(place):
        archive = _git_archive(place, revision)
        if archive is not None:
            return _chosen(_tar_members(archive), wanted)
    found = {}
    for top in (place, *(place / folder for folder in folders)):
        paths = top.glob("*") if top == place else top.rglob("*")
        for path in paths:
            relative = path.relative_to(place).as_posix()
            if wanted(relative) and path.is_file():
                found[relative] = path.read_bytes()
    return found


def unpack(archive: bytes, wanted: Wanted) -> dict[str, bytes]:
    """The wanted files of a .zip or .tar archive, without the one folder that holds them all."""
    if zipfile.is_zipfile(io.BytesIO(archive)):
        members = list(_zip_members(archive))
    else:
        try:
            members = list(_tar_members(archive))
        except tarfile.TarError as error:
            raise InputError(
                "not a .zip or .tar archive", why=str(error), next_step="download it again"
            ) from error
    tops = {path.split("/", 1)[0] for path, _ in members}
    if len(tops) == 1:
        members = [(path.split("/", 1)[1], data) for path, data in members if "/" in path]
    return _chosen(iter(members), wanted)


def download(url: str) -> bytes:
    """The content of `url`. OSError when no server answers in time."""
    answers: queue.Queue[Any] = queue.Queue()

    def connect() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=CONNECT_SECONDS))
        except Exception as error:
            answers.put(error)

    # Looking up a name has no time limit of its own: wait for it in a thread that may be left.
    threading.Thread(target=connect, daemon=True).start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise OSError(f"no answer within {CONNECT_SECONDS:.0f} s") from None
    if isinstance(answer, urllib.error.HTTPError):
        raise OSError(f"the server answers {answer.code} {answer.reason}") from answer
    if isinstance(answer, urllib.error.URLError):
        raise OSError(str(answer.reason)) from answer
    if isinstance(answer, Exception):
        raise OSError(str(answer)) from answer
    with answer as response:
        return bytes(response.read())


def _named(folder: Path, name: str) -> Path | None:
    for candidate in (folder / name, folder / f"{name}.git"):
        if candidate.is_dir():
            return candidate
    archives = [
        path
        for path in sorted(folder.glob(f"{name}*"))
        if path.is_file() and path.name.endswith(_ARCHIVES)
    ]
    return archives[0] if archives else None


def _is_git(folder: Path) -> bool:
    return (folder / ".git").exists() or (
        (folder / "HEAD").is_file() and (folder / "refs").is_dir()
    )


def _git_archive(folder: Path, revision: str) -> bytes | None:
    """The revision as a tar file, None when the repository does not have it or git is missing.

    The folder is anybody's, and its configuration can name programs to run. So its objects, and
    nothing else of it, are read through an empty repository of ours.
    """
    with tempfile.TemporaryDirectory(prefix="tinygen-git-") as made:
        ours = Path(made)
        for name in ("objects/info", "refs"):
            (ours / name).mkdir(parents=True)
        (ours / "HEAD").write_text("ref: refs/heads/none\n")
        (ours / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        try:
            objects = _git_folder(folder).resolve() / "objects"
            done = processes.run(
                ["git", f"--git-dir={ours}", "archive", "--format=tar", revision],
                {**_GIT_ALONE, "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{_c_quoted(objects)}"'},
            )
        except (OSError, ValueError):
            return None
    return done.stdout if done.returncode == 0 else None


def _c_quoted(path: Path) -> str:
    """As git reads a path between double quotes, where a colon separates no paths."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _git_folder(folder: Path) -> Path:
    """Where the repository's objects are: of a linked worktree and a submodule, elsewhere."""
    found = folder / ".git" if (folder / ".git").exists() else folder
    if found.is_file():
        found = folder / found.read_text("utf-8").removeprefix("gitdir:").strip()
    common = found / "commondir"
    return found / common.read_text("utf-8").strip() if common.is_file() else found


def _tar_members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as file:
        for member in file:
            content = file.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name.removeprefix("./"), content.read()


def _zip_members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for info in file.infolist():
            if not info.is_dir():
                yield info.filename, file.read(info)


def _chosen(members: Iterator[tuple[str, bytes]], wanted: Wanted) -> dict[str, bytes]:
    return {path: data for path, data in members if wanted(path) and ".." not in path.split("/")}
