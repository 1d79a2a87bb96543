"""Small ONNX files, by the environment's package `onnx`: `python onnx_models.py FOLDER`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

NUMBERS = np.random.default_rng(3)


def weights(name: str, *shape: int) -> Any:
    values = NUMBERS.normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 1)
    return numpy_helper.from_array(values.astype(np.float32), name)


def model(
    nodes: Sequence[Any],
    inputs: dict[str, Sequence[Any]],
    outputs: dict[str, Sequence[Any]],
    constants: Sequence[Any] = (),
    kind: int = TensorProto.FLOAT,
    opset: int = 17,
) -> Any:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "net",
        [value(name, kind, shape) for name, shape in inputs.items()],
        [value(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        constants,
    )
    ids = [helper.make_opsetid("", opset), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=ids, ir_version=8)


def image(axes: Sequence[Any], opset: int = 17) -> Any:
    """A CNN of a picture of three channels, flattened, with 4 classes."""
    node = helper.make_node
    nodes = [
        node("Conv", ["photo", "w", "b"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["a"], ["c"], name="Relu@0: not a scope"),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["d"], ["e"]),
        node("Gemm", ["e", "v", "u"], ["scores"]),
    ]
    constants = [weights("w", 6, 3, 3, 3), weights("b", 6), weights("v", 24, 4), weights("u", 4)]
    return model(nodes, {"photo": axes}, {"scores": [axes[0], 4]}, constants, opset=opset)


def rows(kind: int = TensorProto.FLOAT, batch: Any = 1) -> Any:
    """No picture: a sequence of rows that stays as it is."""
    node = helper.make_node
    nodes = [node("MatMul", ["rows", "w"], ["a"]), node("Relu", ["a"], ["y"])]
    return model(nodes, {"rows": [batch, 5, 6]}, {"y": [batch, 5, 3]}, [weights("w", 6, 3)], kind)


def two() -> Any:
    """Two inputs, an image and a vector, and two outputs, of which one is an image."""
    node = helper.make_node
    nodes = [
        node("Conv", ["zulu", "w"], ["map"], pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["map"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Concat", ["f", "alpha"], ["c"], axis=1),
        node("Gemm", ["c", "v"], ["last"]),
    ]
    inputs: dict[str, Sequence[Any]] = {"zulu": [1, 2, 6, 8], "alpha": [1, 3]}
    outputs: dict[str, Sequence[Any]] = {"map": [1, 4, 6, 8], "last": [1, 2]}
    return model(nodes, inputs, outputs, [weights("w", 4, 2, 3, 3), weights("v", 7, 2)])


def signal() -> Any:
    """A convolution over time."""
    nodes = [helper.make_node("Conv", ["wave", "w"], ["y"], strides=[2])]
    return model(nodes, {"wave": [1, 3, 32]}, {"y": [1, 4, 14]}, [weights("w", 4, 3, 5)])


def custom() -> Any:
    nodes = [helper.make_node("Swirl", ["x"], ["y"], domain="com.example", name="the_swirl")]
    return model(nodes, {"x": [1, 4]}, {"y": [1, 4]})


def integers() -> Any:
    node = helper.make_node
    nodes = [node("QLinearMatMul", ["x"] * 8, ["y"])]
    return model(nodes, {"x": [1, 4]}, {"y": [1, 4]})


def outside(folder: Path, location: str, length: int = 72) -> Any:
    """Rows whose weights lie in another file."""
    made = rows()
    tensor = made.graph.initializer[0]
    (folder / "rows.bin").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return made


def main(folder: Path) -> None:
    named = {
        "image": image([1, 3, 8, 8]),
        "open_batch": image(["batch", 3, 8, 8]),
        "open_size": image(["batch", 3, "height", "width"]),
        "minus_one": image([-1, 3, 8, 8]),
        "batch_of_4": image([4, 3, 8, 8]),
        "opset_99": image([1, 3, 8, 8], opset=99),
        "rows": rows(),
        "half": rows(TensorProto.FLOAT16),
        "whole": rows(TensorProto.INT64),
        "two": two(),
        "signal": signal(),
        "custom": custom(),
        "integers": integers(),
        "beside": outside(folder, "rows.bin"),
        "above": outside(folder, "../rows.bin"),
        "absolute": outside(folder, "/etc/hostname"),
        "gone": outside(folder, "nothing.bin"),
        "short": outside(folder, "rows.bin", 7200),
    }
    for name, made in named.items():
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString())
    (folder / "damaged.onnx").write_bytes(b"\x08\x09\xff\xff\xff\x7f no protocol buffer")
    (folder / "link.bin").symlink_to("/etc/hostname")
    linked = outside(folder, "link.bin", 4)
    (folder / "linked.onnx").write_bytes(linked.SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
