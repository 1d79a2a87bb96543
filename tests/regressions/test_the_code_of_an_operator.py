"""A .tflite says an operator's code in two fields. Where they differed, or only the newer one was
written, another operator was compiled than TensorFlow Lite Micro runs: a MISMATCH that was blamed
on the device, or ADD for everything. Both runtimes take the larger number."""

from __future__ import annotations

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.tflm import stand_in
from tinygen import tflite

AVERAGE, MAX = schema.BuiltinOperator.AVERAGE_POOL_2D, schema.BuiltinOperator.MAX_POOL_2D
POOLS = stand_in.pools((8, 8, 2), (4, 4, 2))


def with_codes(narrow: int, wide: int) -> bytes:
    """The file, whose MAX_POOL_2D has these two codes."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(POOLS), 0)
    (code,) = (c for c in model.operatorCodes if MAX in (c.builtinCode, c.deprecatedBuiltinCode))
    code.deprecatedBuiltinCode, code.builtinCode = narrow, wide
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize(
    ("narrow", "wide", "kind"),
    [
        (MAX, MAX, "MAX_POOL_2D"),
        (MAX, 0, "MAX_POOL_2D"),
        (0, MAX, "MAX_POOL_2D"),
        (AVERAGE, MAX, "MAX_POOL_2D"),
        (MAX, AVERAGE, "MAX_POOL_2D"),
        (-1, AVERAGE, "AVERAGE_POOL_2D"),
    ],
)
def test_the_larger_code_counts(narrow: int, wide: int, kind: str) -> None:
    file = tflite.parse(with_codes(narrow, wide), "pools.tflite")
    assert [call.kind for call in file.calls] == [kind, "RESHAPE"]
