"""Layers that differ in addresses only are one C function, and compute what they did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests import host_program
from tests.bench.scale import Chain
from tinygen.boards import Core
from tinygen.engines.aot import Program, compile_graph
from tinygen.engines.aot.functions import functions
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.ir import (
    Array,
    Constant,
    DType,
    Graph,
    Kernel,
    KernelCall,
    Node,
    ParamValue,
    Quant,
    Tensor,
)
from tinygen.ops.tanh import Tanh
from tinygen.project.library import SOURCES
from tinygen.proof import interpret

COUNT = 24
HEADER = """
#include "tg_fixed_point.h"
struct tg_mixed_twice_params {
  int32_t count;
  int32_t step;   /* of the inner loop */
  int32_t offset; /* of each index */
  float unused;
  int32_t twice[2];
  const TG_FLASH int8_t *table;
  const TG_FLASH int8_t *second;
};
TG_INLINE void tg_mixed_twice(const struct tg_mixed_twice_params *p, const int8_t *input,
                              int8_t *output) {
  for (int32_t i = 0; i < p->count; i += p->step) {
    const int8_t once = p->table[(uint8_t)(input[i] + p->offset)];
    output[i] = (int8_t)(p->second[(uint8_t)once] + p->twice[i % 2]);
  }
}
"""
QUANT = Quant((1 / 128,), (0,))


@dataclass(frozen=True)
class Table:
    """A layer of the kernel above."""

    table: int
    """Which of some tables."""
    step: int = 1
    offset: int = 0
    twice: tuple[int, int] | None = (0, 0)
    second: int = 0

    def values(self, inputs: Array) -> Array:
        found = TABLES[self.table][(inputs.astype(np.int64) + self.offset) & 255]
        more = np.resize(np.array(self.twice or (0, 0)), inputs.shape[-1])
        twice: Array = TABLES[self.second][found.view(np.uint8)] + more
        return twice.astype(np.int8)


TABLES = np.random.default_rng(1).integers(-128, 128, (4, 256)).astype(np.int8)


class Mixed(KernelSet):
    """A call for each node, as the layers say."""

    name = "mixed"

    def __init__(self, layers: Sequence[Table]) -> None:
        self.layers = layers

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        layer = self.layers[site.node.inputs[0]]
        params: dict[str, ParamValue] = {
            "count": COUNT,
            "step": layer.step,
            "offset": layer.offset,
            "unused": 0.5,
        }
        if layer.twice is not None:
            params["twice"] = layer.twice
        call = KernelCall(
            Kernel("mixed", "twice"),
            site.node.inputs,
            site.node.outputs,
            params,
            {
                "table": Constant(TABLES[layer.table].copy()),
                "second": Constant(TABLES[layer.second].copy()),
            },
            outer=frozenset({"offset"}),
        )
        yield Candidate((site.node,), (call,), Cost(1, 1, 1))


def compiled(layers: Sequence[Table], kernels: type[Mixed] = Mixed) -> Program:
    ids = range(len(layers) + 1)
    tensors = {i: Tensor(i, f"t{i}", (1, COUNT), DType.INT8, QUANT) for i in ids}
    nodes = tuple(Node(Tanh(), (i,), (i + 1,)) for i in ids[:-1])
    return compile_graph(Graph("m", tensors, nodes, (0,), (ids[-1],)), [kernels(layers)])


def shared(layers: Sequence[Table], folder: Path) -> tuple[list[list[int]], str]:
    """Which layers share a function, and model.c, which is run."""
    program = compiled(layers)
    kernels = folder / "kernels"
    (kernels / "mixed").mkdir(parents=True)
    header = HEADER
    if layers[0].twice is None:
        header = header.replace("  int32_t twice[2];\n", "").replace("p->twice[i % 2]", "0")
    (kernels / "mixed" / "tg_twice.h").write_text(header)
    for name in ("tg_any.h", "tg_fixed_point.h", "tg_flash.h"):
        (kernels / name).write_text((host_program.KERNELS / name).read_text())
    host_program.write(program, folder, kernels)
    inputs = np.random.default_rng(0).integers(-128, 128, (8, COUNT)).astype(np.int8)
    expected = inputs
    for layer in layers:
        expected = layer.values(expected)
    np.testing.assert_array_equal(host_program.run(folder, inputs), expected)
    text = (folder / SOURCES / "model.c").read_text()
    found = functions(program.layers)
    assert len(re.findall(r"^TG_LAYER void ", text, re.MULTILINE)) == len(found)
    return [[layer.index for layer in one.layers] for one in found], text


def test_other_constants_are_arguments(tmp_path: Path) -> None:
    layers = [Table(table, twice=None) for table in (0, 1, 2)]
    groups, text = shared(layers, tmp_path)
    assert groups == [[0, 1, 2]]
    head = (
        "TG_LAYER void model_layers_0_to_2_twice(const TG_FLASH int8_t *table, tg_any_input input,"
    )
    assert head in text
    assert re.search(
        r"model_layers_0_to_2_twice\(model_layer_1_table, "
        r"model_arena_at\(\d+\), model_arena_at\(\d+\)\)",
        text,
    )
    assert ".second = model_layer_0_table" in text  # the same bytes as layer 0's


def test_scalars_outside_of_the_inner_loop_are(tmp_path: Path) -> None:
    layers = [Table(0, offset=offset, twice=None) for offset in (3, -2, 3)]
    groups, text = shared(layers, tmp_path)
    assert groups == [[0, 1, 2]]
    assert "TG_LAYER void model_layers_0_to_2_twice(int32_t offset, tg_any_input input," in text
    assert "layers_0_to_2_twice(-2, " in text
    assert ".table = model_layer_0_table" in text


def test_what_the_inner_loop_reads_is_not(tmp_path: Path) -> None:
    layers = [Table(1, step=step, twice=None) for step in (1, 1)] + [Table(1, second=2, twice=None)]
    assert shared(layers, tmp_path)[0] == [[0, 1, 2]]
    by_step = compiled([Table(0), Table(0, step=2), Table(0)])
    assert [len(one.layers) for one in functions(by_step.layers)] == [2, 1]


def test_arrays_among_the_parameters_stay_constants(tmp_path: Path) -> None:
    layers = [Table(0), Table(0), Table(1), Table(0, twice=(1, -1)), Table(0, offset=1)]
    groups, text = shared(layers, tmp_path)
    assert groups == [[0, 1], [2], [3], [4]]
    assert "static const struct tg_mixed_twice_params" in text
    assert "  const struct tg_mixed_twice_params" not in text


def test_equal_bytes_are_in_flash_once() -> None:
    assert compiled([Table(0), Table(1), Table(0), Table(2, second=1)]).constant_bytes == 3 * 256


def test_for_size_one_function_computes_all_shapes(tmp_path: Path) -> None:
    sizes = (16, 20, 24, 8, 12, 30, 6, 9, 17)
    graph = Chain("small", tuple((1, size) for size in sizes)).graph()
    program = compile_graph(graph, goal=Goal.SIZE)
    (general,) = (one for one in functions(program.layers, small=True) if one.general)
    assert general.name == "model_any_fully_connected"
    assert len(general.layers) >= 5
    assert len(functions(program.layers)) == len(program.layers)
    host_program.write(program, tmp_path)
    text = (tmp_path / SOURCES / "model.c").read_text()
    for layer in general.layers:
        assert (
            f"model_any_fully_connected(&model_layer_{layer.index}_shape, model_arena_at(" in text
        )
    (fields,) = re.findall(
        r"^struct model_any_fully_connected_shape \{\n(.*?)^\};", text, re.M | re.S
    )
    assert "  int8_t depth;" in fields  # as wide as its values
    assert "multiplier_step" not in fields  # the same for all layers: compiled in
    structs = re.findall(r"^static const struct \w+ model_layer_\d_shape = \{", text, re.MULTILINE)
    assert len(structs) == len(general.layers)
    inputs = np.random.default_rng(0).integers(-128, 128, (8, 1, sizes[0])).astype(np.int8)
    expected = [interpret.run(graph, [one])[graph.outputs[0]].reshape(-1) for one in inputs]
    np.testing.assert_array_equal(host_program.run(tmp_path, inputs), expected)


def test_not_where_that_is_larger_nor_on_avr() -> None:
    two = Chain("two", ((1, 16), (1, 20), (1, 24))).graph()
    assert len(functions(compile_graph(two, goal=Goal.SIZE).layers, small=True)) == 2
    assert not compile_graph(two, goal=Goal.SIZE, core=Core.AVR5).small
    assert not compile_graph(two, goal=Goal.SPEED).small


def test_names_of_kernels_and_of_what_they_take_do_not_meet(tmp_path: Path) -> None:
    """A kernel named like one of its constants, whose constants are named like an argument."""

    class Named(Mixed):
        def offers(self, site: Site) -> Iterable[Candidate | Declined]:
            layer = self.layers[site.node.inputs[0]]
            tables = {"input": Constant(TABLES[layer.table].copy())}
            kernel = Kernel("mixed", "input")
            call = KernelCall(kernel, site.node.inputs, site.node.outputs, {"params": 0}, tables)
            yield Candidate((site.node,), (call,), Cost(1, 1, 1))

    header = """
#include "tg_fixed_point.h"
struct tg_mixed_input_params {
  int32_t params;
  const TG_FLASH int8_t *input;
};
TG_INLINE void tg_mixed_input(const struct tg_mixed_input_params *p, const int8_t *from,
                              int8_t *to) {
  for (int32_t i = 0; i < 24; ++i) {
    to[i] = p->input[(uint8_t)(from[i] + p->params)];
  }
}
"""
    layers = [Table(0), Table(1), Table(2)]
    for number, count in enumerate((1, 3)):  # a function of one layer, and a shared one
        folder = tmp_path / str(number)
        kernels = folder / "kernels"
        (kernels / "mixed").mkdir(parents=True)
        (kernels / "mixed" / "tg_input.h").write_text(header)
        for name in ("tg_any.h", "tg_fixed_point.h", "tg_flash.h"):
            (kernels / name).write_text((host_program.KERNELS / name).read_text())
        host_program.write(compiled(layers[:count], Named), folder, kernels)
        inputs = np.random.default_rng(0).integers(-128, 128, (8, COUNT)).astype(np.int8)
        expected = inputs
        for layer in layers[:count]:
            expected = TABLES[layer.table][expected.view(np.uint8)]
        np.testing.assert_array_equal(host_program.run(folder, inputs), expected)
