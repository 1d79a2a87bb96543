"""Real builds with PlatformIO: the same bytes in any folder, sizes, and what fails how."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator.board_bench import write_project
from tinygen.boards import Qemu, all_boards, get_board
from tinygen.errors import DoesNotFit, ToolchainError
from tinygen.pio.core import environment
from tinygen.pio.elf import check_fit, sizes
from tinygen.pio.run import build

BOARD = get_board("qemu-cortex-m0")


@pytest.mark.parametrize(
    "board_id",
    [board.id for board in all_boards() if isinstance(board.device, Qemu) and board.port.uart],
)
def test_same_bytes_in_any_folder(
    board_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = get_board(board_id)
    digests = set()
    for folder in (tmp_path / "a", tmp_path / "another name" / "deeper"):
        write_project(board, folder)
        monkeypatch.setenv("TINYGEN_CACHE", str(folder) + "-cache")  # objects are not shared
        before = {path for path in folder.rglob("*") if path.is_file()}
        elf = build(project=folder, board=board).elf
        digests.add(hashlib.sha256(elf.read_bytes()).hexdigest())
        assert str(tmp_path).encode() not in elf.read_bytes()
        # Nothing but the build folder is added to the project.
        added = {path for path in folder.rglob("*") if path.is_file()} - before
        assert {path.relative_to(folder).parts[0] for path in added} == {".pio"}
    assert len(digests) == 1


def test_sizes(tmp_path: Path) -> None:
    write_project(BOARD, tmp_path)
    lines: list[str] = []
    result = build(tmp_path, BOARD, on_line=lines.append)
    assert any("SUCCESS" in line for line in lines)
    assert not any("follow us" in line for line in lines)
    found = sizes(result.elf)
    assert found.arena == 512
    assert found.stack == BOARD.stack_bytes
    assert 256 <= found.ram_static < 512  # the receive ring and a few variables
    size = subprocess.run(
        ["arm-none-eabi-size", "-B", result.elf], capture_output=True, text=True, check=True
    )
    text, data, bss = (int(word) for word in size.stdout.splitlines()[1].split()[:3])
    assert found.flash == text + data
    assert found.ram == data + bss
    check_fit(found, BOARD)


@pytest.mark.parametrize(
    ("extra", "memory", "needs"),
    [
        ("volatile const char big[300000] = {1}; const volatile char *p(void);", "flash", 300_000),
        ("volatile char big[20000];", "RAM", 20_000),
    ],
)
def test_too_large(extra: str, memory: str, needs: int, tmp_path: Path) -> None:
    use = "\nint use(void);\nint use(void) { return big[0]; }\n"
    write_project(BOARD, tmp_path, extra + "\n__attribute__((used))" + use.lstrip())
    ini = tmp_path / "platformio.ini"
    ini.write_text(ini.read_text().replace("-Werror", "-Wl,--undefined=big"))
    with pytest.raises(DoesNotFit, match="qemu-cortex-m0") as caught:
        build(tmp_path, BOARD)
    has = BOARD.memory.flash.bytes if memory == "flash" else BOARD.memory.ram.bytes
    words = caught.value.why.split()
    assert words[:2] == [f"{memory}:", "needs"]
    assert needs < int(words[2].replace(",", "")) < needs + 20_000
    assert f"has {has:,}," in caught.value.why
    assert "qemu-cortex-m3" in caught.value.next_step


def test_a_project_is_not_taken_for_another(tmp_path: Path) -> None:
    """They share objects, and the same sources have the same paths in each."""

    def built(name: str, number: int) -> bytes:
        folder = tmp_path / name
        write_project(BOARD, folder, f"extern const int number;\nconst int number = {number};\n")
        ini = folder / "platformio.ini"
        ini.write_text(ini.read_text().replace("-Werror", "-Wl,--undefined=number"))
        return build(folder, BOARD).elf.read_bytes()

    first = built("one", 1)
    wanted = built("other", 2)
    assert first != wanted
    assert built("one", 2) == wanted


def test_a_compile_error_is_shown(tmp_path: Path) -> None:
    write_project(BOARD, tmp_path, "int broken(void) { return nonsense; }\n")
    with pytest.raises(ToolchainError) as caught:
        build(tmp_path, BOARD)
    assert "src/main.c" in caught.value.why
    assert "'nonsense' undeclared" in caught.value.why
    assert "Compiling" not in caught.value.why


def test_plain_platformio_builds_the_project(tmp_path: Path) -> None:
    """As a person would: in the project's folder, with no argument."""
    write_project(BOARD, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "platformio", "run"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".pio/build/qemu-cortex-m0/firmware.elf").is_file()
