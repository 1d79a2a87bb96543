"""A .tflite file says some things twice; TFLM read one of them and tinygen the other, so that the
expected outputs were garbage and correct firmware was called MISMATCH, or `verify` ended in a
traceback: a depth_multiplier of 0, declared shapes, sizes left open, counts of inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.ops.tflite_file import (
    SAME,
    VALID,
    constant,
    edited,
    parse_operator,
    single_operator,
    tensor,
)
from tinygen import passes, tflite
from tinygen.api.prepare import prepare
from tinygen.api.prepared import Prepared
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import DType
from tinygen.options import ModelOptions
from tinygen.proof import interpret, oracle

DEPTHWISE = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
POOL: dict[str, Any] = {
    "strideH": 2,
    "strideW": 2,
    "filterHeight": 2,
    "filterWidth": 2,
    "padding": VALID,
}


def opened(content: bytes, folder: Path) -> Prepared:
    """As every command opens a model."""
    (folder / "model.tflite").write_bytes(content)
    return prepare(folder / "model.tflite", ModelOptions())


def refused(content: bytes, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        opened(content, folder)
    return f"{caught.value.what}. {caught.value.why}"


def depthwise(multiplier: int) -> bytes:
    """Three channels, two filters each: the shapes say 2."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (1, 3, 3, 6))
    return single_operator(
        "DEPTHWISE_CONV_2D",
        [tensor((1, 5, 5, 3), scale=0.05), tensor((1, 3, 3, 6), scale=0.01, data=weights)],
        [tensor((1, 5, 5, 6), scale=0.2)],
        {**DEPTHWISE, "padding": SAME, "depthMultiplier": multiplier},
    )


@pytest.mark.invariant("S18")
@pytest.mark.parametrize("multiplier", [0, 1, 3, 6])
def test_a_depth_multiplier_that_the_shapes_deny(multiplier: int, tmp_path: Path) -> None:
    told = refused(depthwise(multiplier), tmp_path)
    assert f"depth_multiplier {multiplier}" in told
    assert "make it 2" in told


def test_the_depth_multiplier_of_the_shapes(tmp_path: Path) -> None:
    assert opened(depthwise(2), tmp_path).model.graph.nodes


def pool(declared: tuple[int, ...]) -> bytes:
    quant: dict[str, Any] = {"scale": 0.05, "zero_point": 4}
    return single_operator(
        "AVERAGE_POOL_2D", [tensor((1, 6, 6, 2), **quant)], [tensor(declared, **quant)], POOL
    )


@pytest.mark.invariant("S18")
@pytest.mark.parametrize("declared", [(1, 1, 1, 2), (1, 3, 2, 2), (1, 18), (1, 3, 3, 2, 1)])
def test_a_declared_shape_that_is_not_the_inferred_one(
    declared: tuple[int, ...], tmp_path: Path
) -> None:
    told = refused(pool(declared), tmp_path)
    assert "[1, 3, 3, 2]" in told
    assert str(list(declared)) in told


def inner(shape: list[int]) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[-1].shape = shape

    return change


@pytest.mark.parametrize("kind", ["RESHAPE", "SQUEEZE", "EXPAND_DIMS", "PAD", "TRANSPOSE"])
def test_declared_shapes_of_moves(kind: str, tmp_path: Path) -> None:
    operand = {
        "RESHAPE": [constant([1, 6])],
        "SQUEEZE": [],
        "EXPAND_DIMS": [constant([1])],
        "PAD": [constant(np.zeros((3, 2)))],
        "TRANSPOSE": [constant([0, 2, 1])],
    }[kind]
    source = tensor((1, 2, 3), scale=0.1)
    content = single_operator(kind, [source, *operand], [tensor((1, 9), scale=0.1)], {})
    assert "[1, 9]" in refused(content, tmp_path)


def signature(*signatures: tuple[int, list[int]]) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for index, open_shape in signatures:
            model.subgraphs[0].tensors[index].shapeSignature = open_shape

    return change


def test_a_size_that_is_open_is_not_one_pixel(tmp_path: Path) -> None:
    quant: dict[str, Any] = {"scale": 0.05, "zero_point": 4}
    one = single_operator(
        "MAX_POOL_2D",
        [tensor((1, 1, 1, 3), **quant)],
        [tensor((1, 1, 1, 3), **quant)],
        {**POOL, "padding": SAME},
    )
    told = refused(edited(one, signature((0, [1, -1, -1, 3]))), tmp_path)
    assert "height and width open" in told
    assert opened(edited(one, signature((0, [-1, 1, 1, 3]))), tmp_path).model.graph.nodes


def test_a_signature_that_denies_the_shape(tmp_path: Path) -> None:
    told = refused(edited(pool((1, 3, 3, 2)), signature((0, [1, 6, 5, 2]))), tmp_path)
    assert "[1, 6, 6, 2]" in told
    assert "[1, 6, 5, 2]" in told


@pytest.mark.invariant("S18")
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_a_signature_that_names_other_tensors_than_the_subgraph(side: str, tmp_path: Path) -> None:
    def named(source: int, target: int) -> Callable[[Any], None]:
        def change(model: Any) -> None:
            maps = [schema.TensorMapT(name=b"x", tensorIndex=i) for i in (source, target)]
            key = b"serving_default"
            model.signatureDefs = [
                schema.SignatureDefT(inputs=maps[:1], outputs=maps[1:], signatureKey=key)
            ]

        return change

    content = pool((1, 3, 3, 2))
    assert opened(edited(content, named(0, 1)), tmp_path).model.graph.nodes
    wrong = (1, 1) if side == "inputs" else (0, 0)
    told = refused(edited(content, named(*wrong)), tmp_path)
    assert f"as {side[:-1]}" in told
    assert "contradicts itself" in told


def test_shapes_left_open_are_written_into_the_file(tmp_path: Path) -> None:
    """TFLM believes the ones that are declared there; it is given what was worked out."""
    content = edited(pool((1, 1, 1, 2)), signature((1, [-1, -1, -1, 2])))
    model = opened(content, tmp_path).model
    assert tflite.read(model.content, "pool").tensors[1].shape == (1, 3, 3, 2)
    assert model.content != content
    rng = np.random.default_rng(1)
    inputs = rng.integers(-128, 128, (5, 1, 6, 6, 2)).astype(np.int8)
    truth = oracle.expected(model, [inputs])
    for sample, expected in zip(inputs, truth.outputs[0], strict=True):
        values = interpret.run(model.graph, [sample])
        np.testing.assert_array_equal(values[model.graph.outputs[0]], expected)


def extra_input(model: Any) -> None:
    operator = model.subgraphs[0].operators[0]
    operator.inputs = [*operator.inputs, operator.inputs[0]]


@pytest.mark.parametrize("kind", ["SOFTMAX", "ADD", "LOGISTIC", "MEAN", "PAD"])
@pytest.mark.parametrize("count", ["more", "less"])
def test_a_number_of_inputs_that_no_such_operator_has(
    kind: str, count: str, tmp_path: Path
) -> None:
    operands = {
        "ADD": [tensor((1, 4), scale=0.1)],
        "MEAN": [constant([1])],
        "PAD": [constant(np.zeros((2, 2)))],
    }.get(kind, [])
    quant = {"SOFTMAX": (1 / 256, -128), "LOGISTIC": (1 / 256, -128)}.get(kind, (0.1, 0))
    shape = (1,) if kind == "MEAN" else (1, 4)
    content = single_operator(
        kind,
        [tensor((1, 4), scale=0.1), *operands],
        [tensor(shape, DType.INT8, *quant)],
        {"SOFTMAX": {"beta": 1.0}, "LOGISTIC": None}.get(kind, {}),
    )

    def less(model: Any) -> None:
        operator = model.subgraphs[0].operators[0]
        operator.inputs = operator.inputs[:-1]

    change = extra_input if count == "more" else less
    assert f"{kind} " in refused(edited(content, change), tmp_path)


def test_one_tensor_as_two_inputs(tmp_path: Path) -> None:
    def twice(model: Any) -> None:
        model.subgraphs[0].inputs = [0, 0]

    assert "two of its inputs" in refused(edited(pool((1, 3, 3, 2)), twice), tmp_path)


def test_a_new_shape_in_the_attribute_and_another_in_the_operand(tmp_path: Path) -> None:
    def reshape(attribute: list[int]) -> bytes:
        operands = [tensor((1, 6), scale=0.1), constant([-1, 3])]
        output = tensor((2, 3), scale=0.1)
        return single_operator("RESHAPE", operands, [output], {"newShape": attribute})

    told = refused(reshape([3, 2]), tmp_path)
    assert "[3, 2]" in told
    assert "[-1, 3]" in told
    assert opened(reshape([2, -1]), tmp_path).model.graph.nodes


@pytest.mark.parametrize(("kind", "field"), [("PACK", "valuesCount"), ("UNPACK", "num")])
def test_a_count_beside_what_is_counted(kind: str, field: str) -> None:
    """TFLM crashed on it, or packed fewer."""
    one, two = tensor((2, 3), scale=0.1), tensor((2, 2, 3), scale=0.1)
    inputs, outputs = ([one, one], [two]) if kind == "PACK" else ([two], [one, one])

    def packed(count: int) -> None:
        options = {"axis": 0, field: count}
        graph = tflite.read(single_operator(kind, inputs, outputs, options), "pack")
        graph.verify()

    packed(2)
    for count in (0, 1, 7):
        with pytest.raises(UnsupportedModel, match=f"there are {count}"):
            packed(count)


@pytest.mark.parametrize("kind", ["PAD", "TRANSPOSE", "RESHAPE", "MEAN", "EXPAND_DIMS"])
def test_what_counts_is_a_whole_number(kind: str) -> None:
    """NaN as a dimension ended in a ValueError."""
    values = {"PAD": np.full((2, 2), np.nan), "TRANSPOSE": [0.0, np.nan]}.get(kind, [np.nan])
    content = single_operator(
        kind,
        [tensor((2, 3), scale=0.1), constant(values, DType.FLOAT32)],
        [tensor((2, 3), scale=0.1)],
        {},
    )
    with pytest.raises(UnsupportedModel, match="counts with"):
        passes.simplify(tflite.read(content, "nan"))


def test_a_shape_is_counted_in_integers_that_hold_it() -> None:
    content = single_operator(
        "SHAPE", [tensor((1, 256), scale=0.1)], [tensor((2,), scale=0.1)], None
    )
    with pytest.raises(UnsupportedModel, match="works on 't_1', which is int8"):
        passes.simplify(tflite.read(content, "shape"))


@pytest.mark.invariant("S18")
@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("SHAPE", {"outType": 4}, "out_type int64, but 't_1' is int32"),
        ("CAST", {"inDataType": 2, "outDataType": 2}, "in_data_type int32, but 't_0' is float32"),
        ("CAST", {"outDataType": 4}, "out_data_type int64, but 't_1' is int32"),
    ],
)
def test_a_type_that_an_attribute_says_otherwise(
    kind: str, options: dict[str, int], told: str
) -> None:
    for right in ({name: 2 for name in options if "out" in name}, None):
        op, io = parse_operator(of_types(kind, right))
        op.check(io)
    op, io = parse_operator(of_types(kind, options))
    with pytest.raises(UnsupportedModel, match=re.escape(told)):
        op.check(io)


def of_types(kind: str, options: dict[str, int] | None) -> bytes:
    """SHAPE or CAST from float32 to int32."""
    shape = (1,) if kind == "SHAPE" else (4,)
    source, target = tensor((4,), DType.FLOAT32), tensor(shape, DType.INT32)
    return single_operator(kind, [source], [target], options)
