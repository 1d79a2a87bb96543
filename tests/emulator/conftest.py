"""A bench: the test firmware built for a board as tinygen builds, and run in its emulator."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinygen.boards import Qemu, get_board
from tinygen.pio.run import build

_ROOT = str(Path(__file__).resolve().parents[2])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from tests.emulator.board_bench import Bench, write_project  # noqa: E402


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core folder of these tests' own, made from nothing."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only while a test of this folder runs: others want the cache that the machine has."""
    monkeypatch.setenv("TINYGEN_CACHE", str(cache_folder))


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """The compiler and the emulator that the bench needs."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.fixture(autouse=True)
def board_tools(request: pytest.FixtureRequest) -> None:
    """The compiler and the emulator of the board a test is about."""
    callspec = getattr(request.node, "callspec", None)
    board_id = callspec.params.get("board_id") if callspec else None
    board = get_board(board_id) if board_id else None
    if board and board.toolchain and isinstance(board.device, Qemu):
        for tool in (f"{board.toolchain.prefix}-gcc", board.device.program):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The test firmware's ELF for a board id, built once."""
    built: dict[str, Path] = {}

    def get(board_id: str) -> Path:
        if board_id not in built:
            project = tmp_path_factory.mktemp(board_id)
            board = get_board(board_id)
            write_project(board, project)
            built[board_id] = build(project, board).elf
        return built[board_id]

    return get


@pytest.fixture
def bench(firmware: Callable[[str], Path], tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    """Starts the test firmware on a board; whatever was started is ended after the test."""
    started: list[Bench] = []

    def start(board_id: str) -> Bench:
        number = len(started)
        started.append(Bench(get_board(board_id), firmware(board_id), tmp_path / str(number)))
        return started[-1]

    yield start
    for one in started:
        one.close()
