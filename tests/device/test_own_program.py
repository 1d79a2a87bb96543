"""A user's own program beside what answers `verify`: it stays, it runs, and the model is proved."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.tflite_file import single_operator, tensor
from tests.runner import GOLDEN_MODEL
from tinygen.api.build import build
from tinygen.api.flash import flash
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.errors import ToolchainError
from tinygen.proof.verdict import Verdict

LIBRARY = {
    "lib/counter/counter.h": '#ifdef __cplusplus\nextern "C"\n#endif\nint count(void);\n',
    "lib/counter/counter.c": '#include "counter.h"\nint count(void) {\n  static int n;\n'
    "  return ++n;\n}\n",
}
PROGRAM = """
#include "counter.h"
#include "model.h"
#include "tg_app.h"
#include "tg_hal.h"

static float samples[MODEL_INPUT_0_ELEMENTS];

void app_setup(void) {
  count();
}

/* Uses the model's memory between the host's inferences, and talks on the host's line. */
void app_loop(void) {
  samples[0] = (float)count();
  model_quantize(&model_inputs[0], samples, model_input(0));
  if (model_invoke() != MODEL_OK) {
    tg_hal_write((const uint8_t *)"failed\\r\\n", 8);
  }
  if (count() % 50 < 2) {
    tg_hal_write((const uint8_t *)"counted\\r\\n", 9);
  }
}
"""
SKETCH = "#include <Arduino.h>\n#include <Wire.h>\n" + PROGRAM.replace(
    "  count();\n", "  Wire.begin();\n  count();\n", 1
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A project's, whose emulator is ended."""
    yield tmp_path / "p"
    qemu.stop(tmp_path / "p" / ".tinygen")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another model: two inputs' worth of nothing but a pool."""
    source, target = tensor((1, 8, 8, 2), scale=0.5), tensor((1, 4, 4, 2), scale=0.5)
    options = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    path = tmp_path_factory.mktemp("other") / "other.tflite"
    path.write_bytes(single_operator("MAX_POOL_2D", [source], [target], options))
    return path


def proved(folder: Path, model: Path, board: str, vectors: int) -> None:
    build(model, board=board, engine="aot", out=folder)
    flash(folder)
    assert verify(folder, vectors=vectors).verdict is Verdict.MATCH


@pytest.mark.parametrize(
    ("board", "name", "text"),
    [("qemu-cortex-m3", "src/app.c", PROGRAM), ("qemu-mega2560", "src/app.cpp", SKETCH)],
)
def test_it_stays_and_the_model_is_proved(
    board: str, name: str, text: str, folder: Path, other: Path
) -> None:
    build(GOLDEN_MODEL, board=board, engine="aot", out=folder)
    assert "app_loop" in (folder / name).read_text()
    for path, content in {name: text, **LIBRARY}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    proved(folder, GOLDEN_MODEL, board, 20)
    proved(folder, other, board, 20)
    proved(folder, GOLDEN_MODEL, board, 5)
    assert (folder / name).read_text() == text


def test_the_error_of_its_compiler_names_file_and_line(folder: Path) -> None:
    build(GOLDEN_MODEL, board="qemu-cortex-m3", engine="aot", out=folder)
    (folder / "src/app.c").write_text(PROGRAM.replace("count();", "cuont();", 1) + "void f( {}\n")
    with pytest.raises(ToolchainError) as caught:
        build(GOLDEN_MODEL, board="qemu-cortex-m3", engine="aot", out=folder)
    assert "src/app.c:" in caught.value.why


def test_app_ini_adds_flags_and_a_program_may_be_cxx(folder: Path) -> None:
    build(GOLDEN_MODEL, board="qemu-cortex-m3", engine="aot", out=folder)
    (folder / "src/app.c").unlink()
    (folder / "src/app.cpp").write_text(
        "#ifndef MINE\n#error not said\n#endif\n"
        + PROGRAM.replace('#include "counter.h"', "").replace("count()", "1")
    )
    (folder / "app.ini").write_text("[app]\nbuild_flags = -DMINE\n")
    options = {"board": "qemu-cortex-m3", "engine": "aot", "out": folder, "trust_project": True}
    build(GOLDEN_MODEL, **options)  # type: ignore[arg-type]
    assert not (folder / "src/app.c").exists(), "there is a program already"
    assert (folder / "app.ini").read_text() == "[app]\nbuild_flags = -DMINE\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the board is a process of Linux")
def test_one_that_does_not_return_is_unverified(folder: Path) -> None:
    build(GOLDEN_MODEL, board="linux-x86_64", engine="aot", out=folder)
    text = (
        "#include <unistd.h>\nvoid app_setup(void) {\n}\n"
        "void app_loop(void) {\n  for (;;) {\n    pause();\n  }\n}\n"
    )
    (folder / "src/app.c").write_text(text)
    build(GOLDEN_MODEL, board="linux-x86_64", engine="aot", out=folder)
    result = verify(folder, vectors=1)
    assert result.verdict is Verdict.UNVERIFIED
    assert "does not answer" in result.reason


def test_the_first_program_has_no_warnings() -> None:
    """In C and in C++, with class names and without."""
    root = Path(__file__).resolve().parents[2]
    program = root / "firmware/example_model/app.c"
    includes = [f"-I{root / 'firmware' / part}" for part in ("example_model", "protocol", "hal")]
    labels = '-DMODEL_OUTPUT_0_LABELS={"a","b"}'
    for compiler, language in (("gcc", "c"), ("g++", "c++")):
        for extra in ((), (labels,)):
            command = [compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *includes]
            command += [*extra, "-x", language, str(program)]
            subprocess.run(command, check=True)
