"""A .tflite file's operators, told so that they can be followed on a device as the interpreter
runs them."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen import tflite
from tinygen.engines.tflm import edges
from tinygen.engines.tflm.kernel_sets import KernelSet
from tinygen.engines.traced import Traced, TracedLayer, TracedOutput, keras_layers, title
from tinygen.errors import UnsupportedModel
from tinygen.ir import ABSENT, Graph, Int8Model, Node, Tensor, TensorId
from tinygen.resources import firmware_dir

_STRIPPED = "    -DTF_LITE_STRIP_ERROR_STRINGS\n"
"""Without its texts TFLM tells no profiler of its operators."""

_HEADER = "tg_tflm_layers.hpp"


def follow(model: Int8Model, kernels: KernelSet) -> Traced:
    """The model's operators, each a layer, as the file that the interpreter gets has them."""
    content, graph = edges.with_int8(model)
    if tflite.variables(tflite.parse(content, model.name)):
        raise UnsupportedModel(
            f"the layers of '{model.name}' cannot be followed in the interpreter",
            why="it has operators that move variables, which are no layers",
            next_step="build with --engine aot",
        )
    live = _live_bytes(graph)
    layers = (_layer(graph, i, live[i], kernels) for i in range(len(graph.nodes)))
    return Traced(graph, tuple(layers))


def followed(ini: str) -> dict[str, bytes]:
    """What firmware that notes its layers has otherwise, of a project with this platformio.ini."""
    header = (firmware_dir() / "tflm" / _HEADER).read_bytes()
    return {
        "platformio.ini": ini.replace(_STRIPPED, "").encode("utf-8", "surrogateescape"),
        f"src/tflm/{_HEADER}": header,
    }


def _layer(graph: Graph, index: int, live: int, kernels: KernelSet) -> TracedLayer:
    node = graph.nodes[index]
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


def _in_file(node: Node, outputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Without what an operator leaves for itself, which the interpreter keeps elsewhere."""
    return outputs[: len(outputs) - len(node.op.memory)]


def _live_bytes(graph: Graph) -> list[int]:
    """Bytes of the tensors that are needed while each operator computes, the interpreter's own
    memory not counted."""
    end = len(graph.nodes)
    first: dict[TensorId, int] = dict.fromkeys(graph.inputs, 0)
    last: dict[TensorId, int] = dict.fromkeys(graph.inputs, 0)
    for at, node in enumerate(graph.nodes):
        first.update(dict.fromkeys(node.outputs, at))
        last.update({i: at for i in (*node.inputs, *node.outputs) if i in first})
    last.update(dict.fromkeys(graph.outputs, end))
    return [
        sum(graph.tensors[i].nbytes for i in first if first[i] <= at <= last[i])
        for at in range(end)
    ]
