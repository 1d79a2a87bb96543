"""Real models: every tensor, intermediate ones too, equals TFLM's, and every layer's kernel equals
the reference on the values that reach it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, check, random_array
from tinygen import tflite
from tinygen.ir import Array, Graph
from tinygen.proof import interpret

_RANDOM_VECTORS = 2


def _vectors(graph: Graph) -> list[list[Array]]:
    tensors = [graph.tensors[i] for i in graph.inputs]
    vectors = [
        [np.full(t.shape, t.dtype.low, t.dtype.numpy) for t in tensors],
        [np.full(t.shape, t.dtype.high, t.dtype.numpy) for t in tensors],
    ]
    rng = np.random.default_rng(1)
    for _ in range(_RANDOM_VECTORS):
        vectors.append([random_array(t.shape, t.dtype, rng) for t in tensors])
    return vectors


def test_every_tensor_of_a_model_equals_tflm(model: Path) -> None:
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="the tflite-micro wheel is not installed"
    )
    content = model.read_bytes()
    graph = tflite.read(content, model.stem)
    interpreter = runtime.Interpreter.from_bytes(
        content,
        arena_size=16 << 20,
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )
    written = [i for node in graph.nodes for i in node.outputs]
    assert written
    for number, vector in enumerate(_vectors(graph)):
        for position, array in enumerate(vector):
            interpreter.set_input(array, position)
        interpreter.invoke()
        values = interpret.run(graph, vector)
        for i in written:
            theirs = interpreter.GetTensor(i, 0)["tensor_data"]
            where = f"vector {number}, tensor '{graph.tensors[i].name}'"
            np.testing.assert_array_equal(values[i], theirs, where, strict=True)


def test_every_kernel_of_a_model_equals_reference(model: Path, tmp_path: Path) -> None:
    graph = tflite.read(model.read_bytes(), model.stem)
    (vector,) = _vectors(graph)[-1:]
    values = interpret.run(graph, vector)
    cases = []
    for node in graph.nodes:
        io = graph.operands(node)
        inputs = tuple(None if t is None else values[t.id] for t in io.inputs)
        cases.append(Case(f"{node.op.kind} -> {io.output.name}", node.op, io, (inputs,)))
    check(cases, tmp_path)
