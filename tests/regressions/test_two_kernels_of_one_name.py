"""Two kernel sets with a kernel of one name: the second one's header was dropped without a word,
the first one's ran in its place, and the report still named the second set."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests import host_program
from tinygen import csource
from tinygen.engines import aot
from tinygen.engines.aot.kernel_sets import KernelSet, Portable
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.errors import InputError
from tinygen.ir import (
    Constant,
    DType,
    Graph,
    Kernel,
    KernelCall,
    Node,
    Quant,
    Tensor,
    portable,
)
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.tanh import Tanh
from tinygen.project import sources
from tinygen.project.library import SOURCES
from tinygen.resources import firmware_dir

KERNELS = firmware_dir() / "kernels"
GUARD = re.compile(r"^#ifndef (\w+)\n#define (\w+)\n", re.MULTILINE)
OWN = re.compile(r"^(?:struct|TG_INLINE [\w ]+?[ *])(?:TG_FLASH )?(tg_\w+)", re.MULTILINE)


class Twin(KernelSet):
    """TANH by a kernel called `lookup`, as portable's is, whose table is in reverse order."""

    name = "twin"

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        if site.node.op.kind != "TANH":
            yield Declined("only TANH")
            return
        (call,) = site.node.op.lower(site.io)
        assert isinstance(call, KernelCall)
        assert call.kernel == portable("lookup")
        table = {"table": Constant(call.constants["table"].data[::-1].copy())}
        twin = KernelCall(Kernel("twin", "lookup"), call.inputs, call.outputs, call.params, table)
        yield Candidate((site.node,), (twin,), Cost(1, 1, 1))


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """The kernels' folder with the set `twin` in it."""
    folder = tmp_path / "kernels"
    shutil.copytree(KERNELS, folder)
    text = (folder / "portable" / "tg_lookup.h").read_text()
    text = text.replace("portable", "twin").replace("PORTABLE", "TWIN")
    text = text.replace("[(uint8_t)input[i]]", "[255 - (uint8_t)input[i]]")
    (folder / "twin").mkdir()
    (folder / "twin" / "tg_lookup.h").write_text(text)
    return folder


@pytest.fixture
def graph() -> Graph:
    """HARD_SWISH, then TANH."""
    quants = (Quant((0.05,), (3,)), Quant((0.05,), (-20,)), Quant((1 / 128,), (0,)))
    tensors = {i: Tensor(i, f"t{i}", (1, 64), DType.INT8, q, None) for i, q in enumerate(quants)}
    nodes = (Node(HardSwish(), (0,), (1,)), Node(Tanh(), (1,), (2,)))
    return Graph("two", tensors, nodes, (0,), (2,))


def test_both_are_compiled_and_run(graph: Graph, kernels: Path, tmp_path: Path) -> None:
    program = aot.compile_graph(graph, (Twin(), Portable()))
    assert program.kernels == (portable("lookup"), Kernel("twin", "lookup"))
    host_program.write(program, tmp_path, kernels)
    for kernel in program.kernels:
        assert (tmp_path / SOURCES / csource.kernel_header(kernel)).is_file()
        called = f"{csource.kernel_symbol(kernel)}(&params"
        assert called in (tmp_path / SOURCES / "model.c").read_text()
    inputs = np.random.default_rng(0).integers(-128, 128, (8, 64)).astype(np.int8)
    (middle,) = graph.nodes[0].op.reference(graph.operands(graph.nodes[0]), (inputs,))
    (expected,) = graph.nodes[1].op.reference(graph.operands(graph.nodes[1]), (middle,))
    np.testing.assert_array_equal(host_program.run(tmp_path, inputs), expected)


def test_a_header_that_is_not_there_is_an_error(kernels: Path) -> None:
    with pytest.raises(InputError, match=r"nobody/tg_lookup\.h is missing"):
        sources.kernel_files([Kernel("nobody", "lookup")], kernels)
    (kernels / "tg_flash.h").unlink()
    with pytest.raises(InputError, match=r"tg_flash\.h is missing"):
        sources.kernel_files([portable("lookup")], kernels)


@pytest.mark.parametrize("kernel", [("dsp_fast", "conv"), ("Dsp", "conv"), ("dsp", "../conv")])
def test_no_two_kernels_can_have_one_symbol(kernel: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no name of a kernel"):
        csource.kernel_symbol(Kernel(*kernel))


@pytest.mark.parametrize("path", sorted(KERNELS.rglob("*.h")), ids=lambda p: p.stem)
def test_everything_in_a_header_is_named_for_its_set(path: Path) -> None:
    """What two headers of one name define can be included in one file."""
    text = path.read_text()
    words = path.relative_to(KERNELS).with_suffix("").as_posix().replace("/tg_", "_")
    name = words if words.startswith("tg_") else f"tg_{words}"
    guard = GUARD.search(text)
    assert guard
    assert guard[1] == guard[2] == f"{name.upper()}_H"
    if path.parent != KERNELS:
        defined = OWN.findall(text)
        assert defined
        assert [symbol for symbol in defined if not symbol.startswith(name)] == []
