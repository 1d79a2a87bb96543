"""A compiled program -> the text of its C files. No I/O but templates."""

from __future__ import annotations

from collections.abc import Mapping

from tinygen import csource
from tinygen.boards import ArenaPlace
from tinygen.engines.aot.program import Layer, Program
from tinygen.engines.engine import require_stateless, said_of_itself
from tinygen.ir import Array, Constant, Edge, Tensor, TensorId
from tinygen.templates import Identity, render


def model_files(
    program: Program, identity: Identity, place: ArenaPlace = ArenaPlace.STATIC
) -> dict[str, str]:
    """`model.h`, `model.c`, `weights.h` and `weights.c` of an aot program, its arena at `place`."""
    require_stateless(program.graph)
    symbols = _Symbols()
    layers = [_layer(program, layer, symbols) for layer in program.layers]
    graph = program.graph
    common = {
        **said_of_itself(identity),
        "arena_bytes": program.plan.arena_bytes,
        "arena_place": place.value,
        "inputs": [_edge(program, i) for i in graph.inputs],
        "outputs": [_edge(program, i) for i in graph.outputs],
        "labels": csource.output_labels(identity.labels, len(graph.outputs)),
        "hash_bytes": csource.hash_bytes(identity.sha256),
        "headers": [csource.kernel_header(kernel) for kernel in program.kernels],
        "layers": layers,
        "definitions": [csource.array(name, *data) for name, data in symbols.arrays.items()],
        "declarations": [csource.declaration(name, *data) for name, data in symbols.arrays.items()],
    }
    return {
        name: render(f"{name}.j2", **common)
        for name in ("model.h", "model.c", "weights.h", "weights.c")
    }


class _Symbols:
    """The constant arrays of the program, each under one name, with its qualifier.

    A kernel reads its own constants where TG_FLASH puts them, a constant tensor like any other.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, tuple[Constant, str]] = {}
        self._tensors: dict[TensorId, str] = {}

    def add(self, name: str, constant: Constant, qualifier: str = "") -> str:
        self.arrays[name] = (constant, qualifier)
        return name

    def tensor(self, tensor: Tensor, data: Array) -> str:
        if tensor.id not in self._tensors:
            self._tensors[tensor.id] = self.add(f"tensor_{tensor.id}", Constant(data))
        return self._tensors[tensor.id]


def _layer(program: Program, layer: Layer, symbols: _Symbols) -> Mapping[str, object]:
    call = layer.call
    tensors = program.graph.tensors
    constants = {
        key: symbols.add(f"layer_{layer.index}_{key}", constant, "TG_FLASH")
        for key, constant in call.constants.items()
    }
    arguments = ["&params"]
    for tensor_id in call.inputs:
        tensor = tensors[tensor_id]
        if tensor.data is not None:
            arguments.append(symbols.tensor(tensor, tensor.data))
        else:
            arguments.append(_at(program.plan.offsets[tensor_id]))
    arguments += [_at(program.plan.offsets[i]) for i in call.outputs]
    scratch = program.plan.scratch[layer.index]
    if scratch is not None:
        arguments.append(_at(scratch))
    ins = ", ".join(csource.shape(t) for t in layer.io.inputs if t is not None and not t.constant)
    symbol = csource.kernel_symbol(call.kernel)
    return {
        "number": layer.index,
        "function": f"layer_{layer.index}_{call.kernel.name}",
        "symbol": symbol,
        "comment": csource.comment(f'{layer.node.op.kind} "{layer.title}"'),
        "shapes": f"{ins} -> {', '.join(csource.shape(t) for t in layer.io.outputs)}",
        "cost": f", {layer.macs:,} MACs" if layer.macs else "",
        "initializer": csource.initializer(call, constants, indent=" " * 6),
        "arguments": _wrap(arguments, len(f"  {symbol}(")),
    }


def _at(offset: int) -> str:
    return f"arena_at({offset})"


def _wrap(arguments: list[str], indent: int) -> str:
    line = ", ".join(arguments)
    return line if indent + len(line) <= 98 else (",\n" + " " * indent).join(arguments)


def _edge(program: Program, tensor_id: TensorId) -> Mapping[str, object]:
    """An input or output, and where it lies in the arena."""
    edge = csource.edge(Edge.of(program.graph.tensors[tensor_id]))
    return {**edge, "offset": program.plan.offsets[tensor_id]}
