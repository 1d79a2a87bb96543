"""The model's library alone, as the build systems of others take it, each with an example."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from tinygen.project.library import folder
from tinygen.project.naming import renamed
from tinygen.templates import render

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)".*$', re.MULTILINE)


class Form(Enum):
    """What the library is for."""

    ARDUINO = "arduino"
    ESP_IDF = "esp-idf"
    ZEPHYR = "zephyr"
    CMAKE = "cmake"
    HEADER = "header"


_EXAMPLES: Mapping[Form, Mapping[str, str]] = {
    Form.ARDUINO: {"examples/classify/classify.ino": "library/example.ino.j2"},
    Form.ESP_IDF: {
        "examples/classify/CMakeLists.txt": "library/example_esp_idf.cmake.j2",
        "examples/classify/main/CMakeLists.txt": "library/example_esp_idf_main.cmake.j2",
        "examples/classify/main/main.c": "library/example.c.j2",
    },
    Form.ZEPHYR: {
        "samples/classify/CMakeLists.txt": "library/example_zephyr.cmake.j2",
        "samples/classify/prj.conf": "library/example_zephyr.conf.j2",
        "samples/classify/src/main.c": "library/example.c.j2",
    },
    Form.CMAKE: {
        "example/CMakeLists.txt": "library/example.cmake.j2",
        "example/main.c": "library/example.c.j2",
    },
    Form.HEADER: {"example.c": "library/example.c.j2"},
}
_MANIFESTS: Mapping[Form, frozenset[str]] = {
    Form.ARDUINO: frozenset({"library.properties", "library.json"}),
    Form.ESP_IDF: frozenset({"CMakeLists.txt", "idf_component.yml"}),
    Form.ZEPHYR: frozenset({"CMakeLists.txt", "zephyr/module.yml"}),
    Form.CMAKE: frozenset({"CMakeLists.txt"}),
    Form.HEADER: frozenset(),
}


def exported(form: Form, project: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """The files of the library of that name in that form, of a project's: path in the library ->
    content."""
    of_library = f"{folder(name)}/"
    files = {
        path.removeprefix(of_library): content
        for path, content in project.items()
        if path.startswith(of_library)
    }
    sources = {path: content for path, content in files.items() if path.startswith("src/")}
    kept = {path: files[path] for path in sorted(_MANIFESTS[form]) if path in files}
    entry = {"main": "app_main" if form is Form.ESP_IDF else "main", "single": form is Form.HEADER}
    examples = {
        path: renamed(render(template, name=name, **entry), name).encode()
        for path, template in _EXAMPLES[form].items()
    }
    if form is Form.HEADER:
        return {f"{name}.h": _one_header(sources, name).encode(), **examples}
    return {**sources, **kept, **examples}


def _one_header(sources: Mapping[str, bytes], name: str) -> str:
    """The interface; and where NAME_IMPLEMENTATION is defined, once in a program, all of it."""
    texts = {path.removeprefix("src/"): content.decode() for path, content in sources.items()}
    done: set[str] = {f"{name}.h"}

    def whole(path: str) -> str:
        folder = path.rpartition("/")[0]

        def included(match: re.Match[str]) -> str:
            beside = f"{folder}/{match[1]}" if folder else match[1]
            file = beside if beside in texts else match[1]
            if file in done:
                return ""
            done.add(file)
            return whole(file)

        return _INCLUDE.sub(included, texts[path])

    interface = whole(f"{name}.h")
    bodies = [whole(path) for path in sorted(texts) if path.endswith(".c")]
    return render(
        "library/single.h.j2", name=name, interface=interface, implementation="\n".join(bodies)
    )
