"""A model as several firmwares have it: optimized, with the kernel sets of a core, for a goal.

All are rendered as C; `outputs` compiles one, and runs it on the emulated core.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.ops import cores
from tests.ops.cores import Core
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.engines.aot.optimized import optimized
from tinygen.engines.aot.program import Program, compile_graph
from tinygen.ir import Array, Int8Model, Tensor

FIRMWARES: Sequence[tuple[Core, Goal]] = (
    (Core("qemu-cortex-m4", "-O2"), Goal.SPEED),
    (Core("qemu-cortex-m4", "-O2"), Goal.BALANCED),
    (Core("qemu-cortex-m4", "-Os"), Goal.SIZE),
    (Core("qemu-cortex-m55", "-O2"), Goal.SPEED),
    (Core("qemu-cortex-m55", "-O2"), Goal.BALANCED),
    (Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"), Goal.BALANCED),
)

_MAIN = """
#include "model.h"
#include "semihost.h"
int main(void) {{
  if (model_init() != MODEL_OK) {{ semihost_exit(10); }}
  const uint32_t from = semihost_open("inputs", 6, SEMIHOST_READING);
  const uint32_t to = semihost_open("outputs", 7, SEMIHOST_WRITING);
  for (uint32_t vector = 0; vector < {vectors}; vector++) {{
    {reads}
    const enum model_status status = model_invoke();
    if (status != MODEL_OK) {{ semihost_exit(20u + (uint32_t)status); }}
    {writes}
  }}
  semihost_exit(0);
}}
"""


def prepare() -> None:
    """Compile what is around the models, before processes are forked that need it."""
    for core, _ in FIRMWARES:
        if core.missing_tool() is None:
            cores._port(core.board, core.gcc)


def compiled(model: Int8Model, core: Core, goal: Goal) -> Program:
    """What the engine makes of the model for the core, as in a build."""
    sets = named(kernel_sets(core.target))
    return compile_graph(optimized(model), sets, goal, core.core)


def outputs(
    program: Program, core: Core, inputs: Sequence[Array], folder: Path
) -> tuple[Array, ...]:
    """What the firmware's model computes of inputs (vectors, *shape), in `folder`, by output."""
    tensors = program.graph.tensors
    reads = _calls("read(from, model_input", [tensors[i] for i in program.graph.inputs])
    made = [tensors[i] for i in program.graph.outputs]
    writes = _calls("write(to, (void *)(uintptr_t)model_output", made)
    text = _MAIN.format(vectors=len(inputs[0]), reads=reads, writes=writes)
    (folder / "main.c").write_text(text)
    rows = zip(*inputs, strict=True)
    (folder / "inputs").write_bytes(b"".join(v.tobytes() for row in rows for v in row))
    elf = cores.build(program, core, folder, folder / "main.c")
    cores.run(elf, core, folder)
    got = np.fromfile(folder / "outputs", np.uint8).reshape(len(inputs[0]), -1)
    ends = np.cumsum([t.nbytes for t in made])
    return tuple(
        np.ascontiguousarray(got[:, end - t.nbytes : end]).view(t.dtype.numpy).reshape(-1, *t.shape)
        for t, end in zip(made, ends, strict=True)
    )


def _calls(what: str, tensors: Sequence[Tensor]) -> str:
    """One after the other for each input or output, in their order."""
    return " ".join(
        f"if (semihost_{what}({i}), {t.nbytes}u) != 0) {{ semihost_exit({30 + i}u); }}"
        for i, t in enumerate(tensors)
    )
