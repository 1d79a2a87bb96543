"""A model for TFLM -> the text of its C and C++ files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen import csource, tflite
from tinygen.engines.engine import edge_values, said_of_itself
from tinygen.engines.tflm.arena import Arena
from tinygen.engines.tflm.kernel_sets import refused
from tinygen.engines.tflm.library import UNITS
from tinygen.engines.tflm.upstream import RESOLVER, Operator
from tinygen.ir import DType, Graph, State, input_edges, output_edges
from tinygen.project.library import SOURCES
from tinygen.templates import Identity, render

_ROW = 20


@dataclass(frozen=True)
class Registered:
    """One operator as it is added to the resolver; `registration` empty for the default one."""

    method: str
    registration: str
    header: str


def registered(graph: Graph, operator: Operator) -> Registered:
    """int8-only where upstream has that and the model needs no more, of a vendor's kernels too."""
    plain = operator.kind in refused(graph)
    if operator.int8 is None or plain or not _only_int8(graph, operator.kind):
        return Registered(operator.method, "", "")
    name, header = operator.int8
    return Registered(operator.method, name, header)


def _only_int8(graph: Graph, kind: str) -> bool:
    """Whether all nodes of the kind have int8 activations and int8 weights."""
    for node in graph.nodes:
        if node.op.kind == kind:
            io = graph.operands(node)
            tensors = [*io.outputs, *(t for t in io.inputs[:1] if t is not None)]
            tensors += [t for t in io.inputs[1:] if t is not None and not t.constant]
            int4 = any(t.int4 for t in io.inputs if t is not None)
            if int4 or any(t.dtype is not DType.INT8 for t in tensors):
                return False
    return True


def _starts_as_other(graph: Graph, state: State) -> bool:
    """Whether a state starts as what the interpreter's own reset does not give it."""
    return not np.array_equal(state.initial, tflite.start(graph.tensors[state.read]))


def model_files(
    graph: Graph,
    operators: Sequence[Registered],
    content: bytes,
    original: int,
    arena: Arena,
    identity: Identity,
    *,
    npu: bool = False,
) -> dict[str, str]:
    """The model's files: path in the project -> text. With `npu` it starts that first."""
    common = said_of_itself(identity)
    edges = {
        **edge_values(input_edges(graph), output_edges(graph)),
        "labels": csource.output_labels(identity.labels, len(graph.outputs)),
    }
    values = common | edges
    values |= {
        "arena_bytes": arena.bytes,
        "arena_needed": arena.needed or 0,
        "arena_place": arena.place.value,
        "npu": npu,
        "states": len(graph.states),
        "forgets": tflite.forgets(content),
        "restarts": any(_starts_as_other(graph, state) for state in graph.states),
        "state_bytes": sum(graph.tensors[state.read].nbytes for state in graph.states),
    }
    return {
        f"{SOURCES}/tg_model.h": render("tg_model.h.j2", **values),
        f"{SOURCES}/model.h": render("model.h.j2", **values),
        f"{SOURCES}/model.c": render(
            "tflm_model.c.j2", **values, hash_bytes=csource.hash_bytes(identity.sha256)
        ),
    } | data_files(operators, content, original, identity)


def data_files(
    operators: Sequence[Registered],
    content: bytes,
    original: int,
    identity: Identity,
) -> dict[str, str]:
    """The model and its operators alone: all that the interpreter needs."""
    common = said_of_itself(identity)
    rows = [", ".join(str(b) for b in content[i : i + _ROW]) for i in range(0, len(content), _ROW)]
    data = common | {"bytes": len(content), "original": original}
    # The resolver's in front: some of the others need what it includes, and do not say so.
    headers = [RESOLVER, *sorted({operator.header for operator in operators if operator.header})]
    variables = len(tflite.variables(tflite.parse(content, "")))
    counted = f"#define TG_TFLM_VARIABLES {variables} /* of the model */\n"
    return {
        **({f"{UNITS}/tg_tflm_variables.h": counted} if variables else {}),
        f"{SOURCES}/model_data.h": render("tflm_data.h.j2", **data),
        f"{SOURCES}/model_data.c": render("tflm_data.c.j2", **data, rows=rows),
        f"{UNITS}/model_operators.cc": render(
            "tflm_operators.cc.j2", **common, operators=operators, headers=headers
        ),
    }
