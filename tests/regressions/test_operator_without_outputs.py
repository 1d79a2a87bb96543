"""A broken file whose operator has no output, one too many or -1 ended in a traceback."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.ops.tflite_file import constant, single_operator, tensor
from tinygen import passes, tflite
from tinygen.errors import TinygenError


def _with_outputs(kind: str, outputs: list[int]) -> bytes:
    operands = {
        "PAD": [tensor((2, 3), scale=0.1), constant(np.zeros((2, 2)))],
        "RELU": [tensor((2, 3), scale=0.1)],
    }[kind]
    content = single_operator(kind, operands, [tensor((2, 3), scale=0.1)] * 2)
    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    model.subgraphs[0].operators[0].outputs = outputs
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("kind", ["PAD", "RELU"])
@pytest.mark.parametrize("outputs", ["none", "two", "absent"])
def test_it_is_an_error_of_tinygen(kind: str, outputs: str) -> None:
    first = 2 if kind == "PAD" else 1
    ids = {"none": [], "two": [first, first + 1], "absent": [-1]}[outputs]
    content = _with_outputs(kind, ids)
    with pytest.raises(TinygenError):
        passes.simplify(tflite.read(content, "broken"))
