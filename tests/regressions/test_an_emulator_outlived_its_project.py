"""A project folder that was removed left its emulator running for good, and `stop` with a record
that somebody had made up ended in a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.devices.qemu import RECORD, running, stop


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built project."""
    folder = tmp_path_factory.mktemp("built")
    done = tinygen("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out", "p", cwd=folder)
    assert done.code == 0, done.err
    return folder / "p"


def gone(process: psutil.Process) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def keepers(emulator: psutil.Process) -> list[psutil.Process]:
    """The processes that watch over an emulator."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if str(emulator.pid) in command and any(word.endswith("keeper.py") for word in command):
            found.append(process)
    return found


def test_an_emulator_ends_with_its_project(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(built, folder)
    done = tinygen("flash", "--json", folder, cwd=tmp_path)
    assert done.code == 0, done.err
    emulator = psutil.Process(done.json["pid"])
    (keeper,) = keepers(emulator)
    folder.rename(tmp_path / "moved")  # it is still there, and so is its emulator
    time.sleep(2.5)
    assert emulator.is_running()
    shutil.rmtree(tmp_path / "moved")
    assert gone(emulator)
    assert gone(keeper)


def test_what_watches_over_it_ends_with_it(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(built, folder)
    done = tinygen("flash", "--json", folder, cwd=tmp_path)
    (keeper,) = keepers(psutil.Process(done.json["pid"]))
    assert tinygen("stop", folder, cwd=tmp_path).code == 0
    assert gone(keeper)


WHOLE = {
    "pid": 4242,
    "create_time": 1.0,
    "command": ["/usr/bin/qemu-system-arm"],
    "url": "socket://127.0.0.1:1",
    "board": "qemu-cortex-m4",
    "elf_sha256": "0",
    "folder": [1, 2],
}
PIDS: tuple[object, ...] = (-1, 0, 1, "1", None, 1.5, 2**31, 2**70, [], True)
FORGED = [
    *(WHOLE | {"pid": pid} for pid in PIDS),
    *(WHOLE | {"create_time": time} for time in ("now", None, [1], 1e308)),
    *(WHOLE | {"command": command} for command in ("qemu", None, [], [1], {"a": 1}, ["\ud800"])),
    *(WHOLE | {"folder": folder} for folder in (None, [1], [1, 2, 3], ["a", "b"], 7)),
    *(WHOLE | {key: 7} for key in ("url", "board", "elf_sha256")),
    WHOLE | {"more": 1},
]


@pytest.mark.parametrize("record", FORGED, ids=range(len(FORGED)))
def test_a_forged_record_is_no_record(tmp_path: Path, record: dict[str, object]) -> None:
    stat = tmp_path.stat()
    if record["folder"] == WHOLE["folder"]:
        record = record | {"folder": [stat.st_dev, stat.st_ino]}
    (tmp_path / RECORD).write_text(json.dumps(record))
    assert running(tmp_path) is None
    assert not stop(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b'{"pid": 1e999}', b"\0"])
def test_no_record_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RECORD).write_bytes(content)
    assert running(tmp_path) is None
    assert not stop(tmp_path)


def test_a_process_that_is_no_emulator_is_never_ended(tmp_path: Path) -> None:
    """Even where the record is right about it in every respect."""
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            process, stat = psutil.Process(other.pid), tmp_path.stat()
            record = WHOLE | {
                "pid": other.pid,
                "create_time": process.create_time(),
                "command": process.cmdline(),
                "folder": [stat.st_dev, stat.st_ino],
            }
            (tmp_path / RECORD).write_text(json.dumps(record))
            assert running(tmp_path) is None
            assert not stop(tmp_path)
            assert other.poll() is None
        finally:
            other.kill()


def test_stop_says_that_nothing_ran(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(built, folder)
    (folder / ".tinygen" / RECORD).write_text(json.dumps(FORGED[3]))
    done = tinygen("stop", "--json", folder, cwd=tmp_path)
    assert (done.code, done.json["stopped"]) == (0, False)
