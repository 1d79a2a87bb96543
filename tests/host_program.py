"""A program of the engine aot, compiled and run on the host under sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from tinygen.engines.aot.program import Program
from tinygen.engines.aot.render import model_files
from tinygen.ir import Array
from tinygen.project import sources
from tinygen.project.library import SOURCES
from tinygen.resources import firmware_dir
from tinygen.templates import Identity

KERNELS = firmware_dir() / "kernels"
_MAIN = """
#include <stdio.h>
#include "model.h"
int main(void) {
  if (model_init() != MODEL_OK) return 1;
  while (fread(model_input(0), 1, MODEL_INPUT_0_ELEMENTS, stdin) == MODEL_INPUT_0_ELEMENTS) {
    if (model_invoke() != MODEL_OK) return 2;
    fwrite(model_output(0), 1, MODEL_OUTPUT_0_ELEMENTS, stdout);
  }
  return 0;
}
"""
_FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)


def write(program: Program, folder: Path, kernels: Path | None = None) -> None:
    """The program's files as in a project, and a main; `kernels` as `sources.kernel_files`."""
    files = dict(sources.kernel_files(program.kernels, kernels))
    identity = Identity("model", "aot", "host", "00" * 32, "test")
    for name, text in model_files(program, identity).items():
        files[f"{SOURCES}/{name}"] = text.encode()
    for name, content in {**files, "src/main.c": _MAIN.encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def run(folder: Path, inputs: Array) -> Array:
    """What the program in `folder` computes of int8 inputs [vectors, ...]: [vectors, elements]."""
    binary = folder / "program"
    files = [folder / "src" / "main.c", *(folder / SOURCES).glob("*.c")]
    subprocess.run(["gcc", *_FLAGS, f"-I{folder / SOURCES}", *files, "-o", binary], check=True)
    ran = subprocess.run([binary], input=inputs.tobytes(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return np.frombuffer(ran.stdout, np.int8).reshape(len(inputs), -1)
