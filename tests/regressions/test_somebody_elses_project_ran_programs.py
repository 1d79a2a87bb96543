"""A project folder or a board file of somebody else's ran their programs as the user: PlatformIO
runs a project's scripts and platforms and unpickles what builds left there, flags start plugins and
commands, QEMU's options open files. Now such a file runs once this machine's tinygen wrote it, or
the user said that it may."""

from __future__ import annotations

import os
import pickle
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygen.boards
from tests.project.test_manifest import WHOLE
from tests.runner import GOLDEN_MODEL, command, environment
from tests.runner import tinygen as run
from tinygen import project
from tinygen.boards import BOARD_IDS, Linux, all_boards, get_board
from tinygen.boards.commands import commands, opens_files, platform_name
from tinygen.devices import qemu
from tinygen.errors import UntrustedProject
from tinygen.pio import core
from tinygen.project import trust

BOARD = "qemu-cortex-m4"
BUILD = ("build", GOLDEN_MODEL, "--board", BOARD, "--out", "p")
PLATFORM = "platforms/tinygen-emulated/builder/main.py"
FILES = {"platformio.ini": b"[env]", "src/main.c": b"int main;", "tool.py": b"print()"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that this machine's tinygen wrote."""
    made = tmp_path / "p"
    project.write(made, FILES, WHOLE)
    trust.sign_written(made, FILES)
    return made


def refused(folder: Path) -> set[str]:
    """The files for which PlatformIO does not run there."""
    try:
        with trust.running(folder, trusted=False):
            return set()
    except UntrustedProject as error:
        return set(error.why.split("\n"))


def received(folder: Path) -> Path:
    """The project as git or an archive brings it: without the state of the machine it was made on,
    or with another machine's."""
    shutil.rmtree(folder / ".tinygen")
    return folder


def test_a_project_that_was_written_here_runs_wherever_it_is(folder: Path, tmp_path: Path) -> None:
    assert refused(folder) == set()
    moved = folder.rename(tmp_path / "moved")
    shutil.copytree(moved, tmp_path / "copied")
    assert refused(moved) == refused(tmp_path / "copied") == set()
    (moved / "src/main.c").write_text("edited")  # it runs on the device only
    (moved / "notes.txt").touch()
    assert refused(moved) == set()


@pytest.mark.invariant("S17")
def test_a_project_that_was_received_does_not(folder: Path) -> None:
    assert refused(received(folder)) == {"platformio.ini", "tool.py"}
    with trust.running(folder, trusted=True):
        (folder / "dependencies.lock").touch()  # as PlatformIO leaves some
    assert refused(folder) == set()


@pytest.mark.parametrize("other", [b"", b"0" * 9, b"1" * 32])
def test_the_signatures_of_another_machine_mean_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: bytes
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / core.TRUST_KEY).write_bytes(other)
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    assert refused(folder) == {"platformio.ini", "tool.py"}


@pytest.mark.parametrize("forged", [b"", b"{", b"[]", b'{"tool.py": 1}', b"\xff", b"[" * 100_000])
def test_forged_signatures_are_none(folder: Path, forged: bytes) -> None:
    (folder / ".tinygen" / "signatures.json").write_bytes(forged)
    assert refused(folder) == {"platformio.ini", "tool.py"}


@pytest.mark.parametrize(
    "name",
    [
        *("platformio.ini", "tool.py", "more.py", "lib/x/library.json", "boards/uno.json"),
        *("platforms/x/platform.py", "src/CMakeLists.txt", "components/x/CMakeLists.txt"),
        *("include/x.cmake", "sdkconfig.defaults", "src/x.ld", "lib/.hidden/x.py"),
    ],
)
def test_what_came_or_changed_since_is_named(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"other")
    assert refused(folder) == {name}
    (folder / name).unlink()
    assert refused(folder) <= {name}  # of what was ours only its absence is no danger


def test_a_signature_is_of_one_name(folder: Path) -> None:
    (folder / "tool.py").rename(folder / "other.py")
    assert refused(folder) == {"other.py"}


def test_a_link_to_a_folder_is_one_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "lib").symlink_to("../elsewhere")
    assert refused(folder) == {"lib"}
    with trust.running(folder, trusted=True):
        pass
    assert refused(folder) == set()
    (folder / "lib").unlink()
    (folder / "lib").symlink_to("/")
    assert refused(folder) == {"lib"}


class Bomb:
    """What runs a command as it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self._marker}'",)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that is there once something of the project ran."""
    return tmp_path / "RAN"


def evil(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').close()\n"


@pytest.mark.invariant("S17")
def test_building_into_a_received_project_runs_nothing_of_it(tmp_path: Path, marker: Path) -> None:
    assert run(*BUILD, cwd=tmp_path).code == 0
    folder = received(tmp_path / "p")
    wanted = (folder / f".pio/build/{BOARD}/firmware.elf").read_bytes()
    for name in (PLATFORM, "src/protocol/build_id.py"):  # with the manifest's hash of it
        (folder / name).write_text(evil(marker))
    manifest = (folder / "tinygen.json").read_text()
    digest = project.writing.sha256(evil(marker).encode())
    manifest = re.sub(
        rf'("({PLATFORM}|src/protocol/build_id.py)": )"\w+"', rf'\1"{digest}"', manifest
    )
    (folder / "tinygen.json").write_text(manifest)
    build = folder / ".pio/build" / BOARD
    for record in build.glob(".sconsign*"):
        record.write_bytes(pickle.dumps(Bomb(marker)))
    cached = folder / "platforms/tinygen-emulated/builder/__pycache__"
    cached.mkdir()
    (cached / "main.cpython-311.pyc").touch()
    done = run(*BUILD, cwd=tmp_path)
    assert done.code == 0, done.err  # all that could run was replaced or removed
    assert (build / "firmware.elf").read_bytes() == wanted
    assert not marker.exists()
    assert not cached.exists()
    (folder / "boards").mkdir()
    (folder / "boards" / f"{BOARD}.json").write_text("{}")
    refused = run(*BUILD, cwd=tmp_path)
    assert refused.code == 2
    assert f"boards/{BOARD}.json" in refused.err
    assert "--trust-project" in refused.err
    (folder / "boards" / f"{BOARD}.json").unlink()
    (folder / "mine.json").write_text("{}")
    assert run(*BUILD, cwd=tmp_path).code == 2
    assert run(*BUILD, "--trust-project", cwd=tmp_path).code == 0
    assert run(*BUILD, cwd=tmp_path).code == 0  # it is remembered


def typed(answer: str, *arguments: str | Path, cwd: Path) -> tuple[int, str]:
    """Exit code and output of a command on a terminal, where `answer` is typed once it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
            if b"[y/N]" in piece:
                os.write(ours, f"{answer}\n".encode())
    except OSError:  # the other end was closed
        pass
    os.close(ours)
    return process.wait(60), said.decode()


def test_on_a_terminal_the_user_is_asked(tmp_path: Path) -> None:
    assert run("generate", *BUILD[1:], cwd=tmp_path).code == 0
    (tmp_path / "p" / "mine.json").write_text("{}")
    code, said = typed("n", *BUILD, cwd=tmp_path)
    assert code == 2, said
    assert "mine.json" in said
    code, said = typed("y", *BUILD, cwd=tmp_path)
    assert code == 0, said
    assert said.count("[y/N]") == 1


def test_a_project_is_verified_on_a_port_and_in_an_emulator_without_asking(tmp_path: Path) -> None:
    assert run(*BUILD, cwd=tmp_path).code == 0
    received(tmp_path / "p")
    try:
        verified = run("verify", "p", "--json", cwd=tmp_path)
        assert verified.json["verdict"] == "MATCH"
        again = run("verify", "p", "--port", verified.json["port"], "--json", cwd=tmp_path)
        assert again.json["verdict"] == "MATCH"
    finally:
        qemu.stop(tmp_path / "p" / ".tinygen")


def own_board(tmp_path: Path, board: str = BOARD, **changes: str) -> Path:
    """A copy of a board of tinygen's, called `mine`, with texts in it replaced."""
    text = (Path(tinygen.boards.__file__).parent / f"{board}.toml").read_text("utf-8")
    for old, new in {f'id = "{board}"': 'id = "mine"', **changes}.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    return tmp_path / "mine.toml"


PLATFORMS = {platform_name(board.platformio.platform) for board in all_boards()}


@pytest.mark.parametrize("board", BOARD_IDS)
def test_a_copy_of_a_board_is_harmless(board: str) -> None:
    told = commands(get_board(board), PLATFORMS)
    assert told == (("device.options = -semihosting",) if board == "qemu-xtensa" else ())
    linux = isinstance(get_board(board).device, Linux)
    assert opens_files(get_board(board)) == (linux or board == "qemu-xtensa")


PIO = 'board = "qemu-cortex-m4"'
FLAG = '"-mthumb"'


@pytest.mark.invariant("S17")
@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (PIO, f'{PIO}\nbuild_flags = ["-fplugin=./x.so"]', "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_flags = ["-DX=`id`"]', "platformio.build_flags"),
        (PIO, f"{PIO}\nbuild_flags = ['-DX=$(id)']", "platformio.build_flags"),
        (PIO, f"{PIO}\nbuild_flags = ['-DX=${{__import__(1)}}']", "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_flags = ["-O2 !id"]', "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_flags = ["-wrapper", "-B/x", "-o/x"]', "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_flags = ["-specs=/tmp/x.specs"]', "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_flags = ["-Wl,--plugin=x.so"]', "platformio.build_flags"),
        (PIO, f'{PIO}\nbuild_unflags = ["-I/etc"]', "platformio.build_unflags"),
        (FLAG, f'{FLAG}, "-fdump-tree-all=/x"', "toolchain.core_flags"),
        (FLAG, '"-mthumb"]\nlink_flags = ["-T/x.ld"', "toolchain.link_flags"),
        (PIO, f'{PIO}\noptions = {{ extra_scripts = "pre:x.py" }}', "platformio.options"),
        (PIO, f'{PIO}\noptions = {{ upload_command = "id" }}', "platformio.options"),
        (PIO, f'{PIO}\noptions = {{ upload_protocol = "custom" }}', "platformio.options"),
        (PIO, f'{PIO}\noptions = {{ lib_archive = "${{sysenv.X}}" }}', "platformio.options"),
        (PIO, f'{PIO}\noptions = {{ platform_packages = "x" }}', "platformio.options"),
        ('machine = "mps2-an386"', 'machine = "virt,dumpdtb=/x"', "device.machine"),
        ('machine = "mps2-an386"', 'machine = "x"\noptions = ["-drive"]', "device.options"),
    ],
)
def test_a_board_file_that_could_run_programs_is_asked_for(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    mine = own_board(tmp_path, **{old: new})
    done = run("generate", GOLDEN_MODEL, "--board", mine, "--out", "p", cwd=tmp_path)
    assert done.code == 2, done.err
    assert f"{key}" in done.err
    assert "--trust-project" in done.err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "platform",
    ["https://example.org/x.zip", "symlink://x", "other", "ststm32@https://example.org/x.zip"],
)
def test_a_platform_of_somebody_else_is_asked_for(tmp_path: Path, platform: str) -> None:
    old = 'platform = "ststm32@19.6.0"'
    mine = own_board(tmp_path, "nucleo_f446re", **{old: f'platform = "{platform}"'})
    assert commands(get_board(mine), PLATFORMS) == (f"platformio.platform = {platform}",)


def test_a_board_file_that_was_trusted_is_remembered_in_the_project(tmp_path: Path) -> None:
    mine = own_board(tmp_path, **{PIO: f'{PIO}\noptions = {{ custom_key = "1" }}'})
    line = ("generate", GOLDEN_MODEL, "--board", mine, "--out", "p")
    assert run(*line, cwd=tmp_path).code == 2
    assert run(*line, "--trust-project", cwd=tmp_path).code == 0
    assert run(*line, cwd=tmp_path).code == 0
    mine.write_text(mine.read_text().replace('"1"', '"2"'))
    assert run(*line, cwd=tmp_path).code == 2


@pytest.fixture
def semihosted(tmp_path: Path) -> Iterator[Path]:
    """A project of a board whose firmware can open the host's files."""
    line = ("build", GOLDEN_MODEL, "--board", "qemu-xtensa", "--out", "p")
    done = run(*line, cwd=tmp_path)
    assert done.code == 0, done.err
    yield tmp_path / "p"
    qemu.stop(tmp_path / "p" / ".tinygen")


def test_received_firmware_that_could_open_files_is_asked_for(semihosted: Path) -> None:
    assert run("flash", semihosted, cwd=semihosted).code == 0
    qemu.stop(semihosted / ".tinygen")
    received(semihosted)
    done = run("verify", semihosted, cwd=semihosted)
    assert done.code == 2
    assert "firmware.elf" in done.err
    assert run("flash", semihosted, "--trust-project", cwd=semihosted).code == 0
