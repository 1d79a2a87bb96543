"""The life of the emulator's process: started, found, replaced, ended, and nobody else's ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import psutil
import pytest

from tests.emulator.board_bench import Bench
from tinygen.boards import get_board
from tinygen.devices.qemu import LOG, RECORD, last_words, running, start, stop
from tinygen.errors import InputError, ToolchainError

BOARD = get_board("qemu-cortex-m3")
StartBench = Callable[[str], Bench]
Firmware = Callable[[str], Path]


def _ping(url: str) -> bytes:
    address = urlparse(url)
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.settimeout(0.3)
        for _ in range(20):
            connection.sendall(b"p")
            try:
                return connection.recv(1)
            except TimeoutError:
                continue
    return b""


def test_it_outlives_its_parent(firmware: Firmware, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tinygen.boards import get_board; from tinygen.devices.qemu import start\n"
        "start(get_board('qemu-cortex-m3'), Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    elf = firmware(BOARD.id)
    subprocess.run([sys.executable, "-c", program, str(elf), str(tmp_path)], check=True)
    found = running(tmp_path)
    try:
        assert found is not None
        assert found.board == BOARD.id
        assert _ping(found.url) == b"p"
        assert os.getsid(found.pid) != os.getsid(0)
    finally:
        assert stop(tmp_path)
    assert running(tmp_path) is None
    assert not stop(tmp_path)
    assert not psutil.pid_exists(found.pid)


def test_a_second_start_replaces_the_first(firmware: Firmware, tmp_path: Path) -> None:
    first = start(BOARD, firmware(BOARD.id), tmp_path)
    second = start(BOARD, firmware(BOARD.id), tmp_path)
    try:
        assert not psutil.pid_exists(first.pid)
        assert running(tmp_path) == second
        assert _ping(second.url) == b"p"
    finally:
        stop(tmp_path)


@pytest.mark.invariant("S12")
def test_somebody_elses_process_is_left_alone(firmware: Firmware, tmp_path: Path) -> None:
    found = start(BOARD, firmware(BOARD.id), tmp_path)
    stop(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            create_time = psutil.Process(other.pid).create_time()
            # The id was given to another process, which even is of the recorded age.
            record = {
                "pid": other.pid,
                "create_time": create_time,
                "command": list(found.command),
                "url": found.url,
                "board": found.board,
                "elf_sha256": found.elf_sha256,
                "folder": found.folder,
            }
            (tmp_path / RECORD).write_text(json.dumps(record))
            assert running(tmp_path) is None
            assert not stop(tmp_path)
            # Another run of the same command is not ours either.
            record |= {"command": ["sleep", "60"], "create_time": create_time - 60}
            (tmp_path / RECORD).write_text(json.dumps(record))
            assert not stop(tmp_path)
            assert other.poll() is None
        finally:
            other.kill()


@pytest.mark.invariant("S12")
def test_a_copied_record_is_not_the_copys(firmware: Firmware, tmp_path: Path) -> None:
    """A project that was copied while its emulator runs; a moved one keeps it."""
    first = start(BOARD, firmware(BOARD.id), tmp_path / "first")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    assert running(tmp_path / "copy") is None
    assert not stop(tmp_path / "copy")
    assert running(tmp_path / "first") == first
    (tmp_path / "first").rename(tmp_path / "moved")
    assert running(tmp_path / "moved") == first
    assert stop(tmp_path / "moved")


def test_another_file_or_board_is_not_what_runs(firmware: Firmware, tmp_path: Path) -> None:
    elf = Path(shutil.copy(firmware(BOARD.id), tmp_path / "firmware.elf"))
    found = start(BOARD, elf, tmp_path / "state")
    try:
        assert found.runs(BOARD, elf)
        assert not found.runs(get_board("qemu-cortex-m4"), elf)
        elf.write_bytes(elf.read_bytes() + b"x")
        assert not found.runs(BOARD, elf)
    finally:
        stop(tmp_path / "state")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}', "null"])
def test_a_damaged_record_is_no_record(text: str, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(text)
    assert running(tmp_path) is None
    assert not stop(tmp_path)


def test_a_killed_emulator_is_noticed(bench: StartBench) -> None:
    board = bench(BOARD.id)
    os.kill(board.running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while running(board.state_dir) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert board.socket.recv(1) == b""


def test_starts_at_once_keep_one(firmware: Firmware, tmp_path: Path) -> None:
    """Several processes start the same board; exactly the recorded one is left."""
    program = (
        "import sys; from pathlib import Path\n"
        "from tinygen.boards import get_board; from tinygen.devices.qemu import start\n"
        "print(start(get_board('qemu-cortex-m3'), Path(sys.argv[1]), Path(sys.argv[2])).pid)\n"
    )
    command = [sys.executable, "-c", program, str(firmware(BOARD.id)), str(tmp_path)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        pids = {int(starter.communicate(timeout=60)[0] or 0) for starter in starters} - {0}
        found = running(tmp_path)
        assert found is not None
        assert {pid for pid in pids if psutil.pid_exists(pid)} == {found.pid}
    finally:
        stop(tmp_path)


def test_qemu_that_ends_at_once(
    firmware: Firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu = tmp_path / "qemu-system-arm"
    qemu.write_text("#!/bin/sh\necho no such machine >&2\nexit 1\n")
    qemu.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolchainError) as caught:
        start(BOARD, firmware(BOARD.id), tmp_path / "state")
    assert "no such machine" in caught.value.why
    assert "no such machine" in (tmp_path / "state" / LOG).read_text()
    assert last_words(tmp_path / "state") == "no such machine"


def test_missing_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError) as caught:
        start(BOARD, tmp_path / "firmware.elf", tmp_path / "state")
    assert caught.value.next_step == "sudo apt-get install qemu-system-arm"
    assert caught.value.exit_code == 5


def test_a_real_board_is_not_emulated(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        start(get_board("uno"), tmp_path / "firmware.elf", tmp_path)
