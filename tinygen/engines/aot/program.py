"""The aot engine: a graph becomes kernel calls and a memory plan. No interpreter, no heap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.engines.aot.kernel_sets import KERNEL_SETS, Declined
from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, Graph, Kernel, KernelCall, Lowered, Node, Operands
from tinygen.plan import MemoryPlan, plan


@dataclass(frozen=True, eq=False)
class Layer:
    """One kernel call and the node it belongs to."""

    index: int
    node: Node
    io: Operands
    call: KernelCall

    @property
    def title(self) -> str:
        """The output's name, short: converters join the names of all that they fused."""
        path = self.io.outputs[0].name.split(";")[0].split("/")
        return "/".join(path[1:] if len(path) > 2 else path)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the node."""
        return self.node.op.macs(self.io)


@dataclass(frozen=True, eq=False)
class Program:
    """A graph ready to be written as C."""

    graph: Graph
    layers: tuple[Layer, ...]
    plan: MemoryPlan

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum({id(layer.node): layer.macs for layer in self.layers}.values())

    @property
    def constant_bytes(self) -> int:
        """Bytes of flash that weights, biases and tables take, each array once."""
        own = (c.data for layer in self.layers for c in layer.call.constants.values())
        inputs = (self.graph.tensors[i].data for layer in self.layers for i in layer.call.inputs)
        arrays = {id(data): data.nbytes for data in (*own, *inputs) if data is not None}
        return sum(arrays.values())

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """Every kernel used, each once, sorted."""
        return tuple(sorted({layer.call.kernel for layer in self.layers}))


def compile_graph(graph: Graph, kernel_sets: Sequence[str]) -> Program:
    """Choose the kernels and place the tensors; `kernel_sets` names those the board can run."""
    layers: list[Layer] = []
    steps: list[KernelCall | Alias] = []
    for node in graph.nodes:
        io = graph.operands(node)
        for step in _lower(node, io, kernel_sets):
            steps.append(step)
            if isinstance(step, KernelCall):
                layers.append(Layer(len(layers), node, io, step))
    memory = plan(tuple(steps), graph.tensors, graph.inputs, graph.outputs, graph.states)
    return Program(graph, tuple(layers), memory)


def _lower(node: Node, io: Operands, names: Sequence[str]) -> Lowered:
    try:
        for kernel_set in KERNEL_SETS:
            if kernel_set.name not in names:
                continue
            lowered = kernel_set.lower(node, io)
            if not isinstance(lowered, Declined):
                return lowered
    except UnsupportedModel as error:
        raise UnsupportedModel(
            f"{node.op.kind} (output '{io.outputs[0].name}'): {error.what}",
            why=error.why,
            next_step=error.next_step,
        ) from error
    raise UnsupportedModel(f"no kernel set has a kernel for {node.op.kind}")
