"""The same input gives the same bytes, whatever the folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen.api.build import build
from tinygen.boards import all_boards
from tinygen.pio import core


def contents(project: Path) -> dict[str, bytes]:
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and ".pio" not in path.parts and ".tinygen" not in path.parts
    }


@pytest.mark.parametrize("board", ["qemu-cortex-m0", "qemu-cortex-m55"])
def test_two_builds_are_identical(
    board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache a"))  # objects are not shared
    first = build(GOLDEN_MODEL, board=board, out=tmp_path / "a", jobs=1)
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache b"))
    second = build(GOLDEN_MODEL, board=board, out=tmp_path / "other folder" / "b", jobs=2)
    assert contents(first.generated.project) == contents(second.generated.project)
    assert first.elf.read_bytes() == second.elf.read_bytes()
    assert str(tmp_path).encode() not in first.elf.read_bytes()
    for name, content in contents(first.generated.project).items():
        assert str(tmp_path).encode() not in content, name


def test_a_person_can_build_it_with_pio_run(tmp_path: Path) -> None:
    built = build(GOLDEN_MODEL, board="qemu-cortex-m4", out=tmp_path / "p", jobs=1)
    before = built.elf.read_bytes()
    built.elf.unlink()
    subprocess.run(
        [sys.executable, "-m", "platformio", "run"],
        cwd=tmp_path / "p",
        env=core.environment(),
        check=True,
        capture_output=True,
    )
    assert built.elf.read_bytes() == before


def test_the_checkout_builds_for_every_board_of_our_own_platform(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    if not (root / "platformio.ini").is_file():
        pytest.skip("not a checkout")
    environment = {**core.environment(), "PLATFORMIO_WORKSPACE_DIR": str(tmp_path / "w")}
    subprocess.run(
        [sys.executable, "-m", "platformio", "run", "-d", str(root)],
        env=environment,
        check=True,
        capture_output=True,
    )
    built = {path.parent.name for path in (tmp_path / "w").rglob("firmware.elf")}
    assert built == {board.id for board in all_boards() if board.platformio.local}
