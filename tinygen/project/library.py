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
from tinygen.templates import Identity, render

NAME = "model"
FOLDER = f"lib/{NAME}"
SOURCES = f"{FOLDER}/src"

_COMPILED = (".c", ".cc", ".cpp")
_RENDERED = {
    "CMakeLists.txt": "library/CMakeLists.txt.j2",
    "idf_component.yml": "library/idf_component.yml.j2",
    "library.properties": "library/library.properties.j2",
    "zephyr/module.yml": "library/module.yml.j2",
}


def manifests(
    identity: Identity, files: Iterable[str], flags: Sequence[str], *, alone: bool
) -> dict[str, bytes]:
    """What each build system wants to know of the library that has `files` (paths in the project):
    path in the project -> content.

    `flags` are what its sources are compiled with. `alone` says that it needs nothing beside
    itself; else PlatformIO alone can build it, in its project.
    """
    values = {
        "name": NAME,
        "title": csource.comment(identity.name),
        "quoted": json.dumps(f"The model {csource.comment(identity.name)}"),
        "version": identity.version,
        "flags": flags,
        "sources": sorted(
            PurePosixPath(path).relative_to(FOLDER).as_posix()
            for path in files
            if path.startswith(f"{SOURCES}/") and path.endswith(_COMPILED)
        ),
    }
    texts = {"library.json": _platformio(identity, flags)}
    if alone:
        texts |= {name: render(template, **values) for name, template in _RENDERED.items()}
    return {f"{FOLDER}/{name}": text.encode() for name, text in texts.items()}


def _platformio(identity: Identity, flags: Sequence[str]) -> str:
    """Objects, no archive: they lie in the firmware as if they were the project's own. What it
    includes is not searched for libraries: it has all of that."""
    content = {
        "name": NAME,
        "version": identity.version,
        "description": csource.comment(identity.name),
        "build": {"flags": list(flags), "libArchive": False, "libLDFMode": "off"},
    }
    return json.dumps(content, indent=2) + "\n"
