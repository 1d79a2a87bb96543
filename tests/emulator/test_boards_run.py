"""Every emulated board, running: start-up, serial port, ticks, stack, FPU, faults, idling."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable

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
