"""The same input gives the same bytes, whatever the folder, the user, the locale, the time zone,
the umask and the seed of hashes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.load import keras_builders
from tests.runner import GOLDEN_MODEL, command, environment
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


@dataclass(frozen=True)
class Setting:
    """Under which circumstances somebody builds. `another_user` sees another user id."""

    folder: str
    umask: str
    another_user: bool
    env: dict[str, str]

    def build(self, tmp_path: Path, model: Path, *arguments: str) -> dict[str, bytes]:
        """Every file of the project, and the ELF file."""
        here = tmp_path / self.folder
        here.mkdir(parents=True)
        line = command("build", model, "--board", "qemu-cortex-m4", "--out", "p", *arguments)
        user = ["unshare", "--user", "--"] if self.another_user else []
        shell = ["sh", "-c", f'umask {self.umask}; exec "$@"', "sh"]
        env = {"HOME": str(here), "TINYGEN_CACHE": str(here / "cache"), **self.env}
        subprocess.run(
            [*user, *shell, *line], cwd=here, env=environment(env), check=True, capture_output=True
        )
        elf = here / "p" / ".pio" / "build" / "qemu-cortex-m4" / "firmware.elf"
        return {**contents(here / "p"), "firmware.elf": elf.read_bytes()}


def other_users() -> bool:
    """Whether a process may have another user id here."""
    line = ["unshare", "--user", "--", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(line, check=False).returncode == 0


SETTINGS = (
    Setting("one", "022", False, {"LC_ALL": "C", "LANG": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"}),
    Setting(
        "two/deeper ü",
        "077",
        other_users(),
        {
            **{"LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "de", "USER": "else"},
            **{"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "4711", "SOURCE_DATE_EPOCH": "1"},
        },
    ),
)


@pytest.mark.parametrize("kind", ["tflite", "keras"])
def test_who_builds_where_and_how_does_not_matter(kind: str, tmp_path: Path) -> None:
    model, data = GOLDEN_MODEL, tuple[str, ...]()
    if kind == "keras":
        model, data = tmp_path / "small.keras", ("--data", "random", "--seed", "3")
        keras_builders.small_cnn(keras_builders.keras_module("keras")).save(str(model))
    one, two = (setting.build(tmp_path, model, *data) for setting in SETTINGS)
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


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
