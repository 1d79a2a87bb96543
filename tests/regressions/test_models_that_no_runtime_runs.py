"""Accepted, and MATCH, although no runtime would run it or not as the file means it: a bias scale
that is not input times weight, TANH and LOGISTIC with other outputs than TFLM's fixed ones, zero
points that are no int8, copies into another quantization, infinite attributes. And where neither
TFLM nor LiteRT ran a model, tinygen's own reference was held against itself, and that was a MATCH.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.ops.tflite_file import constant, edited, single_operator, tensor
from tinygen import passes, tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Int8Model, Tensor
from tinygen.progress import Progress, Silent
from tinygen.proof import oracle
from tinygen.proof.expect import expect
from tinygen.proof.oracle import HostRun, Refusal
from tinygen.proof.vectors import Vectors

SHARED: dict[str, Any] = {"scale": 0.1, "zero_point": 3}


def simplified(content: bytes) -> None:
    """As far as the files go that ended in a MATCH: shapes, then the operators' own checks."""
    graph = passes.simplify(tflite.read(content, "model"))
    for node in graph.nodes:
        node.op.lower(graph.operands(node))


def lowered(content: bytes) -> None:
    """The operators of the file as it is: an input that is not int8 is refused earlier."""
    graph = tflite.read(content, "model")
    for node in graph.nodes:
        node.op.lower(graph.operands(node))


def dense(bias_scale: float | Sequence[float], zero_point: int = 0, units: int = 3) -> bytes:
    """FULLY_CONNECTED whose input times weights has the scale 0.001."""
    weights = tensor((units, 6), scale=0.01, data=np.ones((units, 6)))
    bias = tensor((units,), DType.INT32, bias_scale, zero_point, data=np.arange(units))
    operands = [tensor((1, 6), **SHARED), weights, bias]
    return single_operator("FULLY_CONNECTED", operands, [tensor((1, units), scale=0.5)], {})


@pytest.mark.parametrize("scale", [0.5, 0.0005, 0.00103, (0.001, 0.001, 0.002)])
def test_a_bias_on_another_scale_than_the_products(scale: float | Sequence[float]) -> None:
    with pytest.raises(UnsupportedModel, match="the bias") as caught:
        simplified(dense(scale))
    assert "0.001" in caught.value.why


def test_a_bias_with_a_zero_point() -> None:
    with pytest.raises(UnsupportedModel, match="zero point 5"):
        simplified(dense(0.001, 5))


def test_a_bias_scale_with_a_converters_rounding() -> None:
    simplified(dense(float(np.nextafter(np.float32(0.001), np.float32(1)))))
    simplified(dense(0.001005))


@pytest.mark.parametrize(
    ("kind", "scale", "zero_point"),
    [
        ("TANH", 0.01, 0),
        ("TANH", 1 / 128, -20),
        ("LOGISTIC", 1 / 256, 0),
        ("LOGISTIC", 1 / 128, -128),
        ("SOFTMAX", 1 / 256, 0),
        ("SOFTMAX", 0.01, -128),
    ],
)
def test_outputs_that_the_specification_fixes(kind: str, scale: float, zero_point: int) -> None:
    options = {"beta": 1.0} if kind == "SOFTMAX" else None
    output = tensor((1, 8), scale=scale, zero_point=zero_point)
    content = single_operator(kind, [tensor((1, 8), **SHARED)], [output], options)
    with pytest.raises(UnsupportedModel, match=f"{kind} gives"):
        simplified(content)


@pytest.mark.parametrize("zero_point", [128, -129, 300, -(1 << 63)])
@pytest.mark.parametrize("side", ["input", "output"])
def test_a_zero_point_that_is_no_code(zero_point: int, side: str) -> None:
    points = (zero_point, 3) if side == "input" else (3, zero_point)
    edges = [tensor((1, 8), scale=0.1, zero_point=point) for point in points]
    with pytest.raises(UnsupportedModel, match=f"zero point {zero_point}"):
        simplified(single_operator("HARD_SWISH", edges[:1], edges[1:], None))


@pytest.mark.parametrize("points", [[], [3, 3]])
def test_as_many_zero_points_as_scales(points: list[int]) -> None:
    """LiteRT refuses other numbers of them; TFLM takes the tensor for not quantized."""

    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].quantization.zeroPoint = points

    with pytest.raises(UnsupportedModel, match=f"1 scales and {len(points)} zero points"):
        simplified(edited(dense(0.001), change))


@pytest.mark.parametrize("dimension", [-1, 2, 128])
def test_a_quantized_dimension_that_is_not_there(dimension: int) -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[0].quantization.quantizedDimension = dimension

    with pytest.raises(UnsupportedModel, match=f"along dimension {dimension}"):
        simplified(edited(dense(0.001), change))


@pytest.mark.parametrize("kind", ["RESHAPE", "EXPAND_DIMS"])
def test_a_shape_that_hangs_on_an_input(kind: str) -> None:
    """The declared shape was believed: an axis of another input's values was no axis at all."""
    operands = [tensor((1, 6), **SHARED), tensor((2,), DType.INT32)]
    with pytest.raises(UnsupportedModel, match="must be a constant"):
        lowered(single_operator(kind, operands, [tensor((6, 1), **SHARED)], {}))


MOVES: dict[str, tuple[list[Tensor], tuple[int, ...], dict[str, object] | None]] = {
    "RESHAPE": ([constant([4, 3])], (4, 3), {}),
    "SQUEEZE": ([], (3, 4), {}),
    "EXPAND_DIMS": ([constant([0])], (1, 1, 3, 4), {}),
    "TRANSPOSE": ([constant([0, 2, 1])], (1, 4, 3), {}),
    "PAD": ([constant(np.ones((3, 2)))], (3, 5, 6), {}),
    "STRIDED_SLICE": ([*map(constant, ([0, 0, 0], [1, 2, 4], [1, 1, 1]))], (1, 2, 4), {}),
    "CONCATENATION": ([tensor((1, 3, 4), **SHARED)], (2, 3, 4), {"axis": 0}),
}


@pytest.mark.parametrize("kind", MOVES)
@pytest.mark.parametrize("other", [{"scale": 0.2}, {"zero_point": -3}])
def test_a_copy_into_another_quantization(kind: str, other: dict[str, Any]) -> None:
    operands, shape, options = MOVES[kind]
    source = tensor((1, 3, 4), **SHARED)

    def copied(quant: dict[str, Any]) -> bytes:
        return single_operator(kind, [source, *operands], [tensor(shape, **quant)], options)

    with pytest.raises(UnsupportedModel, match="quantizations differ"):
        simplified(copied({**SHARED, **other}))
    simplified(copied(SHARED))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(("kind", "name"), [("LEAKY_RELU", "alpha"), ("SOFTMAX", "beta")])
def test_attributes_that_are_no_numbers(kind: str, name: str, value: float) -> None:
    output = tensor((1, 8), scale=1 / 256, zero_point=-128)
    content = single_operator(kind, [tensor((1, 8), **SHARED)], [output], {name: float(value)})
    with pytest.raises(UnsupportedModel, match=f"the {name} {value}"):
        simplified(content)


def test_a_scale_ratio_beyond_float32() -> None:
    edges = tensor((1, 8), scale=3e14), tensor((1, 8), scale=1e-14)
    content = single_operator("LEAKY_RELU", edges[:1], edges[1:], {"alpha": 3e38})
    with pytest.raises(UnsupportedModel, match="too large"):
        simplified(content)


def model() -> Int8Model:
    content = single_operator("RELU", [tensor((1, 8), **SHARED)], [tensor((1, 8), **SHARED)], None)
    graph = tflite.read(content, "relu")
    return Int8Model(content, graph, passes.simplify(graph))


class Warnings(Silent):
    def __init__(self) -> None:
        self.told: list[str] = []

    def warn(self, text: str) -> None:
        self.told.append(text)


def refuse(monkeypatch: pytest.MonkeyPatch, *runtimes: str) -> None:
    """These runtimes refuse every model."""
    real = oracle._edges_run

    def run(runner: str, *arguments: Any) -> Any:
        if runner in runtimes:
            raise oracle._HostRunFailed(f"{runner} says no")
        return real(runner, *arguments)

    monkeypatch.setattr(oracle, "_edges_run", run)
    monkeypatch.setattr(oracle, "_version", lambda _: oracle.TFLM_WHEEL)


def expected(progress: Progress) -> Vectors:
    return expect(model(), None, (), seed=0, progress=progress)


def test_what_nobody_runs_is_said_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "tflm", "litert")
    heard = Warnings()
    vectors = expected(heard)
    assert vectors.oracle == oracle.REFERENCE
    assert any("no runtime" in text and "litert says no" in text for text in heard.told)
    assert Vectors.from_bytes(vectors.to_bytes()).refusals == vectors.refusals
    assert len(vectors.refusals) == 2


def test_one_runtime_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    refuse(monkeypatch, "tflm")
    heard = Warnings()
    vectors = expected(heard)
    assert vectors.litert is not None
    assert not any("no runtime" in text for text in heard.told)


def test_vectors_without_refusals_read_as_before() -> None:
    plain = Vectors(
        inputs=(np.zeros((1, 8), np.int8),),
        expected=(np.zeros((1, 8), np.int8),),
        oracle="x",
        origins=("random",),
        labels=np.array([-1]),
    )
    assert Vectors.from_bytes(plain.to_bytes()).refusals == ()
    told = replace(plain, refusals=(str(Refusal("LiteRT", "no")),))
    assert Vectors.from_bytes(told.to_bytes()).refusals == ("LiteRT: no",)
    assert HostRun("x", ()).refusal is None
