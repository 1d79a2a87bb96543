"""Variables of a file are states of the graph: what TFLM computes, over sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.ops.tflite_file import edited
from tests.state.models import FEATURES, FRAMES, streaming
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Int8Model
from tinygen.proof import oracle

STARTS = np.isin(np.arange(40), (0, 7, 20))


def _model(content: bytes) -> Int8Model:
    written = tflite.read(content, "stream")
    return Int8Model(content, written, passes.simplify(written))


def _inputs(count: int) -> list[Array]:
    rng = np.random.default_rng(3)
    return [rng.integers(-128, 128, (count, 1, FRAMES, 1, FEATURES)).astype(np.int8)]


@pytest.mark.parametrize("first_values", [True, False])
def test_the_reference_is_tflms_over_sequences(first_values: bool) -> None:
    model = _model(streaming(first_values=first_values))
    assert len(model.graph.states) == 2
    assert not {node.op.kind for node in model.graph.nodes} & {"READ_VARIABLE", "VAR_HANDLE"}
    inputs = _inputs(len(STARTS))
    truth = oracle.expected(model, inputs, STARTS)
    if truth.name == oracle.REFERENCE:
        pytest.skip("the tflite-micro wheel is not installed")
    for graph in (model.graph, passes.optimize(model.graph)):
        rows = list(oracle.reference(graph, inputs, STARTS))
        assert np.array_equal(np.stack([row[0] for row in rows]), truth.outputs[0])
    # That it remembers is seen: the same inputs give something else without what was before.
    alone = oracle.expected(model, inputs).outputs[0]
    assert (alone != truth.outputs[0]).any(axis=(1, 2)).sum() > 30
    assert np.array_equal(alone[STARTS], truth.outputs[0][STARTS])


def _operators(tables: Any, kind: str) -> list[Any]:
    number = getattr(schema.BuiltinOperator, kind)
    return [
        one
        for one in tables.subgraphs[0].operators
        if tables.operatorCodes[one.opcodeIndex].builtinCode == number
    ]


def test_a_variable_that_is_never_assigned_is_a_constant() -> None:
    def change(tables: Any) -> None:
        gone = _operators(tables, "ASSIGN_VARIABLE")[0]
        tables.subgraphs[0].operators = [o for o in tables.subgraphs[0].operators if o is not gone]

    model = _model(edited(streaming(), change))
    assert len(model.graph.states) == 1
    inputs = _inputs(len(STARTS))
    rows = list(oracle.reference(model.graph, inputs, STARTS))
    truth = oracle.expected(model, inputs, STARTS)
    assert np.array_equal(np.stack([row[0] for row in rows]), truth.outputs[0])


def test_what_is_read_after_it_was_assigned_is_what_was_assigned() -> None:
    def change(tables: Any) -> None:
        graph = tables.subgraphs[0]
        late = _operators(tables, "ASSIGN_VARIABLE")[0]
        read = _operators(tables, "READ_VARIABLE")[0]
        again = schema.TensorT(
            shape=graph.tensors[read.outputs[0]].shape,
            type=graph.tensors[read.outputs[0]].type,
            name="again",
            quantization=graph.tensors[read.outputs[0]].quantization,
        )
        graph.tensors.append(again)
        graph.operators.append(
            schema.OperatorT(
                opcodeIndex=read.opcodeIndex,
                inputs=list(late.inputs[:1]),
                outputs=[len(graph.tensors) - 1],
            )
        )
        graph.outputs = [*graph.outputs, len(graph.tensors) - 1]

    model = _model(edited(streaming(), change))
    assert model.graph.outputs[1] == model.graph.states[0].written
    inputs = _inputs(len(STARTS))
    rows = list(oracle.reference(model.graph, inputs, STARTS))
    truth = oracle.expected(model, inputs, STARTS)
    assert np.array_equal(np.stack([row[1] for row in rows]), truth.outputs[1])


def _other_handle(tables: Any) -> None:
    read = _operators(tables, "READ_VARIABLE")[0]
    read.inputs = [tables.subgraphs[0].inputs[0]]


def _computed_first(tables: Any) -> None:
    assign = tables.subgraphs[1].operators[1]
    tables.subgraphs[1].tensors[assign.inputs[1]].buffer = 0


def _another_subgraph(tables: Any) -> None:
    tables.subgraphs.append(tables.subgraphs[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_other_handle, "READ_VARIABLE names no variable"),
        (_computed_first, "starts as what ASSIGN_VARIABLE computes"),
        (_another_subgraph, "3 subgraphs, one is compiled"),
    ],
)
def test_what_is_not_understood_is_refused(change: Callable[[Any], None], message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        tflite.read(edited(streaming(), change), "stream")
