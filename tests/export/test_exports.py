"""Each form of the library, compiled by what is here, and run where it can."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.errors import InputError

AVR_CORE = Path("/usr/share/arduino/hardware/arduino/avr")


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def export(form: str, out: Path, board: str = "linux-x86_64", **options: object) -> Path:
    done = tinygen.export(GOLDEN_MODEL, board=board, form=form, out=out, **options)  # type: ignore[arg-type]
    return done.path


def test_cmake_on_the_host_and_run(tmp_path: Path) -> None:
    need("cmake", "gcc")
    folder = export("cmake", tmp_path / "any name")
    run("cmake", "-S", folder / "example", "-B", tmp_path / "b", "-DCMAKE_C_FLAGS=-Wall -Werror")
    run("cmake", "--build", tmp_path / "b")
    assert run(tmp_path / "b/classify").startswith("digits: output ")


def test_cmake_for_a_cortex_m(tmp_path: Path) -> None:
    need("cmake", "arm-none-eabi-gcc")
    folder = export("cmake", tmp_path / "c", "qemu-cortex-m4")
    flags = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -Wall -Werror"
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nadd_subdirectory(c model)\n"
    )
    cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=arm-none-eabi-gcc"]
    cross += ["-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", f"-DCMAKE_C_FLAGS={flags}"]
    run("cmake", "-S", tmp_path, "-B", tmp_path / "b", *cross)
    run("cmake", "--build", tmp_path / "b")
    assert (tmp_path / "b/model/libmodel.a").is_file()
    listed = json.dumps((folder / "CMakeLists.txt").read_text())
    assert "-fno-schedule-insns" in listed, "what the set dsp asks for"


def test_one_header_in_c_and_run(tmp_path: Path) -> None:
    need("gcc")
    folder = export("header", tmp_path / "h")
    run("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "example.c", "-o", "example", cwd=folder)
    assert run(folder / "example").startswith("digits: output ")
    (folder / "other.c").write_text('#include "model.h"\nint other(void) { return MODEL_OK; }\n')
    run("gcc", "-std=c11", "-Werror", "example.c", "other.c", "-o", "two", cwd=folder)


def test_a_library_of_arduino_in_a_zip(tmp_path: Path) -> None:
    need("avr-g++", "avr-gcc")
    if not AVR_CORE.is_dir():
        pytest.skip("the Arduino core is not installed")
    path = export("arduino", tmp_path / "a.zip", "mega2560")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "model"
    properties = dict(
        line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines()
    )
    wanted = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url"}
    assert wanted | {"architectures"} <= properties.keys()
    core = [f"-I{AVR_CORE}/cores/arduino", f"-I{AVR_CORE}/variants/mega", f"-I{folder / 'src'}"]
    avr = ["-mmcu=atmega2560", "-Os", "-DARDUINO=10819", "-DF_CPU=16000000L", *core, "-c"]
    for source in sorted((folder / "src").rglob("*.c")):
        run("avr-gcc", "-std=gnu11", *avr, source, "-o", tmp_path / f"{source.stem}.o")
    sketch = folder / "examples/classify/classify.ino"
    arduino = ["-std=gnu++11", "-include", "Arduino.h", "-x", "c++"]
    run("avr-g++", *avr, *arduino, sketch, "-o", tmp_path / "sketch.o")


STAND_INS = Path(__file__).parent
"""ESP-IDF's and Zephyr's build systems are not here: ours do what their documentation says."""


def test_an_esp_idf_project_with_the_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("cmake", "gcc")
    monkeypatch.setenv("IDF_PATH", str(STAND_INS / "esp_idf"))
    folder = export("esp-idf", tmp_path / "wakeword")
    run("cmake", "-S", folder / "examples/classify", "-B", tmp_path / "b")
    run("cmake", "--build", tmp_path / "b")
    assert run(tmp_path / "b/classify").startswith("digits: output ")
    listed = (folder / "CMakeLists.txt").read_text()
    assert "target_compile_options(${COMPONENT_LIB} PRIVATE ${flags})" in listed


def test_an_esp_idf_component_for_a_risc_v(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ESP-IDF's warnings are errors; its compiler for a C3 is a GCC for RISC-V."""
    need("cmake", "riscv64-unknown-elf-gcc")
    monkeypatch.setenv("IDF_PATH", str(STAND_INS / "esp_idf"))
    folder = export("esp-idf", tmp_path / "model", "esp32c3")
    flags = "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs"
    cross = ["-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=riscv64-unknown-elf-gcc"]
    cross += ["-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", f"-DCMAKE_C_FLAGS={flags}"]
    run("cmake", "-S", folder / "examples/classify", "-B", tmp_path / "b", *cross)
    run("cmake", "--build", tmp_path / "b", "--target", "__idf_main")
    assert (tmp_path / "b/components/model/lib__idf_model.a").is_file()


def test_a_zephyr_application_with_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("cmake", "gcc")
    monkeypatch.setenv("ZEPHYR_BASE", str(STAND_INS / "zephyr"))
    folder = export("zephyr", tmp_path / "wakeword")
    run("cmake", "-S", folder / "samples/classify", "-B", tmp_path / "b")
    run("cmake", "--build", tmp_path / "b")
    assert run(tmp_path / "b/zephyr").startswith("digits: output ")


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="exists"):
        export("cmake", tmp_path)
    with pytest.raises(InputError, match="--as is make"):
        export("make", tmp_path / "m")


@pytest.mark.parametrize("zip", [False, True])
def test_an_export_that_is_interrupted_leaves_nothing(
    zip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was half written looked whole, and stood in the way of the next one."""
    place = tmp_path / "place"
    place.mkdir()
    write, archived = Path.write_bytes, zipfile.ZipFile.writestr
    written = []

    def stopping(then: Callable[..., object]) -> Callable[..., object]:
        def call(self: Any, *given: object) -> object:
            if isinstance(self, zipfile.ZipFile) or place in self.parents:
                written.append(self)
                if len(written) == 3:
                    raise KeyboardInterrupt
            return then(self, *given)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", stopping(write))
        patch.setattr(zipfile.ZipFile, "writestr", stopping(archived))
        with pytest.raises(KeyboardInterrupt):
            export("cmake", place / "library", zip=zip)
    assert len(written) == 3
    assert list(place.iterdir()) == []
    assert export("cmake", place / "library", zip=zip).exists()
