"""Whose a project folder is: what in it can run programs on this machine, and who wrote that.

PlatformIO runs what a project says: scripts, platforms, commands among its flags. Somebody else's
project would run as the user. So tinygen signs each such file that it writes, by its name and its
content, with a key that only this user's tinygen has; a file without its signature runs only after
the user has said so, and is signed then. The signatures lie in the project's state folder: they
stay right wherever a folder is moved or copied to on this machine, and mean nothing on another.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from tinygen.errors import UntrustedProject
from tinygen.pio.core import TRUST_KEY, cache_dir
from tinygen.project.manifest import MANIFEST
from tinygen.project.writing import STATE, known_files, write_whole

_SIGNATURES = "signatures.json"
_KEY_BYTES = 32
_SHOWN = 8
_WORKSPACE = ".pio"
_MADE_AGAIN = "__pycache__"

_COMPILED = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inc", ".s", ".sx")
_READ = (
    *(".txt", ".md", ".rst", ".pdf", ".html", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ipynb"),
    *(".csv", ".npy", ".npz", ".tflite", ".h5", ".keras", ".log", ".map", "license", "readme"),
    *(".gitignore", ".gitattributes", ".clang-format"),
)
_HARMLESS = (*_COMPILED, *_READ)
"""How the names of files end that at most become part of the firmware. All others may run, and one
of these may once a file that names it was trusted."""

_TOLD_BY = "cmakelists.txt"


def sign(folder: Path, names: Collection[str]) -> None:
    """Sign these files of the project, which this tinygen wrote or the user trusts."""
    key, signed = _key(), dict(_signatures(folder))
    signed |= {name: _mac(key, name, _content(folder / name)) for name in names}
    kept = {name: mac for name, mac in sorted(signed.items()) if _is_there(folder / name)}
    write_whole(folder, f"{STATE}/{_SIGNATURES}", msgspec.json.encode(kept))


def sign_written(folder: Path, names: Collection[str]) -> None:
    """Sign those of the files just written that can run programs."""
    sign(folder, [name for name in names if _may_run(name)])


def require_files(folder: Path, names: Collection[str], *, trusted: bool) -> None:
    """Before what these files say runs: UntrustedProject for those that nobody signed, unless the
    user has said that they are trusted."""
    key, signed = _key(), _signatures(folder)
    if unsigned := [name for name in names if not _is_signed(folder, name, key, signed)]:
        if not trusted:
            raise _untrusted(folder, unsigned)
        sign(folder, names)


def require_may_run(folder: Path, names: Collection[str], *, trusted: bool) -> None:
    """`require_files` of those of the names that can run programs: they are to be copied."""
    require_files(folder, [name for name in names if _may_run(name)], trusted=trusted)


def has_signed(folder: Path, name: str, content: bytes) -> bool:
    """Whether a file of this name and content, wherever it lies now, was signed in `folder`."""
    return hmac.compare_digest(_signatures(folder).get(name, ""), _mac(_key(), name, content))


def require_before_writing(folder: Path, *, trusted: bool, harmless: Collection[str] = ()) -> None:
    """What `running` will refuse once a build has replaced the files of the one before, and signed
    the `harmless` ones."""
    if not trusted and folder.is_dir():
        left = set(_runnable(folder)) - known_files(folder) - set(harmless)
        require_files(folder, [*left], trusted=False)


@contextlib.contextmanager
def running(folder: Path, *, trusted: bool) -> Iterator[None]:
    """While PlatformIO runs in `folder`: `require_files` of all that it may run there.

    What builds leave and make again is removed first, unless it was made in this very folder.
    """
    require_files(folder, list(_runnable(folder)), trusted=trusted)
    for path in [path for path in folder.rglob(_MADE_AGAIN) if _WORKSPACE not in path.parts]:
        _remove(path)
    workspace = folder / _WORKSPACE
    if not _is_own(workspace):
        _remove(workspace)
        workspace.mkdir()
        sign(folder, [_WORKSPACE])
    try:
        yield
    finally:
        sign(folder, list(_runnable(folder)))  # with what PlatformIO obtained and wrote


def _untrusted(folder: Path, names: list[str]) -> UntrustedProject:
    more = f"\nand {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return UntrustedProject(
        f"{folder} holds what this machine's tinygen did not write and what may run programs here",
        why="\n".join(sorted(names)[:_SHOWN]) + more,
        next_step="look at that; if it may run, say so with --trust-project",
    )


def _runnable(folder: Path) -> Iterator[str]:
    """The names of what PlatformIO may run or be told by. A linked folder is one such name: what
    it holds is elsewhere."""
    for where, folders, files in os.walk(folder):
        here = Path(where)
        links = [name for name in folders if (here / name).is_symlink()]
        left_out = {".git", _MADE_AGAIN, *links, *((STATE, _WORKSPACE) if here == folder else ())}
        folders[:] = [name for name in folders if name not in left_out]
        for name in (*links, *files):
            path = (here / name).relative_to(folder).as_posix()
            if _may_run(path) or name in links:
                yield path


def _may_run(name: str) -> bool:
    lower = name.lower()
    return name != MANIFEST and (lower.endswith(_TOLD_BY) or not lower.endswith(_HARMLESS))


def _content(path: Path) -> bytes:
    """What is signed of a file, of a link to a folder, or of a folder: which one it is."""
    if path.is_dir():
        return os.fsencode(path.readlink()) if path.is_symlink() else b"%d" % path.stat().st_ino
    return path.read_bytes() if path.is_file() else b""  # a pipe is not waited for


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_own(workspace: Path) -> bool:
    if workspace.is_symlink() or not workspace.is_dir():
        return False
    folder = workspace.parent
    return _is_signed(folder, _WORKSPACE, _key(), _signatures(folder))


def _is_signed(folder: Path, name: str, key: bytes, signed: Mapping[str, str]) -> bool:
    path = folder / name
    return _is_there(path) and hmac.compare_digest(
        signed.get(name, "").encode(), _mac(key, name, _content(path)).encode()
    )


def _mac(key: bytes, name: str, content: bytes) -> str:
    told = os.fsencode(name) + b"\0" + content
    return hmac.digest(key, told, "sha256").hex()


def _signatures(folder: Path) -> Mapping[str, str]:
    """Those in the folder, whoever wrote them; none where there are none that can be read."""
    try:
        content = (folder / STATE / _SIGNATURES).read_bytes()
        return msgspec.json.decode(content, type=dict[str, str])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _key() -> bytes:
    """This user's key, made when it is first needed."""
    file = cache_dir() / TRUST_KEY
    with contextlib.suppress(OSError):
        if len(key := file.read_bytes()) == _KEY_BYTES:
            return key
        file.unlink()  # cut short
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=TRUST_KEY)
    with os.fdopen(handle, "wb") as temporary:
        temporary.write(secrets.token_bytes(_KEY_BYTES))
    with contextlib.suppress(FileExistsError):  # another process was first
        os.link(name, file)
    Path(name).unlink()
    return file.read_bytes()


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
