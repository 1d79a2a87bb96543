"""States that are left as a part of a longer tensor: the last rows of what was kept and came.

Where they are cut is a place in that tensor, and what is left to do is to move them to where the
next inference reads them: over themselves, if the longer one begins there.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import Graph, KernelCall, Node, Tensor, TensorId
from tinygen.ops.shift import Shift
from tinygen.ops.slice import Slice


def with_shifts(graph: Graph) -> Graph:
    """The graph in which each such state is cut first, which may need no code, and then moved."""
    left = {state.written for state in graph.states}
    added: dict[TensorId, Tensor] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        target = graph.tensors[node.outputs[0]]
        if target.id not in left or not _is_part(graph, node):
            nodes.append(node)
            continue
        part = replace(target, id=max((*graph.tensors, *added)) + 1, name=f"{target.name}, cut")
        added[part.id] = part
        nodes += [replace(node, outputs=(part.id,)), Node(Shift(), (part.id,), (target.id,))]
    return graph.replace(tensors={**graph.tensors, **added}, nodes=tuple(nodes)) if added else graph


def _is_part(graph: Graph, node: Node) -> bool:
    """Whether it takes bytes in a row, of a tensor that is computed."""
    if not isinstance(node.op, Slice) or graph.tensors[node.inputs[0]].constant:
        return False
    steps = node.op.lower(graph.operands(node))
    return all(isinstance(step, KernelCall) and step.needless is not None for step in steps)
