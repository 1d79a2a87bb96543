"""A .tflite says of an operator's options which operator's they are. Others than its own were
read as its own, while the runtimes then have none: a MISMATCH that was blamed on the device."""

from __future__ import annotations

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.tflm import stand_in
from tinygen import tflite
from tinygen.errors import UnsupportedModel

POOLS = stand_in.pools((8, 8, 2), (4, 4, 2))


def test_they_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(bytearray(POOLS), 0)
    pool = model.subgraphs[0].operators[0]
    pool.builtinOptionsType = schema.BuiltinOptions.DepthwiseConv2DOptions
    pool.builtinOptions = schema.DepthwiseConv2DOptionsT(strideW=2, strideH=2)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    assert tflite.read(POOLS, "pools").nodes
    with pytest.raises(UnsupportedModel, match="options of another operator") as caught:
        tflite.read(bytes(builder.Output()), "pools")
    assert caught.value.why == "they are DepthwiseConv2DOptions; it takes Pool2DOptions"
