"""The environments of converters: said before they are made, whole or not there, gone on with."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tinygen.api.cache import cache
from tinygen.convert import ENVIRONMENTS
from tinygen.convert import environment as module
from tinygen.errors import InputError, ToolchainError
from tinygen.load import load
from tinygen.progress import SILENT

LOCKS = Path(module.__file__).with_name("locks")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.name)
def test_every_package_has_one_version(lock: Path) -> None:
    pins = [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    assert len(pins) > 20
    for pin in pins:
        assert re.fullmatch(r"[\w.-]+==[\w.+]+(; sys_platform [!=]= \"linux\")?", pin), pin


@pytest.mark.parametrize("one", ENVIRONMENTS, ids=lambda one: one.name)
def test_a_model_says_what_to_set_up_and_what_it_takes(one: module.Environment) -> None:
    assert set(one.versions()) == set(one.requirements)
    with pytest.raises(InputError, match="not set up") as caught:
        one.require("net.onnx")
    assert "GB on disk" in caught.value.why
    assert caught.value.next_step == f"tinygen setup {one.name}"


def test_an_onnx_file_asks_for_it(tmp_path: Path) -> None:
    from tinygen.convert import convert

    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x08")
    with pytest.raises(InputError) as caught:
        load(path, convert=convert)
    assert caught.value.next_step == "tinygen setup onnx"


def test_what_was_interrupted_is_not_there_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one = module.environment("onnx")
    ran: list[list[str]] = []
    broken = True

    def run(command: list[str], *_: object, **__: object) -> None:
        ran.append(command)
        if "venv" in command:
            one.python.parent.mkdir(parents=True)
            one.python.symlink_to(sys.executable)
        elif broken:
            raise ToolchainError("the line is gone")

    monkeypatch.setattr(module, "_run", run)
    with pytest.raises(ToolchainError):
        one.make(SILENT)
    assert not one.is_there
    broken = False
    one.make(SILENT)
    assert one.is_there
    assert [command[1:4] for command in ran] == [
        ["-m", "venv", str(one.folder)],
        ["-I", "-m", "pip"],
        ["-I", "-m", "pip"],
    ]
    assert ran[-1][-1] == "onnx2tf"
    assert str(LOCKS / one.lock) in ran[-1]
    one.make(SILENT)
    assert len(ran) == 3


def test_pips_reason_is_told() -> None:
    command = [sys.executable, "-c", "print('ERROR: No matching distribution'); exit(1)"]
    with pytest.raises(ToolchainError, match="could not be filled") as caught:
        module._run(command, SILENT, "filled")
    assert "No matching distribution" in caught.value.why


def test_only_those_of_other_versions_are_pruned() -> None:
    one = module.environment("torch")
    old = one.folder.with_name("torch-3.11-0123456789ab")
    for folder in (one.folder, old):
        folder.mkdir(parents=True)
        (folder / "package").write_bytes(b"x" * 100)
    (part,) = cache().parts
    assert (part.name, part.prunable_bytes) == (module.FOLDER, 100)
    cache(prune=True)
    assert one.folder.is_dir()
    assert not old.exists()
