"""Packages in an environment of their own, from wheels made here: no network."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tinygen import processes
from tinygen.environments import Environment, create, python_of
from tinygen.errors import InputError, ToolchainError

GREETER = Environment("greeter", "a greeting", ("tinygen-greeter==1.0",), beside=True)
"""A package of our own, which needs another `numpy` than the one here."""


def wheel(folder: Path, name: str, version: str, code: str, needs: str = "") -> None:
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {needs}"] if needs else []
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{module}.py", code)
        file.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "tinygen-greeter", "1.0", "WORD = 'hello'\n", needs="numpy==0.1")
    wheel(folder, "numpy", "0.1", "__version__ = '0.1'\n")
    return folder


def test_its_packages_come_before_ours_and_change_none(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(InputError) as raised:
        python_of(GREETER, tmp_path)
    assert raised.value.next_step == "tinygen setup greeter"
    folder = create(GREETER, tmp_path, wheels)
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy, tinygen_greeter, msgspec\n"
        "print(numpy.__version__, tinygen_greeter.WORD, msgspec.__name__)\n"
    )
    python = python_of(GREETER, tmp_path)
    assert folder in python.parents
    done = processes.run_python(str(script), input=b"", timeout=60, python=python)
    assert done.stdout.decode().split() == ["0.1", "hello", "msgspec"], done.stderr
    assert __import__("numpy").__version__ != "0.1"
    assert create(GREETER, tmp_path, Path("nowhere")) == folder, "made once"


def test_what_cannot_be_installed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(command: list[str], **_: object) -> processes.CompletedProcess[bytes]:
        Path(command[-1] if "venv" in command else tmp_path).mkdir(exist_ok=True)
        code = int("pip" in command)
        return processes.CompletedProcess(command, code, b"", b"ERROR: No matching distribution\n")

    monkeypatch.setattr(processes, "run", started)
    alone = Environment("alone", "nothing", ("tinygen-greeter==1.0",), beside=False)
    with pytest.raises(ToolchainError, match="could not be installed") as raised:
        create(alone, tmp_path)
    assert raised.value.why == "ERROR: No matching distribution"
    assert "--source" in str(raised.value.next_step)
    assert not alone.folder(tmp_path).exists()
    with pytest.raises(InputError, match="is no folder"):
        create(alone, tmp_path, tmp_path / "wheels")
