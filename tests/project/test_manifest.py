"""The manifest's laws: what is written is read, and nothing else is; a wrong file is an error that
says which key, which version and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tinygen.boards import ArenaPlace
from tinygen.errors import InputError
from tinygen.ir import DType, Edge
from tinygen.pio.elf import Sizes
from tinygen.project import manifest, open_project, write
from tinygen.project.manifest import MANIFEST, VERSION, Manifest

EDGE = Edge("image", (1, 2), DType.INT8, 0.5, -3, ("cat", "dog"), 9)
WHOLE = Manifest(
    version=VERSION,
    tinygen="0.1.0",
    made_with={"tensorflow": "2.21.0"},
    engine="aot",
    kernel_set="portable",
    told=manifest.Told("dsp", "size", ("dsp/add",), 1536, debug=False, keep_edges=True, npu="u55"),
    board=manifest.Target("qemu-cortex-m3", "cortex-m3"),
    model=manifest.Model(
        name="digits",
        c_name="model",
        file="model.tflite",
        sha256="a" * 64,
        source=manifest.Source("digits.h5", "keras-h5", "keras", "b" * 64),
        macs=7,
        inputs=(EDGE,),
        outputs=(EDGE, EDGE),
    ),
    data=manifest.Calibration(
        "samples.npz", random=False, samples=9, image_range=(0.0, 1.0), warnings=("few",)
    ),
    fidelity=(manifest.Fidelity("image", 9, 31.5, 0.1, 0.2, 1.0),),
    arena=manifest.Arena(1536, 1536, 16, ArenaPlace.STATIC),
    vectors=manifest.Vectors("vectors.npz", 9, "numpy reference", {"data": 4, "random": 5}),
    others=(),
    files={"src/main.c": "c" * 64},
    firmware=manifest.Firmware(".pio/build/firmware.elf", "d" * 64, "12.2.1", Sizes(1, 2, 3, 4)),
)
MAY_BE_NULL = {
    "data",
    "firmware",
    "told.kernel_set",
    "told.arena",
    "told.npu",
    "fidelity.0.sqnr_db",
    "fidelity.0.argmax_agreement",
    "arena.minimum_bytes",
    "arena.overhead_bytes",
    "model.inputs.0.limit",
    "model.outputs.0.limit",
    "model.outputs.1.limit",
}
MAPS = {"files", "made_with", "vectors.origins"}
"""Keys whose value has keys of its own choosing: one of them less is another value, no error."""

Path_ = tuple[str | int, ...]


def name(path: Path_) -> str:
    return ".".join(map(str, path))


def paths(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if path:
        yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from paths(item, (*path, key))


def changed(path: Path_, change: Callable[[Any, Any], None]) -> bytes:
    keys = json.loads(WHOLE.to_bytes())
    parent = keys
    for step in path[:-1]:
        parent = parent[step]
    change(parent, path[-1])
    return json.dumps(keys).encode()


PATHS = tuple(paths(json.loads(WHOLE.to_bytes())))


def project(folder: Path, content: bytes) -> Path:
    (folder / MANIFEST).write_bytes(content)
    return folder


def refused(folder: Path) -> InputError:
    """What every command that takes a project says of it: one and the same error."""
    commands: tuple[Callable[[Path], object], ...] = (
        open_project,
        tinygen.flash,
        tinygen.verify,
        tinygen.stop,
        lambda path: list(tinygen.monitor(path)),
    )
    errors = []
    for command in commands:
        with pytest.raises(InputError) as raised:
            command(folder)
        errors.append(raised.value)
    assert len({(e.what, e.why, e.next_step) for e in errors}) == 1
    assert errors[0].what
    assert errors[0].why
    assert errors[0].next_step
    return errors[0]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = write(tmp_path / "p", {"src/main.c": b"int main;"}, WHOLE)
    assert open_project(tmp_path / "p") == written
    assert manifest.read(tmp_path / "p").to_bytes() == written.manifest.to_bytes()
    assert written.manifest.model == WHOLE.model


def test_the_paths_cover_every_key() -> None:
    assert {name(path) for path in PATHS} >= MAY_BE_NULL | MAPS
    assert len(PATHS) > 60


KEYS = tuple(p for p in PATHS if isinstance(p[-1], str) and name(p[:-1]) not in MAPS)


@pytest.mark.parametrize("path", KEYS, ids=name)
def test_no_key_may_be_missing(path: Path_, tmp_path: Path) -> None:
    def drop(parent: Any, key: Any) -> None:
        del parent[key]

    inside = name(path[:-1])
    error = refused(project(tmp_path, changed(path, drop)))
    if path == ("version",):
        assert "older" in error.what
        return
    assert f"`{path[-1]}`" in error.why
    assert inside.replace(".0", "[0]").replace(".1", "[1]") in error.why
    assert f"version {VERSION}" in error.why
    assert metadata.version("tinygen") in error.why
    assert "tinygen build" in error.next_step


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_no_value_may_be_of_another_type(path: Path_, tmp_path: Path) -> None:
    keys: Any = json.loads(WHOLE.to_bytes())
    for step in path:
        keys = keys[step]
    value = keys
    others: tuple[object, ...] = (None, "text", 7, 2.5, True, [], {}, [[]], {"x": []})
    for other in others:
        if _may_stand(value, other, name(path)):
            continue

        def put(parent: Any, key: Any, other: Any = other) -> None:
            parent[key] = other

        error = refused(project(tmp_path, changed(path, put)))
        assert metadata.version("tinygen") in error.why, other


def _may_stand(value: object, other: object, at: str) -> bool:
    """Whether the form allows `other` where `value` stands."""
    if other is None:
        return at in MAY_BE_NULL
    if isinstance(value, dict):
        return at in MAPS and other == {}
    if isinstance(value, list):
        return other == []
    if isinstance(value, bool):
        return isinstance(other, bool)
    if isinstance(value, float):
        return isinstance(other, int | float) and not isinstance(other, bool)
    if isinstance(value, str):
        return isinstance(other, str) and not at.endswith(("dtype", "place"))
    return isinstance(other, int) and not isinstance(other, bool) and at != "version"


@pytest.mark.parametrize("other", [{}, [], {"version": VERSION}, None, 7, "text"])
def test_other_json_is_refused(other: object, tmp_path: Path) -> None:
    refused(project(tmp_path, json.dumps(other).encode()))


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    content = WHOLE.to_bytes().rstrip()
    for size in (0, 1, len(content) // 2, len(content) - 1):
        error = refused(project(tmp_path, content[:size]))
        assert metadata.version("tinygen") in error.why
        with pytest.raises(InputError) as raised:  # nor is it built over: whose is what?
            write(tmp_path, {"a.c": b""}, WHOLE)
        assert "not whole" in raised.value.what


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b'{"a":"\xff"}']
)
def test_what_is_no_json_is_refused(content: bytes, tmp_path: Path) -> None:
    refused(project(tmp_path, content))


@pytest.mark.parametrize(("version", "word"), [(VERSION + 1, "newer"), (1, "older"), (-5, "older")])
def test_another_version_says_which_tinygen_wrote_it(
    version: int, word: str, tmp_path: Path
) -> None:
    keys = {"version": version, "tinygen": "7.8.9", "board": {"id": "qemu-cortex-m4"}}
    error = refused(project(tmp_path, json.dumps(keys).encode()))
    assert word in error.what
    assert "7.8.9" in error.why
    assert metadata.version("tinygen") in error.why
    assert f"tinygen build MODEL --board qemu-cortex-m4 --out {tmp_path}" in error.next_step


@pytest.mark.parametrize(
    "path", ["../x.elf", "/x.elf", "a/../../x.elf", "", "C:\\x.elf", "..\\x.elf", "a\0b"]
)
@pytest.mark.invariant("S7")
def test_no_path_leaves_the_project(path: str, tmp_path: Path) -> None:
    def elf(parent: Any, key: Any) -> None:
        parent[key] = path

    def file(parent: Any, key: Any) -> None:
        parent[path] = parent.pop(key)

    assert "outside" in refused(project(tmp_path, changed(("firmware", "elf"), elf))).why
    assert "outside" in refused(project(tmp_path, changed(("files", "src/main.c"), file))).why
    with pytest.raises(InputError):  # nor where it is built over
        write(tmp_path, {"a.c": b""}, WHOLE)


@pytest.mark.parametrize("board", ["../mine.toml", "/etc/x", "mine.toml", "..", "a/b"])
def test_the_board_is_no_path(board: str, tmp_path: Path) -> None:
    def put(parent: Any, key: Any) -> None:
        parent[key] = board

    assert "board" in refused(project(tmp_path, changed(("board", "id"), put))).why


def test_labels_are_as_many_as_elements(tmp_path: Path) -> None:
    def put(parent: Any, key: Any) -> None:
        parent[key] = ["cat"]

    path = ("model", "outputs", 1, "labels")
    assert "1 labels for 2" in refused(project(tmp_path, changed(path, put))).why


@pytest.mark.invariant("S8")
def test_what_a_file_says_does_not_reach_a_terminal_raw(tmp_path: Path) -> None:
    def put(parent: Any, key: Any) -> None:
        parent[key] = "\x1b[2J"

    for path in (("tinygen",), ("arena", "place"), ("model", "inputs", 0, "dtype")):
        keys = json.loads(changed(path, put))
        keys["engine"] = 3  # so that it is refused
        error = refused(project(tmp_path, json.dumps(keys).encode()))
        assert "\x1b" not in error.what + error.why + error.next_step


def test_an_old_project_is_built_over(tmp_path: Path) -> None:
    """Its files are known: what this build does not make goes, what is the person's stays."""
    folder = tmp_path / "p"
    old = write(folder, {"src/old.c": b"old", "src/main.c": b"same"}, WHOLE)
    (folder / "mine.txt").write_text("mine")
    keys = json.loads(old.manifest.to_bytes())
    old_form = {"tinygen": "0.0.9", "board": keys["board"], "files": keys["files"], "model": {}}
    project(folder, json.dumps(old_form).encode())
    write(folder, {"src/main.c": b"new"}, WHOLE)
    assert not (folder / "src/old.c").exists()
    assert (folder / "src/main.c").read_bytes() == b"new"
    assert (folder / "mine.txt").read_text() == "mine"
    assert open_project(folder).manifest.tinygen == "0.1.0"


@pytest.mark.invariant("S7")
def test_a_link_in_an_old_project_leads_nowhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "p", tmp_path / "elsewhere"
    old = write(folder, {"src/old.c": b"old"}, WHOLE)
    elsewhere.mkdir()
    (elsewhere / "old.c").write_bytes(b"old")
    (folder / "src/old.c").unlink()
    (folder / "src").rmdir()
    (folder / "src").symlink_to(elsewhere)
    with pytest.raises(InputError) as raised:
        write(folder, {"a.c": b""}, old.manifest)
    assert "outside" in raised.value.what
    assert (elsewhere / "old.c").exists()
