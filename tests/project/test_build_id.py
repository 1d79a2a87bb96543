"""The build id: what changes it, what does not, and that PlatformIO computes the same one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.boards import all_boards
from tinygen.project import build_id, sources

FILES = {
    "platformio.ini": b"[env]\n",
    "src/main.c": b"int main(void) { return 0; }\n",
    "src/model/model.h": b"#define A 1\n",
    "lib/x/y.h": b"",
    "platforms/p/platform.py": b"a = 1\n",
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_it_is_the_same_in_any_folder_and_order(tmp_path: Path) -> None:
    one = write(tmp_path / "a", FILES)
    other = write(tmp_path / "another folder" / "b", dict(reversed(FILES.items())))
    assert build_id.build_id(one) == build_id.build_id(other)
    assert len(build_id.build_id(one)) == build_id.BYTES
    # Kept, so that a change of how it is computed is seen: old firmware then is another build's.
    assert build_id.build_id(one).hex() == "f549b728e52cb1005f847b8d88a884ab"


@pytest.mark.parametrize("name", [*FILES, "CMakeLists.txt", "sdkconfig.defaults", "include/a.h"])
def test_every_source_counts(name: str, tmp_path: Path) -> None:
    before = build_id.build_id(write(tmp_path, FILES))
    write(tmp_path, {name: FILES.get(name, b"") + b"more"})
    assert build_id.build_id(tmp_path) != before


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("partitions.csv", "board_build.partitions = partitions.csv"),
        ("scripts/mine.py", "extra_scripts = pre:src/protocol/build_id.py, post:scripts/mine.py"),
        ("mine.ld", "build_flags = -Wl,-Tmine.ld"),
        ("keys/public.pem", "board_build.embed_files =\n    keys/public.pem"),
    ],
)
def test_a_file_that_platformio_ini_names_counts(name: str, line: str, tmp_path: Path) -> None:
    before = build_id.build_id(write(tmp_path, FILES | {name: b"1"}))
    assert build_id.build_id(write(tmp_path, {name: b"2"})) == before, "nothing names it"
    write(tmp_path, {"platformio.ini": f"[env]\n{line}\n".encode()})
    named = build_id.build_id(tmp_path)
    assert build_id.build_id(write(tmp_path, {name: b"3"})) != named


def test_a_name_that_leads_out_of_the_project_does_not_count(tmp_path: Path) -> None:
    outside = write(tmp_path, {"secret": b"1"}) / "secret"
    ini = f"a = ../secret {outside} x{outside} .. . / .pio/x tinygen.json {'x' * 5000}\n"
    files = {"platformio.ini": ini.encode(), ".pio/x": b"", "tinygen.json": b""}
    project = write(tmp_path / "p", FILES | files)
    before = build_id.build_id(project)
    write(tmp_path, {"secret": b"2", "p/.pio/x": b"2", "p/tinygen.json": b"2"})
    assert build_id.build_id(project) == before


def test_a_files_name_counts_and_where_it_ends(tmp_path: Path) -> None:
    splits: list[dict[str, bytes]] = [
        {"src/a": b"xy"},
        {"src/b": b"xy"},
        {"src/a": b"x", "src/b": b"y"},
        {"src/a": b"", "src/b": b"xy"},
        {"src/a/b": b"xy"},
        {"lib/a": b"xy"},
        {"src/a": b"x\0src/b\0" + b"1\0y"},
        {},
    ]
    ids = {build_id.build_id(write(tmp_path / str(i), f | FILES)) for i, f in enumerate(splits)}
    assert len(ids) == len(splits)


@pytest.mark.parametrize(
    "name",
    [
        build_id.SOURCE,
        "tinygen.json",
        "vectors.npz",
        "README.md",
        "results.csv",
        "plot.py",
        "my-board.toml",
        "sdkconfig.esp32c6",
        "dependencies.lock",
        ".pio/build/x/firmware.elf",
        ".tinygen/emulator.json",
        "managed_components/a/a.c",
        "platforms/p/__pycache__/platform.pyc",
        "src/.main.c.swp",
        "src/main.c~",
        "src/.git/config",
    ],
)
def test_what_no_firmware_is_built_of_does_not_count(name: str, tmp_path: Path) -> None:
    before = build_id.build_id(write(tmp_path, FILES))
    write(tmp_path, {name: b"anything"})
    assert build_id.build_id(tmp_path) == before


def test_line_ends_do_not_count(tmp_path: Path) -> None:
    unix = write(tmp_path / "unix", FILES)
    windows = write(tmp_path / "windows", {n: c.replace(b"\n", b"\r\n") for n, c in FILES.items()})
    assert build_id.build_id(unix) == build_id.build_id(windows)


def test_links_are_followed_as_a_build_follows_them(tmp_path: Path) -> None:
    project = write(tmp_path / "p", FILES)
    elsewhere = write(tmp_path / "elsewhere", {"l.c": b"1"})
    before = build_id.build_id(project)
    (project / "lib" / "linked").symlink_to(elsewhere)
    linked = build_id.build_id(project)
    assert linked != before
    write(elsewhere, {"l.c": b"2"})
    assert build_id.build_id(project) not in (before, linked)
    (elsewhere / "circle").symlink_to(project / "lib")
    (project / "src" / "circle").symlink_to(project / "src")
    (project / "src" / "nowhere").symlink_to(tmp_path / "missing")
    assert build_id.build_id(project) not in (before, linked)


def test_update_writes_only_what_is_not_right(tmp_path: Path) -> None:
    target = write(tmp_path, FILES) / build_id.SOURCE
    value = build_id.update(tmp_path)
    assert value == build_id.build_id(tmp_path)
    assert target.read_text("utf-8") == build_id.source(value)
    before = target.stat().st_mtime_ns, target.stat().st_ino
    assert build_id.update(tmp_path) == value
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == before
    write(tmp_path, {"src/main.c": b"other"})
    assert build_id.update(tmp_path) != value
    assert target.read_text("utf-8") == build_id.source(build_id.build_id(tmp_path))


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path) -> None:
    project = write(tmp_path / "p", FILES)
    (tmp_path / "kept").write_bytes(b"kept")
    (project / build_id.SOURCE).parent.mkdir()
    (project / build_id.SOURCE).symlink_to(tmp_path / "kept")
    build_id.update(project)
    assert (tmp_path / "kept").read_bytes() == b"kept"


@pytest.fixture
def platformio(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Runs a project's copy of the script as PlatformIO's SCons does."""
    scons = type(sys)("SCons.Script")
    scons.Import = lambda _name: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "SCons", type(sys)("SCons"))
    monkeypatch.setitem(sys.modules, "SCons.Script", scons)

    def run(project: Path) -> None:
        text = (project / build_id.SCRIPT).read_text("utf-8")
        names = {"__name__": "SCons.Script", "env": {"PROJECT_DIR": str(project)}}
        exec(compile(text, build_id.SCRIPT, "exec"), names)

    return run


def test_a_projects_script_writes_what_tinygen_writes(
    tmp_path: Path, platformio: Callable[[Path], None]
) -> None:
    for board in all_boards():
        project = write(tmp_path / board.id, sources.project_files(board))
        platformio(project)
        written = (project / build_id.SOURCE).read_bytes()
        build_id.update(project)
        assert (project / build_id.SOURCE).read_bytes() == written


def test_the_script_needs_no_tinygen(tmp_path: Path) -> None:
    """PlatformIO may run in a Python that has nothing installed."""
    project = write(tmp_path, sources.project_files(all_boards()[0]))
    script = project / build_id.SCRIPT
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert not (project / build_id.SOURCE).exists(), "only SCons makes it write"


@settings(max_examples=200)
@given(st.binary(min_size=build_id.BYTES, max_size=build_id.BYTES))
def test_the_source_carries_every_byte(value: bytes) -> None:
    text = build_id.source(value)
    numbers = text[text.index("= {") + 3 : text.index("};")].replace("\n", " ").split(",")
    assert bytes(int(number, 16) for number in numbers if number.strip()) == value
