"""The model as a library: one folder that every build system takes.

PlatformIO finds it in a project's `lib`; the Arduino IDE, ESP-IDF, Zephyr and CMake take the same
folder as it is. Its sources need no include path but its `src`, and no flag: those that they are
compiled with are the library's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from tinygen import csource
from tinygen.project.naming import MODEL
from tinygen.templates import Identity, render

SOURCES = f"lib/{MODEL}/src"
"""Where engines put a model's C, before it has its name (`naming`)."""

_COMPILED = (".c", ".cc", ".cpp")
_RENDERED = {
    "CMakeLists.txt": "library/CMakeLists.txt.j2",
    "idf_component.yml": "library/idf_component.yml.j2",
    "library.properties": "library/library.properties.j2",
    "zephyr/module.yml": "library/module.yml.j2",
}


def folder(name: str) -> str:
    """The library of the model of that name, in a project."""
    return f"lib/{name}"


def sources(name: str) -> str:
    """Its C, and the one include path that it needs."""
    return f"{folder(name)}/src"


def manifests(
    identity: Identity, files: Iterable[str], flags: Sequence[str], *, alone: bool
) -> dict[str, bytes]:
    """What each build system wants to know of the library that has `files` (paths in the project):
    path in the project -> content.

    `flags` are what its sources are compiled with. `alone` says that it needs nothing beside
    itself; else PlatformIO alone can build it, in its project.
    """
    name = identity.c_name
    values = {
        "name": name,
        "title": csource.comment(identity.name),
        "quoted": json.dumps(f"The model {csource.comment(identity.name)}"),
        "version": identity.version,
        "flags": flags,
        "sources": sorted(
            PurePosixPath(path).relative_to(folder(name)).as_posix()
            for path in files
            if path.startswith(f"{sources(name)}/") and path.endswith(_COMPILED)
        ),
    }
    texts = {"library.json": _platformio(identity, flags)}
    if alone:
        texts |= {path: render(template, **values) for path, template in _RENDERED.items()}
    return {f"{folder(name)}/{path}": text.encode() for path, text in texts.items()}


def _platformio(identity: Identity, flags: Sequence[str]) -> str:
    """Objects, no archive: they lie in the firmware as if they were the project's own. What it
    includes is not searched for libraries: it has all of that."""
    content = {
        "name": identity.c_name,
        "version": identity.version,
        "description": csource.comment(identity.name),
        "build": {"flags": list(flags), "libArchive": False, "libLDFMode": "off"},
    }
    return json.dumps(content, indent=2) + "\n"
