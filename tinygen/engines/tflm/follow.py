"""A .tflite file's operators, told so that they can be followed on a device as the interpreter
runs them."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen import tflite
from tinygen.engines.tflm import edges
from tinygen.engines.tflm.kernel_sets import KernelSet
from tinygen.engines.tflm.operator_memory import MOVES
from tinygen.engines.traced import Traced, TracedLayer, TracedOutput, keras_layers, title
from tinygen.ir import ABSENT, Graph, Int8Model, Node, Tensor, TensorId
from tinygen.resources import firmware_dir
from tinygen.tflite import File

_STRIPPED = "    -DTF_LITE_STRIP_ERROR_STRINGS\n"
"""Without its texts TFLM tells no profiler of its operators."""

_HEADER = "tg_tflm_layers.hpp"


def follow(model: Int8Model, kernels: KernelSet) -> Traced:
    """The model's operators, each a layer, as the file that the interpreter gets has them: those
    that move variables too, which the graph has not."""
    content, graph = edges.with_int8(model)
    file = tflite.parse(content, model.name)
    live, nodes = _live_bytes(file), iter(graph.nodes)
    layers = (
        _move(graph, file, i, live[i], kernels)
        if call.kind in MOVES
        else _layer(graph, next(nodes), i, live[i], kernels)
        for i, call in enumerate(file.calls)
    )
    return Traced(graph, tuple(layers))


def followed(ini: str) -> dict[str, bytes]:
    """What firmware that notes its layers has otherwise, of a project with this platformio.ini."""
    header = (firmware_dir() / "tflm" / _HEADER).read_bytes()
    return {
        "platformio.ini": ini.replace(_STRIPPED, "").encode("utf-8", "surrogateescape"),
        f"src/tflm/{_HEADER}": header,
    }


def _layer(graph: Graph, node: Node, index: int, live: int, kernels: KernelSet) -> TracedLayer:
    io = graph.operands(node)
    constants = [t for t in io.inputs if t is not None and t.constant]
    return TracedLayer(
        index=index,
        operators=(node.op.kind,),
        name=title(io.outputs[0]),
        keras_layers=keras_layers(io.outputs[0]),
        kernel_set=kernels.value,
        kernel=node.op.kind,
        plain=kernels is KernelSet.REFERENCE,
        why="",
        macs=node.op.macs(io),
        inputs=tuple(i for i in node.inputs if i != ABSENT and not graph.tensors[i].constant),
        outputs=tuple(TracedOutput(t, None, t.id) for t in _in_file(node, io.outputs)),
        constant_bytes=sum(t.nbytes for t in constants),
        ram_bytes=live,
        scratch_bytes=None,
    )


def _move(graph: Graph, file: File, index: int, live: int, kernels: KernelSet) -> TracedLayer:
    """An operator that moves a variable: of what it writes, the value that one inference left for
    the next is a tensor of the graph."""
    call = file.calls[index]
    read = [graph.tensors[s.read] for s in graph.states if s.read in call.outputs]
    named = [graph.tensors[i] for i in (*call.outputs, *call.inputs) if i in graph.tensors]
    return TracedLayer(
        index=index,
        operators=(call.kind,),
        name=title(named[0]) if named else "variable",
        keras_layers=keras_layers(named[0]) if named else (),
        kernel_set=kernels.value,
        kernel=call.kind,
        plain=True,
        why="",
        macs=0,
        inputs=tuple(tensor.id for tensor in named if tensor.id in call.inputs),
        outputs=tuple(TracedOutput(tensor, None, tensor.id) for tensor in read),
        constant_bytes=0,
        ram_bytes=live,
        scratch_bytes=None,
    )


def _in_file(node: Node, outputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Without what an operator leaves for itself, which the interpreter keeps elsewhere."""
    return outputs[: len(outputs) - len(node.op.memory)]


def _live_bytes(file: File) -> list[int]:
    """Bytes of the tensors that are needed while each operator computes, variables and the
    interpreter's own memory not counted."""
    end = len(file.calls)
    first: dict[TensorId, int] = dict.fromkeys(file.inputs, 0)
    last: dict[TensorId, int] = dict.fromkeys(file.inputs, 0)
    for at, call in enumerate(file.calls):
        first.update(dict.fromkeys(call.outputs, at))
        last.update({i: at for i in (*call.inputs, *call.outputs) if i in first})
    last.update(dict.fromkeys(file.outputs, end))
    return [
        sum(file.tensors[i].nbytes for i in first if first[i] <= at <= last[i]) for at in range(end)
    ]
