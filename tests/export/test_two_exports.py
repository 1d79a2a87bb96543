"""Two exports with names of their own are linked into one program, in C and in C++."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.every_operator import every_operator
from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.proof import interpret

_MAIN = """
#include <stdio.h>
#include <string.h>
%s
int main(void) {
  if (digits_init() != MODEL_OK || every_init() != MODEL_OK) return 1;
  memset(digits_input(0), 7, DIGITS_INPUT_0_ELEMENTS);
  memset(every_input(0), 9, EVERY_INPUT_0_ELEMENTS);
  if (digits_invoke() != MODEL_OK || every_invoke() != MODEL_OK) return 2;
  const struct model_tensor *digit = &digits_outputs[0];
  const struct model_tensor *first = &every_outputs[0];
  fwrite(digits_output(0), 1, digit->elements, stdout);
  fwrite(every_output(0), 1, first->elements, stdout);
  return 0;
}
"""


def _expected(model: Path, value: int) -> bytes:
    graph = passes.simplify(tflite.read(model.read_bytes(), "model"))
    shape = graph.tensors[graph.inputs[0]].shape
    values = interpret.run(graph, [np.full(shape, value, np.int8)])
    return values[graph.outputs[0]].tobytes()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    every = tmp_path_factory.mktemp("models") / "every.tflite"
    every.write_bytes(every_operator())
    return {"digits": GOLDEN_MODEL, "every": every}


@pytest.mark.parametrize("form", ["cmake", "header"])
def test_they_run_in_one_program(form: str, models: dict[str, Path], tmp_path: Path) -> None:
    for name, model in models.items():
        tinygen.export(model, board="linux-x86_64", form=form, out=tmp_path / name, name=name)
    includes = "".join(f'#include "{name}.h"\n' for name in models)
    if form == "header":
        includes = "".join(f"#define {name.upper()}_IMPLEMENTATION\n" for name in models) + includes
    main = tmp_path / "main.c"
    main.write_text(_MAIN % includes)
    folders = [tmp_path / name / ("" if form == "header" else "src") for name in models]
    sources = [] if form == "header" else [p for f in folders for p in sorted(f.glob("*.c"))]
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", *(f"-I{folder}" for folder in folders)]
    expected = _expected(models["digits"], 7) + _expected(models["every"], 9)
    for language in (("gcc", "-std=c11"), ("g++", "-std=c++11", "-x", "c++")):
        command = [*language, *flags, main, *sources, "-o", tmp_path / "program"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:4000]
        ran = subprocess.run([tmp_path / "program"], capture_output=True, check=True)
        assert ran.stdout == expected
