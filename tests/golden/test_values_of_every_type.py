"""`model_quantize` and `model_dequantize` of a model with edges of every type, in C under
sanitizers: they are the edges' own rules in numpy."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tests.host_program import write
from tests.ops.harness import int8
from tests.ops.network_file import Network
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.ir import Array, DType, Edge, Graph, input_edges, output_edges
from tinygen.project.library import SOURCES

COUNT, ROUNDS = 64, 20
SHAPE = (1, COUNT)
CODES = (0.1, 0)
TYPES = {
    DType.INT8: (0.05, -7),
    DType.FLOAT32: (1.0, 0),
    DType.UINT8: (0.05, 131),
    DType.INT16: (0.0004, 0),
    DType.INT32: (1.0, 0),
}
_MAIN = """
#include <stdio.h>
#include "model.h"
int main(void) {
  static float real[64];
  static union { int32_t whole[64]; int8_t bytes[256]; } value;
  size_t sizes[] = {1, 4, 1, 2, 4};
  for (size_t i = 0; i < 5; i++) {
    for (int round = 0; round < ROUNDS; round++) {
      if (fread(real, 4, 64, stdin) != 64) return 1;
      model_quantize(&model_inputs[i], real, &value);
      fwrite(&value, sizes[i], 64, stdout);
    }
  }
  for (size_t i = 0; i < 5; i++) {
    for (int round = 0; round < ROUNDS; round++) {
      if (fread(&value, sizes[i], 64, stdin) != 64) return 2;
      model_dequantize(&model_outputs[i], &value, real);
      fwrite(real, 4, 64, stdout);
    }
  }
  return 0;
}
"""
_FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
)


def _graph() -> Graph:
    """Each type goes in, and comes out of what was made of the int8 input."""
    net = Network()
    inputs = [net.input(SHAPE, quant, dtype) for dtype, quant in TYPES.items()]
    table = int8(data=np.zeros((9,), np.int8), scale=0.1)
    total = net.call("GATHER", [table, inputs[-1]], SHAPE, CODES, axis=0)
    for edge in inputs[1:4]:
        inside = net.call("QUANTIZE", [edge], SHAPE, CODES)
        total = net.call("MAXIMUM", [total, inside], SHAPE, CODES)
    column = net.call("RESHAPE", [total, [1, COUNT, 1]], (1, COUNT, 1), CODES)
    outputs = [
        net.call("TANH", [inputs[0]], SHAPE, (1 / 128, 0)),
        net.call("DEQUANTIZE", [total], SHAPE, dtype=DType.FLOAT32),
        net.call("QUANTIZE", [total], SHAPE, TYPES[DType.UINT8], DType.UINT8),
        net.call("QUANTIZE", [total], SHAPE, TYPES[DType.INT16], DType.INT16),
        net.call("ARG_MAX", [column, 2], SHAPE, dtype=DType.INT32),
    ]
    return passes.simplify(tflite.read(net.file(*outputs), "net"), keep_edges=True)


def _reals(edge: Edge) -> Array:
    """Ties, bounds and what has no code."""
    generator = np.random.default_rng(0)
    step = np.float32(edge.scale)
    low, high = (0, 300) if edge.dtype is DType.FLOAT32 else (edge.dtype.low, edge.dtype.high)
    bounds = np.array([low, high], np.float64)[:, None] + np.arange(-4, 5) / 2 - edge.zero_point
    values = np.concatenate(
        [
            np.arange(-300, 301) * step / 2,
            (bounds * edge.scale).ravel(),
            generator.normal(0, 3, 400),
            generator.normal(0, 1e5, 200),
            [0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan, 1e-30, 2.0**31, -(2.0**31), 2.0**32],
        ]
    ).astype(np.float32)
    return np.resize(values, (ROUNDS, COUNT))


def _codes(edge: Edge) -> Array:
    """All there are, or many with the ends."""
    generator = np.random.default_rng(1)
    if edge.dtype is DType.FLOAT32:
        return generator.normal(0, 9, (ROUNDS, COUNT)).astype(np.float32)
    low, high = edge.dtype.low, edge.dtype.high
    values = generator.integers(low, high + 1, (ROUNDS, COUNT)).astype(edge.dtype.numpy)
    values[0, :2] = low, high
    if high - low < 256:
        values[1:5] = np.arange(low, high + 1).reshape(4, COUNT)
    return values


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the program says of all of them, one after the other."""
    folder, graph = tmp_path_factory.mktemp("typed"), _graph()
    write(aot.compile_graph(graph), folder)
    main = folder / "src" / "main.c"
    main.write_text(f"#define ROUNDS {ROUNDS}{_MAIN}")
    made = [main, *(folder / SOURCES).glob("*.c")]
    binary = folder / "program"
    subprocess.run(["gcc", *_FLAGS, f"-I{folder / SOURCES}", *made, "-o", binary], check=True)
    asked = [_reals(edge) for edge in input_edges(graph)]
    asked += [_codes(edge) for edge in output_edges(graph)]
    sent = b"".join(values.tobytes() for values in asked)
    ran = subprocess.run([binary], input=sent, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def test_real_values_become_each_type(answers: bytes) -> None:
    at = 0
    for edge, dtype in zip(input_edges(_graph()), TYPES, strict=True):
        assert edge.dtype is dtype
        reals = _reals(edge)
        expected = edge.quantize(reals)
        got = np.frombuffer(answers, dtype.numpy, reals.size, at).reshape(reals.shape)
        np.testing.assert_array_equal(got, expected, dtype.value)
        at += got.nbytes


def test_each_type_becomes_real_values(answers: bytes) -> None:
    at = sum(ROUNDS * COUNT * dtype.size for dtype in TYPES)
    for edge, dtype in zip(output_edges(_graph()), TYPES, strict=True):
        assert edge.dtype is dtype
        codes = _codes(edge)
        got = np.frombuffer(answers, np.float32, codes.size, at).reshape(codes.shape)
        np.testing.assert_array_equal(got, edge.dequantize(codes), dtype.value)
        at += got.nbytes
    assert at == len(answers)
