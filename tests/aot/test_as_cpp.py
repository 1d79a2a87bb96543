"""Generated C is C++ as well, with every kernel there is, and computes the same as that."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests import host_program
from tests.golden.regenerate import MODEL
from tests.ops.cores import KERNELS, Core
from tests.ops.drawn import DRAWN, drawn
from tests.ops.emulated import differences
from tests.ops.every_operator import every_operator
from tests.ops.harness import Case, offered
from tests.ops.plain_network import plain_numbers
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.kernel_sets import KERNEL_SETS, named
from tinygen.errors import UnsupportedModel
from tinygen.project.library import SOURCES

STANDARDS = ("c++11", "c++17", "c++20")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
HEADERS = sorted(path.relative_to(KERNELS).as_posix() for path in KERNELS.rglob("*.h"))
_CORES = {"dsp": ("qemu-cortex-m4", 6), "mve": ("qemu-cortex-m55", 6)}
_MAIN = """
#include <stdio.h>
#include "model.h"
#if defined(MODEL_TYPED)
#define BYTES(tensor) (tensor).bytes
#else
#define BYTES(tensor) (tensor).elements
#endif
int main(void) {
  if (model_init() != MODEL_OK) return 1;
  for (;;) {
    for (size_t i = 0; i < MODEL_INPUTS; i++) {
      const size_t size = BYTES(model_inputs[i]);
      if (fread(model_input(i), 1, size, stdin) != size) return 0;
    }
    if (model_invoke() != MODEL_OK) return 2;
    for (size_t i = 0; i < MODEL_OUTPUTS; i++) {
      fwrite(model_output(i), 1, BYTES(model_outputs[i]), stdout);
    }
  }
}
"""


@pytest.mark.parametrize("content", [MODEL.read_bytes, every_operator, plain_numbers])
def test_a_model_compiled_as_cpp_computes_the_same(
    content: Callable[[], bytes], tmp_path: Path
) -> None:
    graph = passes.optimize(passes.simplify(tflite.read(content(), "model")))
    host_program.write(aot.compile_graph(graph), tmp_path)
    (tmp_path / "src" / "main.c").write_text(_MAIN)
    size = sum(graph.tensors[i].nbytes for i in graph.inputs)
    given = np.random.default_rng(3).integers(0, 256, 20 * size, np.uint8).tobytes()
    expected = _run(tmp_path, ("gcc", "-std=c11", "-x", "c"), given)
    assert len(expected) == 20 * sum(graph.tensors[i].nbytes for i in graph.outputs)
    for standard in STANDARDS:
        assert _run(tmp_path, ("g++", f"-std={standard}", "-x", "c++"), given) == expected


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_header_of_a_kernel_is_cpp(standard: str, tmp_path: Path) -> None:
    m4, m55 = ("-mcpu=cortex-m4", "-mthumb"), ("-mcpu=cortex-m55", "-mfloat-abi=hard")
    arm = ("arm-none-eabi-gcc", "-x", "c++")
    for compiler, words in (
        (("g++", "-x", "c++"), ("portable/", "")),
        (("g++", "-x", "c++"), ("esp32s3/", "tg_esp32s3")),  # its assembly is no assembler's yet
        ((*arm, *m4), ("dsp/", "tg_dsp")),
        ((*arm, *m55), ("mve/", "tg_mve")),
    ):
        mine = [name for name in HEADERS if _is_for(name, words)]
        assert mine
        source = tmp_path / "headers.c"
        source.write_text("".join(f'#include "{name}"\n' for name in mine))
        flags = (f"-std={standard}", *WARNINGS, "-fsyntax-only", f"-I{KERNELS}")
        _compile(*compiler, *flags, source)


@pytest.mark.parametrize("kernel_set", [*_CORES, "portable"])
def test_kernels_compiled_as_cpp_compute_the_same(kernel_set: str, tmp_path: Path) -> None:
    """On the core that they are for, at the operators' random cases."""
    board, count = _CORES.get(kernel_set, ("qemu-cortex-m3", 1))
    core = Core(board, "-O2", standard="c++11")
    if missing := core.missing_tool():
        pytest.skip(f"{missing} is not installed")
    (chosen,) = named([kernel_set])
    cases: list[Case] = []
    for case in drawn(list(DRAWN), count):
        try:
            cases += offered([case], chosen, core.core)
        except (AssertionError, UnsupportedModel):  # the set has none for it
            continue
    found = {call.kernel for case in cases for call in case.lowered if hasattr(call, "kernel")}
    assert {kernel.set for kernel in found} == {kernel_set}
    assert not differences(cases, core, tmp_path, (KERNELS,), chosen.build_flags)


def test_every_set_is_looked_at() -> None:
    known = {name.partition("/")[0] for name in HEADERS if "/" in name}
    assert known == {there.name for there in KERNEL_SETS}


def _is_for(name: str, words: tuple[str, str]) -> bool:
    """Whether a header is one of a set's, or of those that lie above and that it shares."""
    folder, prefix = words
    if "/" in name:
        return name.startswith(folder)
    return name.startswith(prefix) if prefix else not name.startswith(("tg_dsp", "tg_mve"))


def _run(folder: Path, compiler: Sequence[str], given: bytes) -> bytes:
    sources = (folder / SOURCES).glob("*.c")
    binary = folder / "program"
    sanitizers = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    own = (*sanitizers, f"-I{folder / SOURCES}")
    _compile(*compiler, *WARNINGS, *own, folder / "src" / "main.c", *sources, "-o", binary)
    done = subprocess.run([binary], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _compile(*command: str | Path) -> None:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:6000]
