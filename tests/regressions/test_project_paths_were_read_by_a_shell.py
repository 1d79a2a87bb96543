"""A project in a folder called `d's`, `a(x)` or `R&D` did not link, and of one called `` a`id` ``
the shell ran a part: PlatformIO, SCons and the linker each take such characters for their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.boards import get_board
from tinygen.pio import plain
from tinygen.pio import run as pio
from tinygen.printable import shell_word

ELF = ".pio/build/qemu-cortex-m4/firmware.elf"
NAMES = (
    *("d's", "a(x)", "a;touch PWNED;z", "R&D", "a`touch PWNED`", "$HOME $(touch PWNED)"),
    '-a"b*c=d,e:f#g%h\\i\nj~ü',
)


def build(folder: Path, out: str, **env: str) -> bytes:
    command = ("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", f"--out={out}")
    done = tinygen(*command, cwd=folder, env=env)
    assert done.code == 0, done.err
    return (folder / out / ELF).read_bytes()


@pytest.mark.invariant("S16")
def test_any_folder_gives_the_same_firmware_and_runs_nothing(tmp_path: Path) -> None:
    wanted = build(tmp_path, "plain")
    for name in NAMES:
        assert build(tmp_path, name) == wanted, name
    assert {path.name for path in tmp_path.rglob("*PWNED*")} <= set(NAMES)


def test_such_a_project_is_flashed_and_verified(tmp_path: Path) -> None:
    build(tmp_path, "d's `x` (1)")
    done = tinygen("flash", cwd=tmp_path)
    assert done.code == 0, done.err
    try:
        verified = tinygen("verify", "--json", cwd=tmp_path)
        assert verified.json["verdict"] == "MATCH"
    finally:
        assert tinygen("stop", cwd=tmp_path).code == 0


def test_what_a_person_adds_is_built_too(tmp_path: Path) -> None:
    name = "a&b"
    build(tmp_path, name)
    source = tmp_path / name / "src" / "more.c"
    source.write_text("#error more\n")
    with pytest.raises(Exception, match="could not build") as caught:
        pio.build(tmp_path / name, get_board("qemu-cortex-m4"))
    assert "#error more" in str(getattr(caught.value, "why", ""))
    source.unlink()
    (tmp_path / name / "notes").mkdir()
    pio.build(tmp_path / name, get_board("qemu-cortex-m4"))


def test_a_cache_in_such_a_folder(tmp_path: Path) -> None:
    cache = tmp_path / "it's my $(cache)"
    assert build(tmp_path, "p", TINYGEN_CACHE=str(cache)) == build(tmp_path, "q")
    assert (cache / "objects").is_dir()


def test_links_follow_the_project(tmp_path: Path) -> None:
    project = tmp_path / "a'b"
    project.mkdir()
    (project / "one").touch()
    seen = plain.plain_project(project)
    assert plain.is_plain(seen)
    assert sorted(path.name for path in seen.iterdir()) == [".pio", "one"]
    (project / "one").rename(project / "two")
    assert plain.plain_project(project) == seen
    assert sorted(path.name for path in seen.iterdir()) == [".pio", "two"]


def test_somebody_elses_folder_in_tmp_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    planted = tmp_path / f"tinygen-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    project = tmp_path / "a'b"
    project.mkdir()
    assert not plain.plain_project(project).is_relative_to(planted)
    assert plain.plain_project(tmp_path / "plain") == tmp_path / "plain"


@pytest.mark.parametrize(
    ("path", "word"),
    [("p", "p"), ("d's", "'d'\"'\"'s'"), ("a;b", "'a;b'"), ("-x", "./-x"), ("a b", "'a b'")],
)
@pytest.mark.invariant("S16")
def test_a_path_in_a_command_to_type(path: str, word: str) -> None:
    assert shell_word(path) == word
