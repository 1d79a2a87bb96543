"""Random islands of float that are a table: one function of all codes between DEQUANTIZE and
QUANTIZE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tests.ops.drawn_moves import Rng
from tests.ops.harness import tensor
from tests.ops.network_file import Network
from tests.ops.tflite_file import run_litert, run_tflm
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Tensor
from tinygen.passes.fold_float_islands import undefined
from tinygen.proof import interpret

CODES = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
_NUMBERS: Mapping[str, Callable[[Rng], float]] = {
    "FLOOR_DIV": lambda rng: float(rng.uniform(0.2, 3) * rng.choice([-1, 1])),
    "FLOOR_MOD": lambda rng: float(rng.uniform(0.2, 3) * rng.choice([-1, 1])),
    "POW": lambda rng: float(rng.choice([2, 3, 0.5, -1, 1.7])),
}
"""Of functions of two what the second is."""
_LITERT_S = frozenset({"POW", "SIGN"})
"""TFLM has them not."""
_POSITIVE = frozenset({"LOG", "POW", "RSQRT", "SQRT"})
"""What has no number, or no end, elsewhere."""
ISLANDS = (
    *("CEIL", "COS", "FLOOR", "NEG", "ROUND", "SIGN", "SIN", "SQUARE"),
    *_NUMBERS,
    *("ABS", "ELU", "EXP", "HARD_SWISH", "LOG", "RSQRT", "SQRT"),
)
_TRIES = 200


def island(kind: str, rng: Rng) -> tuple[bytes, Graph]:
    """A file, and its graph with the table: for scales for which no last bit of a C library
    decides, and no processor."""
    for _ in range(_TRIES):
        content = _file(kind, rng)
        written = tflite.read(content, "island")
        try:
            graph = passes.simplify(written)
        except UnsupportedModel:
            continue
        if not undefined(written):
            return content, graph
    raise AssertionError(f"no island of {kind} in {_TRIES}")


def _file(kind: str, rng: Rng) -> bytes:
    net = Network()
    source = net.input((1, 256), (float(np.exp(rng.uniform(-5, 0))), int(rng.integers(-128, 128))))
    real = net.call("DEQUANTIZE", [source], (1, 256), dtype=DType.FLOAT32)
    if kind in _POSITIVE:
        real = net.call("ABS", [real], (1, 256), dtype=DType.FLOAT32)
        little = tensor(dtype=DType.FLOAT32, data=np.array(rng.uniform(0.01, 1), np.float32))
        real = net.call(
            "ADD", [real, little], (1, 256), dtype=DType.FLOAT32, fusedActivationFunction=0
        )
    inputs: list[Tensor | object] = [real]
    if kind in _NUMBERS:
        number = np.array(_NUMBERS[kind](rng), np.float32)
        inputs.append(tensor(dtype=DType.FLOAT32, data=number))
    made = net.call(kind, inputs, (1, 256), dtype=DType.FLOAT32)
    quant = float(np.exp(rng.uniform(-5, 0))), int(rng.integers(-128, 128))
    return net.file(net.call("QUANTIZE", [made], (1, 256), quant))


def check_islands(kinds: Sequence[str], count: int) -> None:
    """The tables equal what the runtime computes of the file, in every code."""
    for kind in kinds:
        run = run_litert if kind in _LITERT_S else run_tflm
        for number in range(count):
            content, graph = island(kind, np.random.default_rng([number, len(kind)]))
            assert [node.op.kind for node in graph.nodes] == ["TABLE"], kind
            got: Array = interpret.run(graph, [CODES])[graph.outputs[0]]
            np.testing.assert_array_equal(got, run(content, [CODES])[0], f"{kind} {number}")
