"""Weights of int4 with the engine tflm: its kernels for them, and the memory that these take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.int4_network import int4_network
from tinygen import generate
from tinygen.boards import get_board
from tinygen.engines.tflm.allocator import starting
from tinygen.engines.tflm.kernel_sets import KernelSet
from tinygen.engines.tflm.operator_memory import Kernels
from tinygen.tflite import graph, parse


@pytest.mark.parametrize("kernels", ["cmsis_nn", "reference"])
@pytest.mark.usefixtures("tree")
def test_it_runs_in_the_arena_that_is_computed(kernels: str, tmp_path: Path) -> None:
    """A trial on the emulated core takes no arena in which the outputs are not TFLM's."""
    model = tmp_path / "net.tflite"
    model.write_bytes(int4_network())
    options = {"board": "qemu-cortex-m4", "engine": "tflm", "kernel_set": kernels}
    made = generate(model, **options, out=tmp_path / "p")  # type: ignore[arg-type]
    (measured,) = (n for n in made.notes if "with TFLM's own" in n)
    smallest = int(measured.rpartition("own ")[2].removesuffix(" bytes").replace(",", ""))
    known = Kernels(KernelSet(kernels), get_board("qemu-cortex-m4").extensions)
    file = parse(model.read_bytes(), "net")
    found = starting(file, graph(file, "net"), known)
    assert smallest <= found.bytes <= smallest + 512
