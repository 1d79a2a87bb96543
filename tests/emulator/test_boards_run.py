"""Every emulated board, running: start-up, serial port, ticks, stack, FPU, faults, idling."""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.emulator.board_bench import Bench
from tinygen.boards import Fpu, Port, Qemu, all_boards, get_board
from tinygen.devices.qemu import running

EMULATED = [
    board.id for board in all_boards() if isinstance(board.device, Qemu) and board.port.uart
]
BIG = bytes((7 * i + i // 256) & 255 for i in range(30_000))

StartBench = Callable[[str], Bench]
Firmware = Callable[[str], Path]

pytestmark = pytest.mark.parametrize("board_id", EMULATED)


def test_30_kilobytes_come_back_unchanged(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.send(b"e", len(BIG), BIG)
    assert board.receive(len(BIG)) == BIG


def test_a_busy_board_loses_no_byte(bench: StartBench, board_id: str) -> None:
    """What arrives during a computation overfills the ring, and waits."""
    board = bench(board_id)
    board.send(b"t", 20_000_000)
    board.send(b"r", len(BIG), BIG)
    board.receive(16)
    total = 0
    for byte in BIG:
        total = (total * 31 + byte) & 0xFFFFFFFF
    assert int.from_bytes(board.receive(4), "little") == total


def test_equal_work_takes_equal_ticks(bench: StartBench, board_id: str) -> None:
    seen: dict[int, set[tuple[int, int, int]]] = {}
    for _ in range(2):
        board = bench(board_id)
        for number in range(4):
            board.send(b"e", number, bytes(number))
            board.receive(number)
            # The last one is longer than the timer's 24 bits.
            for rounds in (0, 1000, 100_000, 5_000_000):
                seen.setdefault(rounds, set()).add(board.ticks(rounds))
    assert [len(values) for values in seen.values()] == [1, 1, 1, 1]

    emulator = get_board(board_id).device
    assert isinstance(emulator, Qemu)
    ((short, _, hz),) = seen[100_000]
    ((long, _, _),) = seen[5_000_000]
    assert hz == emulator.clock_hz
    # Between them lie 4.9 million rounds of the same few instructions.
    instructions = emulator.instructions(long - short)
    assert instructions is not None
    per_round = instructions / 4_900_000
    assert 4 <= per_round <= 10
    assert per_round == pytest.approx(round(per_round), abs=1e-4)


def test_floating_point(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.send(b"f")
    got = np.frombuffer(board.receive(64), np.float32)
    want = [math.exp(i - 8) / 2 + (i - 8) / 3 for i in range(16)]
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_stack_mark(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    before = board.stack_used()
    assert 128 <= before < 1024
    board.send(b"d", 10)
    board.receive(4)
    assert before + 10 * 16 * 4 - 300 < board.stack_used() <= board.board.stack_bytes


def test_a_fault_is_told(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.send(b"x")
    assert board.receive(17) == b"\r\ntg_fault: pc 0x"
    assert running(board.state_dir) is not None


def test_a_stack_overflow_is_told(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.send(b"d", 1_000_000)
    assert board.receive(26) == b"\r\ntg_fault: stack overflow"


def _started_by(board: Bench) -> tuple[int, bytes]:
    board.send(b"w")
    reason, size = board.receive(2)
    return reason, board.receive(size)


_POWER, _FAULT, _KEPT_RAM = 1, 6, 9


def test_a_fault_outlives_a_reset(firmware: Firmware, board_id: str, tmp_path: Path) -> None:
    """Its words are the next start's to tell, and no further one's; none were there at power-on."""
    plain = get_board(board_id)
    assert isinstance(plain.device, Qemu)
    options = (*plain.device.options, "-qmp", f"unix:{tmp_path / 'qmp'},server=on,wait=off")
    device = replace(plain.device, options=options)
    board = Bench(replace(plain, device=device), firmware(board_id), tmp_path / "state")
    try:
        assert _started_by(board) == (_POWER, b"")
        first = _crash(board)
        # An Arm core starts itself anew, once; at a second fault in a row it stays.
        if plain.port is Port.CORTEX_M:
            board.wait_until_up()
            assert _started_by(board) == (_FAULT, first)
            first = _crash(board)
        _reset(tmp_path / "qmp")
        board.wait_until_up()
        assert _started_by(board) == (_FAULT, first)
        _reset(tmp_path / "qmp")
        board.wait_until_up()
        assert _started_by(board) == (_KEPT_RAM, b"")
    finally:
        board.close()


def _crash(board: Bench) -> bytes:
    """The words of a fault that is made to happen."""
    board.send(b"x")
    words = b"\n"
    while words.count(b"\n") < 3:
        words += board.receive(1)
    assert words.startswith(b"\n\r\ntg_fault: pc 0x")
    return words.strip()


def _reset(monitor: Path) -> None:
    """What the machine's reset button does."""
    with socket.socket(socket.AF_UNIX) as qmp:
        qmp.connect(str(monitor))
        answers = qmp.makefile()
        answers.readline()
        for command in ("qmp_capabilities", "system_reset"):
            qmp.sendall(json.dumps({"execute": command}).encode())
            while "return" not in json.loads(answers.readline()):
                pass


def _stack_answer(board: Bench) -> bool:
    """Whether the line is quiet and a question gets its answer, and nothing else, at once."""
    board.drain()
    board.send(b"u")
    time.sleep(0.2)
    return len(board.drain()) == 4


def test_a_client_may_come_back(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.send(b"s", 400_000)  # far more than a socket holds, and nobody reads it
    time.sleep(0.05)
    board.reconnect()
    deadline = time.monotonic() + 20
    while not _stack_answer(board):
        assert time.monotonic() < deadline, "the board hangs"
    assert board.stack_used() < board.board.stack_bytes
    board.reconnect()
    assert board.ticks(1000)[1] == board.ticks(1000)[1]


def test_an_idle_board_leaves_the_host_alone(bench: StartBench, board_id: str) -> None:
    board = bench(board_id)
    board.stack_used()
    process = psutil.Process(board.running.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(0.5)
    assert sum(process.cpu_times()[:2]) - before <= 0.05
    assert board.stack_used() > 0  # and it still wakes up


def test_the_fpu_is_used(bench: StartBench, board_id: str) -> None:
    """Hard float is in the ELF exactly where the board says there is an FPU."""
    elf = bench(board_id).running.command[-1]
    with open(elf, "rb") as file:  # noqa: PTH123
        flags = struct.unpack_from("<I", file.read(52), 36)[0]
    hard_float = bool(flags & 0x400)
    if get_board(board_id).port is not Port.CORTEX_M:
        hard_float = bool(flags & 0x6)  # RISC-V: the float ABI
    assert hard_float == (get_board(board_id).fpu is not Fpu.NONE)
