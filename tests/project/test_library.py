"""The folder of the model's library, and what becomes of a project that was laid out otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project.test_manifest import WHOLE
from tests.runner import GOLDEN_MODEL
from tinygen import generate, project
from tinygen.errors import InputError
from tinygen.project import library
from tinygen.templates import Identity

OLD = {
    "src/model/model.c": b"model",
    "src/model/build.py": b"pass",
    "src/kernels/portable/tg_add.h": b"kernel",
    "platformio.ini": b"[env]",
}
"""Some of what a project had when the model lay among the sources."""


def test_a_project_of_the_old_layout_is_built_over(tmp_path: Path) -> None:
    """Its files go, the folders that held nothing else too; what a person added stays."""
    folder = tmp_path / "p"
    project.write(folder, OLD, WHOLE)
    (folder / "src/model/mine.c").write_bytes(b"int mine;")
    (folder / "lib/own").mkdir(parents=True)
    (folder / "lib/own/own.h").write_bytes(b"int own(void);")
    generate(GOLDEN_MODEL, board="qemu-cortex-m4", engine="aot", out=folder)
    assert (folder / "lib/model/src/model.c").is_file()
    assert [path.name for path in (folder / "src/model").iterdir()] == ["mine.c"]
    assert not (folder / "src/kernels").exists()
    assert (folder / "lib/own/own.h").read_bytes() == b"int own(void);"


def test_what_was_edited_in_the_old_layout_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    project.write(folder, OLD, WHOLE)
    (folder / "src/model/model.c").write_bytes(b"mine")
    with pytest.raises(InputError, match="edited"):
        generate(GOLDEN_MODEL, board="qemu-cortex-m4", engine="aot", out=folder)
    assert (folder / "src/model/model.c").read_bytes() == b"mine"


def test_a_name_is_data_in_every_manifest() -> None:
    name = 'a"; b: c\n- d=e\\'
    identity = Identity(name=name, engine="aot", board="b", sha256="0" * 64, version="1.0.0")
    files = library.manifests(identity, ["lib/model/src/model.c"], ["-O2"], alone=True)
    assert json.loads(files["lib/model/library.json"])["build"]["flags"] == ["-O2"]
    assert set(files) >= {"lib/model/zephyr/module.yml", "lib/model/library.properties"}
    for path, content in files.items():
        assert b"\n- d" not in content, path
    assert b'"The model a\\"; b: c' in files["lib/model/idf_component.yml"]
