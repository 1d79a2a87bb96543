"""What an export says of itself, held against what reads it: the packages that have the
readers, and the rules of those that have none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from idf_component_tools.manager import ManifestManager
from platformio.package.manifest.parser import ManifestParserFactory
from platformio.package.manifest.schema import ManifestSchema

from tinygen.project import library
from tinygen.templates import Identity

NAMES = (
    "digits",
    'a"; b: c\n- d=e\\',
    "'#{x}: &y *z !t %u @v",
    "größer, 大きい",
    "-",
    "Arduino library",
)

ZEPHYR_MODULE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cmake": {"type": "string"},
                "kconfig": {"type": "string"},
                "cmake-ext": {"type": "boolean"},
                "kconfig-ext": {"type": "boolean"},
                "depends": {"type": "array", "items": {"type": "string"}},
                "settings": {"type": "object"},
            },
        },
        **{key: {"type": "array"} for key in ("tests", "samples", "boards", "blobs")},
    },
}
"""Zephyr's documentation, "Modules": the keys of zephyr/module.yml and their types."""

ARDUINO_CATEGORIES = {
    *("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control"),
    *("Timing", "Data Storage", "Data Processing", "Other"),
}
"""The Arduino library specification's."""


@pytest.fixture(params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The library's folder of a model of that name, with its manifests and a header."""
    name: str = request.param
    identity = Identity(name=name, engine="aot", board="b", sha256="0" * 64, version="1.2.3")
    files = library.manifests(identity, ["lib/model/src/model.c"], ["-O2"], alone=True)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path / library.folder(identity.c_name)


def test_platformio_takes_both_of_its_forms(written: Path) -> None:
    for name in ("library.json", "library.properties"):
        manifest = ManifestParserFactory.new_from_file(str(written / name)).as_dict()
        loaded: dict[str, Any] = ManifestSchema().load_manifest(manifest)
        assert (loaded["name"], loaded["version"]) == ("model", "1.2.3")


def test_espressifs_component_manager_takes_it(written: Path) -> None:
    manifest = ManifestManager(written, "model").load()
    assert str(manifest.version) == "1.2.3"
    assert manifest.description is not None
    assert manifest.description.startswith("The model ")


def test_zephyr_finds_its_cmake(written: Path) -> None:
    module = yaml.safe_load((written / "zephyr/module.yml").read_text("utf-8"))
    jsonschema.validate(module, ZEPHYR_MODULE)
    assert (written / module["build"]["cmake"] / "CMakeLists.txt").is_file()


def test_arduino_lint_has_nothing_to_say(written: Path) -> None:
    """The rules of arduino-lint of the fields, LP001 to LP058, that a file can keep or break."""
    lines = (written / "library.properties").read_text("utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines]
    fields = dict(pairs)
    assert len(fields) == len(pairs), "each once, one a line"
    required = {"name", "version", "author", "maintainer", "sentence", "category", "url"}
    assert required | {"paragraph", "architectures", "includes"} == set(fields)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,31}", fields["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", fields["version"])
    assert all(value == value.strip() != "" for value in fields.values())
    assert "arduino" not in (fields["name"] + fields["maintainer"]).lower()
    assert "library" not in fields["name"].lower()
    assert fields["category"] in ARDUINO_CATEGORIES
    assert fields["url"].startswith("https://")
    assert fields["sentence"] not in fields["paragraph"]
    assert fields["includes"] == f"{fields['name']}.h", "the header has the library's name"
