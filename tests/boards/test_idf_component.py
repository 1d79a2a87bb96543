"""What CMake makes of the firmware as a component of ESP-IDF, which is not here itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import generate, pio
from tinygen.boards import get_board
from tinygen.project.firmware import hal_files, root_files
from tinygen.resources import firmware_dir

REGISTER = """
function(idf_component_register)
  message(STATUS "register ${ARGN}")
endfunction()
include("${CMAKE_CURRENT_LIST_DIR}/component.cmake")
"""


def register(source: Path) -> list[str]:
    """The words that the component is registered with."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    (source / "component.cmake").write_bytes((source / "CMakeLists.txt").read_bytes())
    (source / "script.cmake").write_text(REGISTER, "utf-8")
    command = [cmake, "-P", str(source / "script.cmake")]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("register ")[1].strip().split(";")


def project(folder: Path, *more: str) -> Path:
    """The fixed files of the board's project, and empty ones of these names."""
    board = get_board("esp32c6")
    for name, content in (root_files(board) | hal_files(board)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for name in more:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder / "src"


def test_with_the_engine_aot(tmp_path: Path) -> None:
    words = register(project(tmp_path, "src/protocol/p.c"))
    folders = words[words.index("INCLUDE_DIRS") + 1 : words.index("PRIV_REQUIRES")]
    assert folders == ["hal", "protocol"]
    assert words[words.index("PRIV_REQUIRES") + 1 :] == ["driver", "esp_timer", "esp_rom"]
    names = {Path(word).name for word in words[1 : words.index("INCLUDE_DIRS")]}
    assert {"main.c", "tg_hal_esp_idf.c", "p.c"} == names


def test_with_the_engine_tflm(tmp_path: Path) -> None:
    """A folder that is not there is an error of ESP-IDF."""
    files = ("src/protocol/p.c", "src/tflm/t.cc", "src/idf_component.yml")
    words = register(project(tmp_path, *files))
    folders = words[words.index("INCLUDE_DIRS") + 1 : words.index("PRIV_REQUIRES")]
    assert folders == ["hal", "protocol", "tflm"]
    assert words[-1] == "esp-tflite-micro"
    assert any(word.endswith("/t.cc") for word in words)


def test_the_component_is_the_one_of_the_facts() -> None:
    text = (firmware_dir() / "tflm" / "idf_component.yml").read_text("utf-8")
    assert 'espressif/esp-tflite-micro: "==' in text, "pinned, so that a build stays the same"
    assert 'espressif/esp-nn: "==' in text


def test_platformio_s_finder_adds_the_model(tmp_path: Path) -> None:
    """CMake knows the sources in `src` alone. What lies in `lib/model` reaches the firmware because
    PlatformIO looks for the libraries of a project of ESP-IDF as of any other."""
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        pytest.skip("riscv64-unknown-elf-gcc is not installed")
    folder = tmp_path / "p"
    generate(GOLDEN_MODEL, board="esp32c6", engine="aot", out=folder)
    shutil.copytree(Path(__file__).with_name("espressif32"), folder / "platforms/espressif32")
    told = (folder / "platformio.ini").read_text("utf-8")
    (folder / "platformio.ini").write_text(
        told.replace("[platformio]", "[platformio]\nplatforms_dir = platforms"), "utf-8"
    )
    elf = pio.build(folder, get_board("esp32c6")).elf
    symbols = subprocess.run(
        ["riscv64-unknown-elf-nm", "--defined-only", elf],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for symbol in ("model_init", "model_invoke", "tg_serve_step", "app_setup"):
        assert symbols.count(f" T {symbol}\n") == 1, symbol
