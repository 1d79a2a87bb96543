"""Islands of float between int8 operators: tables or arithmetic, as TFLM computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.drawn_islands import ISLANDS, check_islands
from tests.ops.harness import tensor
from tests.ops.network_file import Network
from tests.ops.tflite_file import run_litert, run_tflm
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Shape, Tensor
from tinygen.load.tflite_file import check_int8
from tinygen.passes.fold_float_islands import undefined
from tinygen.proof import interpret

CODES = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
ROWS = np.random.default_rng(4).integers(-128, 128, (1, 8, 16)).astype(np.int8)


class Float(Network):
    """A file with calls in float."""

    def real(
        self, kind: str, inputs: list[Tensor | object], shape: Shape = (1, 256), **options: Any
    ) -> Tensor:
        return self.call(kind, inputs, shape, dtype=DType.FLOAT32, **options)


def number(value: float) -> Tensor:
    return tensor(dtype=DType.FLOAT32, data=np.array(value, np.float32))


def simplified(content: bytes) -> Graph:
    check_int8(tflite.parse(content, "island"))
    return passes.simplify(tflite.read(content, "island"))


def computed(graph: Graph, *values: Array) -> Array:
    return interpret.run(graph, values)[graph.outputs[0]]


def chain(*steps: tuple[str, float | None], quant: tuple[float, int] = (0.05, 0)) -> bytes:
    """One function after the other, some with a number, of all codes."""
    net = Float()
    found = net.real("DEQUANTIZE", [net.input((1, 256), (0.037, 3))])
    for kind, value in steps:
        found = net.real(kind, [found] if value is None else [found, number(value)])
    return net.file(net.call("QUANTIZE", [found], (1, 256), quant))


CHAINS = (
    (("MUL", 1.7), ("ADD", -0.3), ("ABS", None), ("SQRT", None)),
    (("NEG", None), ("EXP", None), ("ADD", 1.0), ("LOG", None)),
    (("FLOOR_MOD", 1.3),),
    (("FLOOR_DIV", -0.4), ("MINIMUM", 3.0)),
    (("RELU", None), ("ADD", 0.5), ("RSQRT", None), ("SQUARE", None)),
)


@pytest.mark.parametrize("steps", CHAINS, ids=lambda steps: "+".join(kind for kind, _ in steps))
def test_a_chain_of_one_tensor_is_a_table(steps: tuple[tuple[str, float | None], ...]) -> None:
    content = chain(*steps)
    graph = simplified(content)
    assert [node.op.kind for node in graph.nodes] == ["TABLE"]
    (want,) = run_tflm(content, [CODES])
    assert np.array_equal(computed(graph, CODES), want)


def test_what_tflm_has_not_is_litert_s() -> None:
    for steps in ((("ABS", None), ("POW", 1.5)), (("SIGN", None),)):
        content = chain(*steps)
        (want,) = run_litert(content, [CODES])
        assert np.array_equal(computed(simplified(content), CODES), want)


def test_a_tensor_that_is_used_twice_is_one_tensor() -> None:
    """x * |x| + x."""
    net = Float()
    x = net.real("DEQUANTIZE", [net.input((1, 256), (0.037, 3))])
    square = net.real("MUL", [x, net.real("ABS", [x])])
    content = net.file(net.call("QUANTIZE", [net.real("ADD", [square, x])], (1, 256), (0.2, 1)))
    graph = simplified(content)
    assert [node.op.kind for node in graph.nodes] == ["TABLE"]
    assert np.array_equal(computed(graph, CODES), run_tflm(content, [CODES])[0])


def test_rows_are_normalized_in_float() -> None:
    net = Float()
    shape, row = (1, 8, 16), (1, 8, 1)
    x = net.real("DEQUANTIZE", [net.input(shape)], shape)
    mean = net.real("MEAN", [x, [2]], row, keepDims=True)
    centred = net.real("SUB", [x, mean], shape)
    spread = net.real("MEAN", [net.real("SQUARE", [centred], shape), [2]], row, keepDims=True)
    root = net.real("RSQRT", [net.real("ADD", [spread, number(1e-3)], row)], row)
    scaled = net.real("MUL", [centred, root], shape)
    content = net.file(net.call("QUANTIZE", [scaled], shape, (0.02, 4)))
    graph = simplified(content)
    kinds = {node.op.kind for node in graph.nodes}
    assert kinds == {"DEQUANTIZE", "REAL_FOLD", "REAL_PAIR", "REAL_MAP", "QUANTIZE"}
    for node in passes.optimize(graph).nodes:
        assert node.op.lower(graph.operands(node))
    assert np.array_equal(computed(graph, ROWS), run_tflm(content, [ROWS])[0])


def several(kind: str, **options: Any) -> bytes:
    """What is made of others: of two tensors, so that it is no table."""
    net, shape = Float(), (1, 8, 16)
    x, y = (net.real("DEQUANTIZE", [net.input(shape, (0.07, 5))], shape) for _ in range(2))
    both = net.real("SUB", [x, y], shape, fusedActivationFunction=0)
    inputs: list[Tensor | object] = [both, x, y] if kind == "ADD_N" else [both]
    return net.file(
        net.call("QUANTIZE", [net.real(kind, inputs, shape, **options)], shape, (0.03, 2))
    )


@pytest.mark.parametrize("kind", ["L2_NORMALIZATION", "ADD_N", "HARD_SWISH"])
def test_what_is_made_of_exact_operators_is_taken_apart(kind: str) -> None:
    content = several(kind)
    graph = simplified(content)
    assert {node.op.kind for node in graph.nodes} <= {
        "DEQUANTIZE", "REAL_FOLD", "REAL_PAIR", "REAL_MAP", "QUANTIZE",
    }  # fmt: skip
    for node in passes.optimize(graph).nodes:
        assert node.op.lower(graph.operands(node))
    turned = np.ascontiguousarray(ROWS[:, ::-1])
    for values in ([ROWS, turned], [ROWS, ROWS], [np.full_like(ROWS, 5), ROWS // 64]):
        assert np.array_equal(computed(graph, *values), run_tflm(content, values)[0])


def test_random_islands_of_each_function_are_tables() -> None:
    check_islands(ISLANDS, 2)


def test_one_of_them_alone_is_a_table() -> None:
    content = chain(("HARD_SWISH", None))
    graph = simplified(content)
    assert [node.op.kind for node in graph.nodes] == ["TABLE"]
    assert np.array_equal(computed(graph, CODES), run_tflm(content, [CODES])[0])


def test_what_is_no_number_is_told() -> None:
    """RSQRT of what is not positive: processors differ in what they quantize of it."""
    for steps, doubted in (((("RSQRT", None),), True), (CHAINS[0], False), (CHAINS[1], False)):
        graph = tflite.read(chain(*steps), "island")
        assert ("RSQRT 't2' has no number" in undefined(graph)) == doubted


def test_exp_of_several_tensors_is_refused() -> None:
    net = Float()
    x, y = (net.real("DEQUANTIZE", [net.input((1, 256))]) for _ in range(2))
    power = net.real("EXP", [net.real("ADD", [x, y])])
    graph = simplified(net.file(net.call("QUANTIZE", [power], (1, 256))))
    (node,) = (node for node in graph.nodes if node.op.kind == "EXP")
    with pytest.raises(UnsupportedModel, match="EXP on 't4' computes in float"):
        node.op.lower(graph.operands(node))
