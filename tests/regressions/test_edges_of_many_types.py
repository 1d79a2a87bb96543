"""Inputs and outputs of float32, uint8, int16 and int32 were refused, or became int8 unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.harness import int8
from tests.ops.network_file import Network
from tinygen.errors import InputError
from tinygen.ir import DType, Edge
from tinygen.project import VECTORS
from tinygen.proof.vectors import Vectors

SHAPE = (1, 4, 6)


def _model() -> bytes:
    """An input of each type that converters write, and an output of each."""
    net = Network()
    numbers = np.random.default_rng(5)
    table = int8(data=numbers.integers(-128, 128, (9, 6)), scale=0.1, zero_point=3)
    real = net.input(SHAPE, dtype=DType.FLOAT32)
    pixels = net.input(SHAPE, (0.1, 131), dtype=DType.UINT8)
    wave = net.input(SHAPE, (0.0004, 0), dtype=DType.INT16)
    words = net.input((1, 4), dtype=DType.INT32)
    found = net.call("GATHER", [table, words], SHAPE, axis=0)
    inside = [net.call("QUANTIZE", [edge], SHAPE) for edge in (real, pixels, wave)]
    total = net.call("MAXIMUM", [net.call("MAXIMUM", inside[:2], SHAPE), found], SHAPE)
    total = net.call("MINIMUM", [total, inside[2]], SHAPE)
    return net.file(
        net.call("DEQUANTIZE", [total], SHAPE, dtype=DType.FLOAT32),
        net.call("QUANTIZE", [total], SHAPE, (0.1, 131), dtype=DType.UINT8),
        net.call("QUANTIZE", [total], SHAPE, (0.0004, 0), dtype=DType.INT16),
        net.call("ARG_MAX", [total, 2], (1, 4), dtype=DType.INT32),
    )


@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_they_are_kept(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "tflm":
        request.getfixturevalue("tree")
    path, out = tmp_path / "net.tflite", tmp_path / engine
    path.write_bytes(_model())
    tinygen.build(path, board="qemu-cortex-m4", engine=engine, out=out, keep_edges=True, jobs=1)
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH, result.reason
    checks = Vectors.from_bytes((out / VECTORS).read_bytes())
    types = [[array.dtype.name for array in side] for side in (checks.inputs, checks.expected)]
    assert types == [["float32", "uint8", "int16", "int32"]] * 2
    assert checks.inputs[3].min() == 0
    assert checks.inputs[3].max() == 8
    header = (out / "lib/model/src/model.h").read_text("utf-8")
    assert "void *model_input(size_t index);" in header
    assert "int32 from 0 to 8" in header


def test_they_become_int8_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(_model())
    seen = tinygen.inspect(path)
    assert [edge.dtype.value for edge in seen.inputs] == ["int8", "int8", "int8", "int32"]
    assert [edge.dtype.value for edge in seen.outputs] == ["int8", "int8", "int8", "int32"]


def test_a_float_edge_is_counted_in_steps() -> None:
    edge = Edge("score", (1, 2), DType.FLOAT32, 0.5, -3, (), None)
    values = np.array([1.0, 2.5], np.float32)
    assert edge.steps(values).tolist() == [2.0, 5.0]
    np.testing.assert_array_equal(edge.quantize(values), values)
    assert edge.of_codes(np.array([-3, -1])).tolist() == [0.0, 1.0]


def test_what_computes_in_float_before_it_is_quantized_is_named(tmp_path: Path) -> None:
    """Such a file was called a float model, although all the rest of it is int8."""
    net = Network()
    real = net.input(SHAPE, dtype=DType.FLOAT32)
    inside = net.call("QUANTIZE", [real], SHAPE)
    other = net.call("TANH", [real], SHAPE, dtype=DType.FLOAT32)
    path = tmp_path / "net.tflite"
    path.write_bytes(net.file(net.call("TANH", [inside], SHAPE, (1 / 128, 0)), other))
    with pytest.raises(InputError, match="only partly quantized") as caught:
        tinygen.inspect(path)
    assert "TANH computes with the input 't0' in float32" in caught.value.why
