"""What a build had left was damaged afterwards (a disk, a crash, an editor): the next build took it
for made already. A firmware cut short was "build it again" for ever, an altered one was flashed,
and damaged objects ended every build in a linker's error.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen

BUILD = ("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out", "p")


def cut(folder: Path) -> None:
    elf = folder / "firmware.elf"
    elf.write_bytes(elf.read_bytes()[:100])
    (folder / ".sconsign311.dblite").write_bytes(b"not a pickle")


def alter(folder: Path) -> None:
    elf = folder / "firmware.elf"
    content = bytearray(elf.read_bytes())
    content[len(content) // 2] ^= 0x40
    elf.write_bytes(content)


def damage_objects(folder: Path) -> None:
    for path in folder.rglob("*.o"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove(folder: Path) -> None:
    shutil.rmtree(folder.parents[1])


def test_the_next_build_is_whole(tmp_path: Path) -> None:
    first = tinygen(*BUILD, cwd=tmp_path)
    assert first.code == 0, first.err
    folder = tmp_path / "p" / ".pio" / "build" / "qemu-cortex-m4"
    wanted = (folder / "firmware.elf").read_bytes()
    damages: tuple[Callable[[Path], None], ...] = (cut, alter, damage_objects, remove)
    for damage in damages:
        damage(folder)
        again = tinygen(*BUILD, cwd=tmp_path)
        assert again.code == 0, f"{damage.__name__}: {again.err}"
        assert (folder / "firmware.elf").read_bytes() == wanted, damage.__name__


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged objects reach no other test's."""
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path_factory.mktemp("cache")))
