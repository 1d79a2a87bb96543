"""ONNX files quantized by ONNX Runtime, in the environment `onnx`:
`python qdq_models.py FOLDER`, which holds digits.npz (x: (samples, 1, 8, 8), y)."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

NUMBERS = np.random.default_rng(3)


def weights(name: str, values: Any) -> Any:
    return numpy_helper.from_array(np.asarray(values, np.float32), name)


def drawn(name: str, *shape: int) -> Any:
    return weights(name, NUMBERS.normal(size=shape) / np.sqrt(np.prod(shape[1:])))


def network(head: Any, softmax: bool) -> Any:
    """Convolutions of random weights with a branch, and `head`, which is trained, behind them."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1]),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], group=24),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "w2"], ["c2"]),
        node("Add", ["c2", "r0"], ["a"]),
        node("Relu", ["a"], ["s"]),
        node("MaxPool", ["s"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p"], ["features"]),
        node("Gemm", ["features", "w3", "b3"], ["scores"]),
    ]
    if softmax:
        nodes.append(node("Softmax", ["scores"], ["classes"], axis=1))
    value = helper.make_tensor_value_info
    output = "classes" if softmax else "scores"
    graph = helper.make_graph(
        nodes,
        "net",
        [value("x", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [value(output, TensorProto.FLOAT, ["batch", 10])],
        [*CONSTANTS, weights("w3", head[:-1]), weights("b3", head[-1])],
    )
    ids = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=ids, ir_version=8)


CONSTANTS = [
    drawn("w0", 24, 1, 3, 3),
    weights("b0", NUMBERS.normal(size=24) * 0.1),
    drawn("w1", 24, 1, 3, 3),
    weights("b1", NUMBERS.normal(size=24) * 0.1),
    drawn("w2", 24, 24, 1, 1),
]


def trained(x: Any, y: Any) -> Any:
    """The head by least squares on the features."""
    model = network(np.zeros((24 * 16 + 1, 10)), softmax=False)
    model.graph.output.append(helper.make_empty_tensor_value_info("features"))
    session = InferenceSession(onnx.shape_inference.infer_shapes(model).SerializeToString())
    (features,) = session.run(["features"], {"x": x})
    columns = np.c_[features, np.ones(len(x))]
    square = columns.T @ columns + 3 * np.eye(columns.shape[1])
    return np.linalg.solve(square, columns.T @ (4 * np.eye(10)[y] - 2))


class Samples(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        self.left: Iterator[Any] = iter([{"x": one[None]} for one in x])

    def get_next(self) -> Any:
        return next(self.left, None)


def without(model: Any, name: str) -> Any:
    """The model in which the tensor stays real: its QuantizeLinear and what follows are gone."""
    quantize = next(n for n in model.graph.node if n.op_type[0] == "Q" and n.input[0] == name)
    back = next(n for n in model.graph.node if quantize.output[0] in n.input)
    for node in model.graph.node:
        for place, read in enumerate(node.input):
            node.input[place] = name if read == back.output[0] else read
    model.graph.node.remove(quantize)
    model.graph.node.remove(back)
    return model


def main(folder: Path) -> None:
    with np.load(folder / "digits.npz") as data:
        x, y = data["x"], data["y"]
    head = trained(x[:1200], y[:1200])
    signed, unsigned = QuantType.QInt8, QuantType.QUInt8
    for name, softmax, activations, kind, channels in (
        ("signed", False, signed, signed, False),
        ("channels", False, unsigned, signed, True),
        ("softmax", True, signed, signed, True),
        ("offset", False, unsigned, unsigned, False),
        ("wide", False, QuantType.QInt16, signed, False),
    ):
        onnx.save(network(head, softmax), str(folder / "float.onnx"))
        quantize_static(
            str(folder / "float.onnx"),
            str(folder / f"{name}.onnx"),
            Samples(x[:100]),
            quant_format=QuantFormat.QDQ,
            activation_type=activations,
            weight_type=kind,
            per_channel=channels,
        )
    onnx.save(without(onnx.load(folder / "signed.onnx"), "r1"), str(folder / "partly.onnx"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
