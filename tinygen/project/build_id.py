"""The build id: which firmware this is, by a hash over the sources it is built of.

tinygen imports this file, and every project has a copy of it that PlatformIO runs before a build.
So whoever builds, and whatever was edited, the firmware carries the id of its own sources, and two
firmwares of the same sources carry the same, in any folder and on any system.

Not in it: the compiler, which the firmware names beside it, the frameworks, which platformio.ini
pins, and what PlatformIO is told by environment variables. Nothing but Python's own library is
needed here.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

BYTES = 16
"""Of the SHA-256 that a firmware carries: enough that no two ever meet."""

SCRIPT = "src/protocol/build_id.py"
"""Where a project has its copy of this file."""

SOURCE = "src/protocol/tg_build_id.c"
"""What carries the id, written by `update`."""

_FOLDERS = ("boards", "components", "include", "lib", "platforms", "src")
_FILES = (
    "CMakeLists.txt",
    "Kconfig*",
    "app.ini",
    "idf_component.yml",
    "platformio.ini",
    "sdkconfig.defaults*",
)
"""Those at the top, and any that they name: a script, a linker script, an ESP32's partitions."""

_NAMES = re.compile(r"[\w./-]+")
_NO_SOURCES = (".*", "*~", "*.pyc", "__pycache__")
_NO_NAMES = ("README.md", "model.tflite", "tinygen.json", "vectors.npz", SOURCE)


def build_id(project: Path) -> bytes:
    """The first 16 bytes of a SHA-256 over the names and contents of all sources in `project`, in
    the order of their names. Line ends do not count: the compiler does not see them either."""
    digest = hashlib.sha256()
    for name in sources(project):
        content = (project / name).read_bytes().replace(b"\r\n", b"\n")
        digest.update(b"%s\0%d\0" % (name.encode("utf-8", "surrogateescape"), len(content)))
        digest.update(content)
    return digest.digest()[:BYTES]


def sources(project: Path) -> list[str]:
    """The names of all sources in `project`, sorted."""
    return sorted(set(_sources(project)).difference(_NO_NAMES))


def source(value: bytes) -> str:
    """The C file that carries the build id `value`."""
    numbers = [f"0x{byte:02x}" for byte in value]
    half = len(numbers) // 2
    return f"""\
/* Which firmware this is. build_id.py writes it before every build. */
#include "tg_build_id.h"

TG_KEPT const uint8_t tg_build_id[TG_BUILD_ID_BYTES] = {{
    {", ".join(numbers[:half])},
    {", ".join(numbers[half:])},
}};

TG_KEPT const char tg_compiler[] = __VERSION__;
"""


def update(project: Path) -> bytes:
    """Bring `SOURCE` up to date; the build id. A file that is right already is not touched."""
    value = build_id(project)
    target, content = project / SOURCE, source(value).encode()
    if not target.is_file() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # a link is replaced, not followed
        target.write_bytes(content)
    return value


def _sources(project: Path) -> Iterator[str]:
    """Names, relative and with slashes, of what a build may read; not of what it writes."""
    for path in project.iterdir():
        if path.is_file() and _is_one_of(path, _FILES):
            yield path.name
            yield from _named(project, path.read_text("utf-8", "replace"))
    for folder in _FOLDERS:
        if (project / folder).is_dir():
            for path in _files(project / folder, ()):
                yield path.relative_to(project).as_posix()


def _named(project: Path, text: str) -> Iterator[str]:
    """The project's files that `text` names, also behind two letters as in `-Tmine.ld`."""
    for word in _NAMES.findall(text):
        for path in (PurePosixPath(word), PurePosixPath(word[2:])):
            hidden = any(part.startswith(".") for part in path.parts)  # or leads out
            if not hidden and not path.is_absolute() and _is_file(project / path):
                yield path.as_posix()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no name that a file can have
        return False


def _files(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files below `folder`, through links too, as PlatformIO finds them."""
    here = folder.resolve()
    if here in above:  # links in a circle
        return
    for path in folder.iterdir():
        if _is_one_of(path, _NO_SOURCES):
            continue
        if path.is_dir():
            yield from _files(path, (*above, here))
        elif path.is_file():
            yield path


def _is_one_of(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path.name, pattern) for pattern in patterns)


if __name__ == "SCons.Script":  # PlatformIO runs it before a build
    from SCons.Script import Import

    Import("env")
    update(Path(globals()["env"]["PROJECT_DIR"]))
