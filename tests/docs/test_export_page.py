"""The page of exports, followed: every command of it, in an empty folder with a model. What is not
on this machine is a stand-in that does the same with what is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, ROOT, tinygen

PAGE = ROOT / "docs" / "how-to" / "export.md"
STAND_INS = ROOT / "tests" / "export"


def sections() -> dict[str, list[str]]:
    """The lines that a person types, by heading."""
    parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.M)
    return {
        title: [line for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)
                for line in block.splitlines()]
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }  # fmt: skip


def stood_in(words: list[str], folder: Path) -> list[list[str]]:
    """What takes the place of a command: what would be done, with the tools that are here."""
    match words:
        case ["arduino-cli", "lib", "install", "--zip-path", name]:
            with zipfile.ZipFile(folder / name) as archive:
                tops = {entry.split("/")[0] for entry in archive.namelist()}
            assert tops == {"model"}, "one library, in a folder of its name"
            return []
        case ["idf.py", "set-target", _]:
            return []
        case ["idf.py", "build"]:
            return [["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]]
        case ["west", "build", "-b", _, source]:
            cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=arm-none-eabi-gcc"]
            cross.append("-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
            core = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 --specs=nosys.specs"
            configured = ["cmake", "-S", source, "-B", "build", *cross, f"-DCMAKE_C_FLAGS={core}"]
            return [configured, ["cmake", "--build", "build"]]
    return [words]


@pytest.mark.parametrize("title", [title for title, lines in sections().items() if lines])
def test_a_section_is_followed(title: str, tmp_path: Path) -> None:
    for tool in ("cmake", "gcc", "arm-none-eabi-gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    shutil.copy(GOLDEN_MODEL, tmp_path / "model.tflite")
    environment = dict(
        os.environ, IDF_PATH=str(STAND_INS / "esp_idf"), ZEPHYR_BASE=str(STAND_INS / "zephyr")
    )
    folder, said = tmp_path, ""
    for line in sections()[title]:
        words = shlex.split(line)
        if words[0] == "cd":
            folder = folder / words[1]
        elif words[0] == "tinygen":
            assert tinygen(*words[1:], cwd=folder).code == 0, line
        else:
            for command in stood_in(words, folder):
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                said = done.stdout
    if title in {"CMake", "Anything else"}:
        assert said.startswith("model: output ")
