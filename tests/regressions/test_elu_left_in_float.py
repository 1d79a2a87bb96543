"""ELU, which the converter leaves in float, was refused: "give the Keras model instead".

Between DEQUANTIZE and QUANTIZE it is a function of one int8 code: a table, equal to TFLM's numbers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.regressions.keras_models import keras_module, quantized
from tinygen import passes
from tinygen.data import Dataset
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Int8Model, Node, Operands, Quant, Tensor, Values
from tinygen.load import load
from tinygen.ops import Elu
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.quantize import Quantize
from tinygen.passes.fold_float_islands import fold_float_islands
from tinygen.proof import interpret, oracle
from tinygen.quantize import quantize

CODES = np.arange(-128, 128).astype(np.int8).reshape(1, 256)


def test_the_table_is_what_tflm_computes(tmp_path: Path) -> None:
    keras = keras_module()
    inputs = keras.layers.Input((256,))
    keras.Model(inputs, keras.layers.ELU()(inputs)).save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    for low, high in ((-1.0, 1.0), (-8.0, 3.0), (-0.01, 0.02), (-300.0, 5.0), (-3.0, 0.5)):
        samples = np.linspace(low, high, 256 * 4, dtype=np.float32).reshape(4, 256)
        made = quantize(loaded, Dataset((samples,), None, "ramp", ()))
        graph = passes.simplify(made.graph)
        assert [node.op.kind for node in graph.nodes] == ["TABLE"]
        ours = interpret.run(graph, [CODES])[graph.outputs[0]]
        truth = oracle.expected(Int8Model(made.tflite, made.graph, graph), [CODES[np.newaxis]])
        assert truth.note == ""
        assert np.array_equal(ours, truth.outputs[0].reshape(ours.shape))


def island(scale_in: float, scale_out: float) -> Graph:
    """DEQUANTIZE, ELU, QUANTIZE of a row of 256."""

    def tensor(index: int, dtype: DType, quant: Quant | None = None) -> Tensor:
        return Tensor(index, f"t{index}", (1, 256), dtype, quant)

    tensors = (
        tensor(0, DType.INT8, Quant((scale_in,), (0,))),
        tensor(1, DType.FLOAT32),
        tensor(2, DType.FLOAT32),
        tensor(3, DType.INT8, Quant((scale_out,), (0,))),
    )
    nodes = (Node(Dequantize(), (0,), (1,)), Node(Elu(), (1,), (2,)), Node(Quantize(), (2,), (3,)))
    return Graph("island", {t.id: t for t in tensors}, nodes, (0,), (3,))


def test_a_code_that_hangs_on_the_last_bits_is_refused() -> None:
    fine = island(0.05, 0.02)
    assert fold_float_islands(fine).nodes[-1].op.kind == "TABLE"
    # The scale at which exp(-1) - 1 lies on the boundary between two codes.
    scale = float(np.float32(-np.expm1(-1.0) / 100.5))
    with pytest.raises(UnsupportedModel, match="ELU 't2' cannot be compiled exactly") as caught:
        fold_float_islands(island(1.0, scale))
    assert "the code -1" in caught.value.why


def test_an_elu_without_its_neighbours_is_refused() -> None:
    graph = island(0.05, 0.02)
    last = graph.nodes[-1]
    alone = replace(graph, nodes=graph.nodes[:2], outputs=(2,))
    assert fold_float_islands(alone).nodes == alone.nodes
    with pytest.raises(UnsupportedModel, match="computes in float"):
        Elu().lower(graph.operands(graph.nodes[1]))
    assert last.op.kind == "QUANTIZE"


def test_bounds_hold_what_libraries_compute() -> None:
    values = -np.geomspace(1e-6, 80, 5000, dtype=np.float32)
    tensor = Tensor(0, "t", values.shape, DType.FLOAT32)
    io = Operands((tensor,), (tensor,))
    low, high = Elu().bounds(io, values)
    (middle,) = Elu().compute(io, Values((values,)))
    single = np.expm1(values)  # in float32, by NumPy's own or the C library's function
    assert bool(((low <= single) & (single <= high)).all())
    certain = values <= -27 * np.log(2)  # there it is -1 to the last bit
    assert bool((low < middle)[~certain].all() and (middle < high)[~certain].all())
    assert bool((low[certain] == -1).all() and (high[certain] == -1).all())


def test_the_case(cases: Path) -> None:
    made = quantized(cases / "k3_elu.keras")
    graph = passes.simplify(made.graph)
    assert "TABLE" in [node.op.kind for node in graph.nodes]
    tensor = graph.tensors[graph.inputs[0]]
    value = np.random.default_rng(1).integers(-128, 128, tensor.shape).astype(np.int8)
    ours = interpret.run(graph, [value])[graph.outputs[0]]
    truth = oracle.expected(Int8Model(made.tflite, made.graph, graph), [value[np.newaxis]])
    assert np.array_equal(ours, truth.outputs[0].reshape(ours.shape))
