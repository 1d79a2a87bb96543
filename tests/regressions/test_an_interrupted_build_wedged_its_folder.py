"""After a kill, Ctrl-C or a full disk while files were written, every later build into the folder
was refused: "exists and is not a tinygen project". And a file of a person's own was overwritten
where a generated one belongs.

TINYGEN_KILLS says how many builds are killed (50 take five minutes).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import skipping
from tests.project.test_manifest import WHOLE
from tests.runner import GOLDEN_MODEL, tinygen
from tinygen import project
from tinygen.errors import InputError
from tinygen.project import writing

KILLS = int(os.environ.get("TINYGEN_KILLS", "4"))
ELF = ".pio/build/qemu-cortex-m4/firmware.elf"
BUILD = ("build", str(GOLDEN_MODEL), "--board", "qemu-cortex-m4", "--out", "p")
FILES = {"src/main.c": b"main", "src/model/model.c": b"model", "platformio.ini": b"[env]"}


def started(folder: Path, *extra: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tinygen", *BUILD, *extra]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def working_in(folder: Path) -> list[psutil.Process]:
    """Processes whose current folder is the project's: its PlatformIO and its compilers."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder / "p"):
                found.append(process)
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_after_a_kill_at_any_moment_a_build_works(tmp_path: Path, how: signal.Signals) -> None:
    before = time.monotonic()
    assert tinygen(*BUILD, cwd=tmp_path).code == 0
    whole = time.monotonic() - before
    wanted = (tmp_path / "p" / ELF).read_bytes()
    chance = random.Random(how)
    for _ in range((KILLS + 1) // 2):
        with contextlib.suppress(FileNotFoundError):
            (tmp_path / "p" / "platformio.ini").unlink()  # so that something is written
            (tmp_path / "p" / ELF).unlink()
        process = started(tmp_path)
        time.sleep(chance.uniform(0.2, 1) * whole)
        process.send_signal(how)
        process.wait(60)
        end = time.monotonic() + 30
        while working_in(tmp_path):
            assert time.monotonic() < end, "something is left running"
            time.sleep(0.05)
        again = tinygen(*BUILD, cwd=tmp_path)
        assert again.code == 0, again.err
        assert (tmp_path / "p" / ELF).read_bytes() == wanted


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("fails_at", range(8))
def test_after_every_single_write_the_folder_can_be_built_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    folder, left, replace = tmp_path / "p", [fails_at], Path.replace

    def kill(path: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return replace(path, target)

    old = {**FILES, "src/main.c": b"old", "src/gone.c": b"gone"}
    for already_there in (False, True):
        if already_there:
            project.write(folder, old, WHOLE)
        left[0] = fails_at
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", kill)
            with contextlib.suppress(Killed):
                project.write(folder, FILES, WHOLE)
        project.write(folder, {**FILES, "src/main.c": b"newer"}, WHOLE)
        assert (folder / "src/main.c").read_bytes() == b"newer"
        assert not (folder / "src/gone.c").exists()
        assert project.open_project(folder).manifest.files.keys() == FILES.keys()


def test_a_person_s_edit_is_seen_after_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    project.write(folder, FILES, WHOLE)
    (folder / "tinygen.json").unlink()
    (folder / "src/main.c").write_text("mine now")
    with pytest.raises(InputError, match="edited"):
        project.write(folder, FILES, WHOLE)
    assert (folder / "src/main.c").read_text() == "mine now"


def test_a_person_s_own_file_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    project.write(folder, FILES, WHOLE)
    (folder / "src/app.c").write_text("mine")
    with pytest.raises(InputError, match="files of yours"):
        project.write(folder, {**FILES, "src/app.c": b"generated"}, WHOLE)
    assert (folder / "src/app.c").read_text() == "mine"
    assert project.open_project(folder).manifest.files.keys() == FILES.keys()


def test_a_folder_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not a tinygen project"), project.hold(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[]", b'{"../x": ["0"]}', b'{"a": "0"}', b"\xff", b"[" * 100_000]
)
def test_a_forged_record_is_no_record(tmp_path: Path, record: bytes) -> None:
    folder = tmp_path / "p"
    (folder / writing.STATE).mkdir(parents=True)
    (folder / writing.STATE / "files.json").write_bytes(record)
    (folder / "mine").touch()
    with pytest.raises(InputError, match="not a tinygen project"):
        project.write(folder, FILES, WHOLE)


def test_two_builds_at_once(tmp_path: Path) -> None:
    one, two = started(tmp_path), started(tmp_path)
    assert (one.wait(300), two.wait(300)) == (0, 0)
    assert tinygen("generate", *BUILD[1:], cwd=tmp_path).code == 0


def test_one_waits_for_the_other(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with project.hold(tmp_path / "p"):
            order.append("second")

    with project.hold(tmp_path / "p"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96k", "tinygen-test", str(disk)]
    if os.getuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip(skipping.reasons()["disk"])
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def room_for_sources(folder: Path) -> int:
    """Bytes, in whole pages, of the project's files, of one more while it takes its place, and of
    a few pages for what is beside them."""
    folder.mkdir()
    assert tinygen("generate", *BUILD[1:], cwd=folder).code == 0
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    pages = [-(-size // page) for size in sizes]
    return (sum(pages) + max(pages) + 8) * page


def test_a_full_disk_is_named_first_and_the_folder_is_built_over(
    small_disk: Path, tmp_path: Path
) -> None:
    room = room_for_sources(tmp_path / "elsewhere")
    done = tinygen(*BUILD, cwd=small_disk)
    assert done.code == 2
    assert done.err.splitlines()[-3].startswith("error: p cannot be written: No space left")
    subprocess.run(["mount", "-o", f"remount,size={room}", str(small_disk)], check=True)
    done = tinygen(*BUILD, cwd=small_disk)  # the sources fit, what is compiled does not
    assert "Building with PlatformIO" in done.err
    assert done.code in (2, 5), done.err  # PlatformIO's own folder, or what a compiler writes
    (told,) = (line for line in done.err.splitlines() if line.startswith("error:"))
    assert "no space left on device" in told.lower()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert tinygen(*BUILD, cwd=small_disk).code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = tinygen(*BUILD, cwd=small_disk)
    assert done.code == 2
    assert "Read-only file system" in done.err
    assert "Traceback" not in done.err
