"""Projects built once per test run, and emulators that end with the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen.api.build import BuildResult, build
from tinygen.devices import qemu


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """The compiler and the emulator of the emulated boards."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.fixture
def digits(tmp_path: Path) -> Iterator[Callable[[str], BuildResult]]:
    """Builds the golden model for a board; its emulator is stopped after the test."""
    built: list[BuildResult] = []

    def make(board: str) -> BuildResult:
        out = tmp_path / f"digits-{board}"
        built.append(build(GOLDEN_MODEL, board=board, out=out, jobs=1))
        return built[-1]

    yield make
    for one in built:
        qemu.stop(one.generated.project / ".tinygen")


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a build remembers of the current directory stays in the test's own."""
    monkeypatch.chdir(tmp_path)
