"""A .tflite file as the interpreter gets it: with int8 edges, unless its own are kept."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen import tflite
from tinygen.engines.tflm.dilations import with_dilated
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Int8Model, Node
from tinygen.passes.strip_edges import borders


def with_int8(model: Int8Model) -> tuple[bytes, Graph]:
    """The file without what stands between its own edges and int8, and its graph.

    The firmware passes int8 in and out, whichever engine runs the model. A file whose edges are
    int8, or kept, comes back as it is, but for TILEs and SELECTs, which TFLM has not, and dilated
    convolutions that are taken apart.
    """
    content, written = model.content, model.written
    if (untiled := tflite.without_tiles(content, written)) is not content:
        content, written = untiled, tflite.read(untiled, model.name)
    if (selected := tflite.without_selects(content, written)) is not content:
        content, written = selected, tflite.read(selected, model.name)
    if (dilated := with_dilated(content, written)) is not content:
        content, written = dilated, tflite.read(dilated, model.name)
    if model.edges_kept:
        return content, written
    found = borders(written)
    if not found.nodes:
        return content, _require_int8(written)
    inside = {i: border.inside.id for i, border in (*found.inputs.items(), *found.outputs.items())}
    inputs = tuple(inside.get(i, i) for i in written.inputs)
    outputs = tuple(inside.get(i, i) for i in written.outputs)
    between = {id(node) for node in found.nodes if not written.readers(node.outputs[0])}
    between |= {id(border.node) for border in found.inputs.values()}
    kept = [node for node in written.nodes if id(node) not in between]
    places = tflite.places(tflite.parse(content, model.name))
    pairs = zip(places, written.nodes, strict=True)
    without = [place for place, node in pairs if id(node) in between]
    content = tflite.with_edges(content, inputs, outputs, without)
    graph = tflite.read(content, model.name)
    if (graph.inputs, graph.outputs) != (inputs, outputs) or _calls(graph.nodes) != _calls(kept):
        raise UnsupportedModel(
            f"the edges of '{model.name}' cannot be made int8 in its file",
            why="parts of the file are shared by what would have to change and what would not",
            next_step="convert the model again with int8 inputs and outputs, or use --engine aot",
        )
    return content, _require_int8(graph)


def _require_int8(graph: Graph) -> Graph:
    for tensor in (graph.tensors[i] for i in (*graph.inputs, *graph.outputs)):
        if tensor.dtype not in (DType.INT8, DType.INT16, DType.INT32):
            raise UnsupportedModel(
                f"'{tensor.name}' is {tensor.dtype.value}, the interpreter is given int8",
                why="more than a QUANTIZE or DEQUANTIZE stands between this edge and int8",
                next_step="quantize the Keras model with tinygen, or use --engine aot",
            )
    return graph


def _calls(nodes: Iterable[Node]) -> list[tuple[object, ...]]:
    return [(node.op, node.inputs, node.outputs) for node in nodes]
