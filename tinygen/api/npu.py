"""What an Ethos-U would do with a model, beside what `aot` does with it on the processor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinygen.boards import Board, get_board
from tinygen.engines import aot
from tinygen.engines.tflm.edges import with_int8
from tinygen.ir import Graph, Int8Model
from tinygen.npu.vela import Compiled, VelaEstimate, compiled

NOT_PROVEN = (
    "Estimates of Vela, a model of the NPU: no device and no simulator ran it, and no output of it "
    "is proven"
)
_BESIDE = "qemu-cortex-m55"
"""Whose processor is compared with where no board is named: the one that Ethos-Us come with."""


@dataclass(frozen=True)
class NpuOperator:
    """An operator of the model, and whether the NPU computes it or the processor."""

    index: int
    operator: str
    output: str
    on_npu: bool


@dataclass(frozen=True)
class NpuComparison:
    """An NPU by Vela's estimate, and the kernels of `aot` on a board's processor by ours. Bytes;
    cycles are each one's own."""

    estimate: VelaEstimate
    operators: tuple[NpuOperator, ...]
    streams: int
    """Runs of operators that the NPU does at one go; between them the processor has its turn."""
    left: tuple[str, ...]
    """What the rewritten model has for the processor, kind by kind."""
    model_bytes: int
    """The rewritten file's."""
    board: str
    aot_cycles: int
    aot_arena_bytes: int
    aot_flash_bytes: int
    not_proven: str = NOT_PROVEN


def compared(model: Int8Model, name: str, board: Board | None) -> NpuComparison:
    """Both of the same int8 model. Raises InputError for an NPU that there is not, ToolchainError
    where Vela is not here."""
    content, graph = with_int8(model)
    rewritten = compiled(content, name)
    beside = board or get_board(_BESIDE)
    price = aot.price(model, beside, "balanced")
    return NpuComparison(
        estimate=rewritten.estimate,
        operators=tuple(_operators(graph, rewritten)),
        streams=rewritten.streams,
        left=tuple(kind for kind, _ in rewritten.on_processor),
        model_bytes=len(rewritten.content),
        board=beside.id,
        aot_cycles=price.cycles,
        aot_arena_bytes=price.arena,
        aot_flash_bytes=price.flash,
    )


def _operators(graph: Graph, rewritten: Compiled) -> Iterator[NpuOperator]:
    """Vela keeps the names of the tensors that it leaves to the processor."""
    left = set(rewritten.on_processor)
    for index, node in enumerate(graph.nodes):
        name = graph.tensors[node.outputs[0]].name
        yield NpuOperator(index, node.op.kind, name, (node.op.kind, name) not in left)
