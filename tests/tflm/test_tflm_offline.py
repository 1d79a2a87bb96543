"""Our memory plan in front of a model, read back as TFLM reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tflite as schema

from tinygen import tflite
from tinygen.engines.tflm import offline

DIGITS = Path(__file__).resolve().parent.parent / "golden" / "digits.tflite"


@pytest.fixture(scope="module")
def content() -> bytes:
    return DIGITS.read_bytes()


def metadata(content: bytes) -> dict[bytes, bytes]:
    model = schema.Model.GetRootAs(content, 0)
    entries = [model.Metadata(i) for i in range(model.MetadataLength())]
    return {e.Name(): model.Buffers(e.Buffer()).DataAsNumpy().tobytes() for e in entries}


def test_the_model_is_the_same_from_either_beginning(content: bytes) -> None:
    graph = tflite.read(content, "digits")
    planned = offline.with_plan(content, graph)
    assert planned.content[planned.original :] == content
    assert planned.original % 16 == 0, "what lies behind keeps its alignment"
    again = tflite.read(planned.content, "digits")
    assert [n.op for n in again.nodes] == [n.op for n in graph.nodes]
    assert (again.inputs, again.outputs) == (graph.inputs, graph.outputs)
    for tensor_id, tensor in graph.tensors.items():
        other = again.tensors[tensor_id]
        assert (other.name, other.shape, other.quant) == (tensor.name, tensor.shape, tensor.quant)
        if tensor.data is not None and other.data is not None:
            assert np.array_equal(other.data, tensor.data)
        assert other.constant == tensor.constant
    root, new_root = (schema.Model.GetRootAs(c, 0) for c in (content, planned.content))
    assert new_root.Version() == root.Version()
    assert new_root.Description() == root.Description()
    assert new_root.SignatureDefsLength() == root.SignatureDefsLength()


def test_the_metadata(content: bytes) -> None:
    graph = tflite.read(content, "digits")
    planned = offline.with_plan(content, graph)
    before, after = metadata(content), metadata(planned.content)
    assert {k: v for k, v in after.items() if k != offline.NAME.encode()} == before
    values = np.frombuffer(after[offline.NAME.encode()], dtype="<i4")
    assert list(values[1:3]) == [1, len(graph.tensors)]
    for tensor_id, offset in enumerate(values[3:]):
        tensor = graph.tensors[tensor_id]
        assert (offset == -1) == tensor.constant
    assert planned.content.index(values.tobytes()) % 16 == 0, "TFLM reads it as int32"


def test_no_output_lies_on_an_input_of_its_operator(content: bytes) -> None:
    graph = tflite.read(content, "digits")
    memory = offline.plan_graph(graph)
    for node in graph.nodes:
        if node.op.kind == "RESHAPE":
            continue
        for source in (i for i in node.inputs if i in memory.offsets):
            for target in node.outputs:
                a, b = memory.offsets[source], memory.offsets[target]
                apart = (
                    a + graph.tensors[source].nbytes <= b or b + graph.tensors[target].nbytes <= a
                )
                assert apart, f"{node.op.kind}: {source} and {target} overlap"
    assert memory.arena_bytes >= memory.minimum_bytes
