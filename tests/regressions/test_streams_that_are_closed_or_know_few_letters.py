"""A closed standard output, a reader that left (`| head`), a full one, a locale without umlauts and
a folder name that is not UTF-8 each ended in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL

GENERATE = ("generate", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out")


def run(
    folder: Path, redirection: str, *arguments: str | Path | bytes, **env: str
) -> tuple[int, str]:
    """Exit code and standard error of a command in a shell, with `redirection` after it."""
    command = [sys.executable, "-m", "tinygen", *arguments]
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *command],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "redirection", [">&-", ">&- 2>&-", "<&-", "| true; exit ${PIPESTATUS[0]}", ">&- <&-"]
)
def test_the_exit_code_is_the_result_s(tmp_path: Path, redirection: str) -> None:
    for arguments in ((*GENERATE, "p"), ("boards",), ("boards", "--json")):
        code, told = run(tmp_path, redirection, *arguments)
        assert code == 0, told
        assert "Traceback" not in told
        assert "Exception" not in told


def test_a_full_output_is_told(tmp_path: Path) -> None:
    code, told = run(tmp_path, "> /dev/full", "boards")
    assert code == 2
    assert "No space left on device" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["übung 東京".encode(), b"not \xff\xfe utf-8"])
@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_any_folder_in_any_locale(tmp_path: Path, name: bytes, locale: dict[str, str]) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    folder.mkdir()
    model = folder / os.fsdecode(name + b".tflite")
    model.write_bytes(GOLDEN_MODEL.read_bytes())
    for command in (
        ("build", model, "--board", "qemu-cortex-m4", "--out", os.fsdecode(name)),
        ("flash",),
        ("verify",),
        ("stop", "--json"),
        ("flash", b"missing " + name),
    ):
        code, told = run(folder, "", *command, **locale)
        assert code == (2 if len(command) == 2 and command[0] == "flash" else 0), told
        assert "Traceback" not in told
