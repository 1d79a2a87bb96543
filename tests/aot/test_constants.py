"""Constants lie where a kernel wants them: at an alignment, in flash or in RAM."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests import host_program
from tinygen import csource
from tinygen.boards import get_board
from tinygen.boards.fit import largest_room
from tinygen.engines.aot import Program, compile_graph
from tinygen.engines.aot.fit import needs, place_program
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.errors import DoesNotFit
from tinygen.ir import (
    Constant,
    DType,
    Graph,
    Kernel,
    KernelCall,
    Node,
    Place,
    Quant,
    Tensor,
)
from tinygen.ops.tanh import Tanh

ALIGN = 64
HEADER = """
#include "tg_fixed_point.h"
struct tg_picky_lookup_params {
  int32_t count;
  const int8_t *table;
  const int16_t *unused;
};
TG_INLINE void tg_picky_lookup(const struct tg_picky_lookup_params *p, const int8_t *input,
                               int8_t *output) {
  const int aligned = (uintptr_t)p->table % 64 == 0 && (uintptr_t)p->unused % 64 == 0;
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = (int8_t)(aligned ? p->table[(uint8_t)input[i]] + p->unused[1] : 0);
  }
}
"""


class Picky(KernelSet):
    """TANH with a table in RAM."""

    name = "picky"

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        (call,) = site.node.op.lower(site.io)
        assert isinstance(call, KernelCall)
        constants = {
            "table": Constant(call.constants["table"].data, ALIGN, Place.RAM),
            "unused": Constant(np.zeros(3, np.int16), ALIGN),
        }
        kernel = Kernel("picky", "lookup")
        picky = KernelCall(kernel, call.inputs, call.outputs, call.params, constants)
        yield Candidate((site.node,), (picky,), Cost(1, 1, 1))


@pytest.fixture
def program() -> Program:
    shape = (1, 760)
    tensors = {
        0: Tensor(0, "in", shape, DType.INT8, Quant((0.05,), (3,))),
        1: Tensor(1, "out", shape, DType.INT8, Quant((1 / 128,), (0,))),
    }
    return compile_graph(Graph("tanh", tensors, (Node(Tanh(), (0,), (1,)),), (0,), (1,)), [Picky()])


def test_they_lie_where_the_kernel_wants_them(program: Program, tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    (kernels / "picky").mkdir(parents=True)
    (kernels / "picky" / "tg_lookup.h").write_text(HEADER)
    for name in ("tg_any.h", "tg_fixed_point.h", "tg_flash.h"):
        (kernels / name).write_text((host_program.KERNELS / name).read_text())
    host_program.write(program, tmp_path, kernels)
    codes = np.resize(np.arange(256, dtype=np.uint8).view(np.int8), (1, 1, 760))
    graph = program.graph
    (expected,) = graph.nodes[0].op.reference(graph.operands(graph.nodes[0]), (codes[0],))
    np.testing.assert_array_equal(host_program.run(tmp_path, codes)[0], expected.reshape(-1))
    listed = subprocess.run(
        ["nm", tmp_path / "program"], capture_output=True, text=True, check=True
    )
    kinds = {line.split()[-1]: line.split()[-2] for line in listed.stdout.splitlines()}
    assert kinds["model_layer_0_table"] == "D"
    assert kinds["model_layer_0_unused"] == "R"


def test_what_is_read_from_ram_takes_ram_and_flash(program: Program) -> None:
    assert program.constant_bytes == 256 + 6
    assert program.constant_ram_bytes == 256
    arena = program.plan.arena_bytes
    assert needs(program).arena == arena + 256
    board = get_board("uno")
    assert arena <= largest_room(board) < arena + 256
    with pytest.raises(DoesNotFit):
        place_program(program, board)


def test_many_bytes_are_a_string_that_holds_them(tmp_path: Path) -> None:
    """Every byte behind every other, with what C takes for an escape, a trigraph or a comment."""
    pairs = [bytes((a, b)) for a in range(256) for b in (0, 48, 63, 92, 34, 255 - a)]
    content = b"".join(pairs) + b"??/??=/*//\\\n%s\0" + b"?" * 30
    array = csource.array("bytes", Constant(np.frombuffer(content, np.int8)), "TG_FLASH")
    (tmp_path / "main.c").write_text(
        '#include <stdint.h>\n#include <stdio.h>\n#include "tg_flash.h"\n'
        f"{array}int main(void) {{ fwrite(bytes, 1, sizeof bytes, stdout); return 0; }}\n"
    )
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "main.c"]
    command += [f"-I{host_program.KERNELS}", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, check=True)
    assert done.stdout == content
    assert all(line.isascii() and len(line) <= 102 for line in array.splitlines())


@pytest.mark.parametrize("dtype", ["int32", "int16"])
def test_many_words_are_a_string_too(dtype: str, tmp_path: Path) -> None:
    """Aligned as their type is, the same values, read in C."""
    info = np.iinfo(dtype)
    values = np.random.default_rng(0).integers(info.min, info.max, 3001, dtype, endpoint=True)
    constant = Constant(values, align=16)
    array = csource.array("words", constant, "TG_FLASH")
    assert array.count('"') > 100
    (tmp_path / "main.c").write_text(
        '#include <stdalign.h>\n#include <stdint.h>\n#include <stdio.h>\n#include "tg_flash.h"\n'
        f"{csource.declaration('words', constant, 'TG_FLASH')}\n{array}"
        f"static const {dtype}_t *const all = {csource.elements('words', constant)};\n"
        "int main(void) {\n  for (int i = 0; i < 3001; ++i) {\n"
        '    printf("%lld\\n", (long long)all[i]);\n  }\n'
        "  return (int)((uintptr_t)all % 16u);\n}\n"
    )
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "main.c"]
    command += [f"-I{host_program.KERNELS}", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, check=True, text=True)
    assert [int(line) for line in done.stdout.split()] == values.tolist()
