"""Converts and runs ONNX files, in the environment `onnx`: `python -m tinygen.converters.onnx_child WHAT FOLDER`.

convert   FOLDER/request.json: {"folder", "shapes"}; FOLDER/model.onnx
          -> whole.onnx (fixed shapes, all data inside), model.tflite, answer.json
run       FOLDER/request.json: {"inputs": [[name, order], ...], "outputs": ...};
          model.onnx, inputs.npz -> outputs.npz

An order is that of the axes of an edge of the .tflite, as numpy.transpose takes them of ONNX's.
What cannot be converted is told in answer.json: {"error": {"what", "why", "next_step"}}.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tinygen.converters import onnx_file
from tinygen.converters.refused import Refused

_CLOSE = 1e-3
"""Of the largest output: farther from ONNX Runtime than this is no rounding in float32."""
_SAMPLES = 4


def converted(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Convert FOLDER/model.onnx; what is said of it."""
    model = onnx_file.read(folder / "model.onnx")
    onnx_file.inline(model, Path(request["folder"]))
    onnx_file.check(model)
    onnx_file.fix(model, request["shapes"])
    model = _simpler(model)
    onnx.save(model, str(folder / "whole.onnx"))
    images = onnx_file.images(model)
    path = _tflite(folder, model, images)
    (folder / "model.tflite").write_bytes(path.read_bytes())
    opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    return {"opset": opset, "versions": _versions(), **_edges(folder)}


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("onnx2tf", "onnx", "onnxruntime")}


def _simpler(model: onnx.ModelProto) -> onnx.ModelProto:
    """Constants folded and shapes worked out, where that goes."""
    import onnxsim

    try:
        made, right = onnxsim.simplify(model)
    except Exception:  # it is a help, no condition
        return onnx.shape_inference.infer_shapes(model)
    return made if right else onnx.shape_inference.infer_shapes(model)


def _tflite(folder: Path, model: onnx.ModelProto, images: Sequence[str]) -> Path:
    """The float .tflite that onnx2tf makes of it, places before channels."""
    from onnx2tf import onnx2tf

    if hasattr(onnx2tf, "download_test_image_data"):  # photographs, to try a model of images with
        onnx2tf.download_test_image_data = lambda: np.zeros((20, 128, 128, 3), np.float32)
    others = [value.name for value in onnx_file.graph_inputs(model) if value.name not in images]
    options: dict[str, Any] = {"keep_shape_absolutely_input_names": others} if others else {}
    try:
        onnx2tf.convert(
            input_onnx_file_path=str(folder / "whole.onnx"),
            output_folder_path=str(folder / "made"),
            copy_onnx_input_output_names_to_tflite=True,
            not_use_onnxsim=True,
            non_verbose=True,
            **options,
        )
    except (Exception, SystemExit) as error:
        raise Refused(
            "cannot be converted",
            f"onnx2tf said: {' '.join(str(error).split())[:300] or type(error).__name__}",
            "export the model another way (a fixed batch of 1, another opset), or convert it to a"
            " .tflite yourself and give that",
        ) from error
    return folder / "made" / "whole_float32.tflite"


def _interpreter(path: Path) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter

    made = Interpreter(model_path=str(path))
    made.allocate_tensors()
    return made


def _orders(theirs: Sequence[int], ours: Sequence[int]) -> list[tuple[int, ...]]:
    """How axes of `theirs` may lie in `ours`: as they are, or channels last."""
    rank = len(theirs)
    last = (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))
    found = dict.fromkeys((tuple(range(rank)), last))
    return [o for o in found if len(ours) == rank and [theirs[a] for a in o] == list(ours)]


def _edges(folder: Path) -> dict[str, Any]:
    """Inputs and outputs in the .tflite's order, each with ONNX's name and the order of its axes:
    the one with which both compute the same."""
    session = _session(folder / "whole.onnx")
    lite = _interpreter(folder / "model.tflite")
    ins = _paired(lite.get_input_details(), session.get_inputs())
    outs = _paired(lite.get_output_details(), session.get_outputs())
    generator = np.random.default_rng(0)
    feeds = [{e.name: _drawn(e, generator) for _, e in ins} for _ in range(_SAMPLES)]
    expected = [session.run([e.name for _, e in outs], feed) for feed in feeds]
    best: tuple[float, Any, Any] = (np.inf, (), ())
    for orders in itertools.product(*(_orders(e.shape, d["shape"]) for d, e in ins)):
        actual = [_run(lite, ins, outs, orders, feed) for feed in feeds]
        found = [
            _nearest(*column) for column in zip(_columns(expected), _columns(actual), strict=True)
        ]
        distance = max(distance for distance, _ in found)
        if distance < best[0]:
            best = (distance, orders, [order for _, order in found])
    distance, orders, out_orders = best
    if not distance <= _CLOSE:
        raise Refused(
            "is converted to something else",
            f"onnx2tf's model is {distance:.2g} of the largest output away from ONNX Runtime",
            "convert it to a .tflite yourself, and give that",
        )
    return {
        "difference": float(distance),
        "inputs": [[e.name, list(o)] for (_, e), o in zip(ins, orders, strict=True)],
        "outputs": [[e.name, list(o)] for (_, e), o in zip(outs, out_orders, strict=True)],
    }


def _columns(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _run(lite: Any, ins: Any, outs: Any, orders: Any, feed: Mapping[str, Any]) -> list[Any]:
    for (detail, edge), order in zip(ins, orders, strict=True):
        value = np.ascontiguousarray(feed[edge.name].transpose(order))
        lite.set_tensor(detail["index"], value.astype(detail["dtype"]))
    lite.invoke()
    return [np.array(lite.get_tensor(detail["index"])) for detail, _ in outs]


def _nearest(expected: Any, actual: Any) -> tuple[float, tuple[int, ...]]:
    """How far both are, of the largest value, and the order of axes that is so."""
    size = float(np.abs(expected).max()) or 1.0
    best: tuple[float, tuple[int, ...]] = (np.inf, ())
    for order in _orders(expected.shape[1:], actual.shape[1:]):
        turned = expected.transpose(0, *(axis + 1 for axis in order))
        distance = float(np.abs(turned.astype(np.float64) - actual).max()) / size
        if distance < best[0]:
            best = (distance, order)
    return best


def _paired(details: Sequence[Mapping[str, Any]], edges: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each of the .tflite's edges with ONNX's of the same name; of other names in their order."""
    plain = [d["name"].split(":")[0].removeprefix("serving_default_") for d in details]
    by_name = {edge.name: edge for edge in edges}
    if len(plain) == len(edges) and set(plain) == set(by_name):
        return [(d, by_name[name]) for d, name in zip(details, plain, strict=True)]
    return list(zip(details, edges, strict=True))


def _drawn(edge: Any, generator: Any) -> Any:
    if edge.type == "tensor(float)":
        return generator.normal(size=edge.shape).astype(np.float32)
    return generator.integers(0, 2, edge.shape).astype(np.int32)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own types
        raise Refused(
            "is not run by ONNX Runtime", " ".join(str(error).split())[:300], "export it again"
        ) from error


def computed(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """What ONNX Runtime computes for FOLDER/inputs.npz, a sample at a time, in our order."""
    session = _session(folder / "model.onnx")
    with np.load(folder / "inputs.npz", allow_pickle=False) as given:
        inputs = [given[f"arr_{i}"] for i in range(len(given.files))]
    kinds = {edge.name: edge.type for edge in session.get_inputs()}
    rows = []
    for sample in zip(*inputs, strict=True):
        feed = {}
        for value, (name, order) in zip(sample, request["inputs"], strict=True):
            kind = np.float32 if kinds[name] == "tensor(float)" else np.int32
            feed[name] = np.ascontiguousarray(value.transpose(np.argsort(order)), dtype=kind)
        made = session.run([name for name, _ in request["outputs"]], feed)
        rows.append([v.transpose(o) for v, (_, o) in zip(made, request["outputs"], strict=True)])
    np.savez(folder / "outputs.npz", *_columns(rows))
    return {}


def main() -> None:
    """Do WHAT in FOLDER, and leave the answer there."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    what, folder = sys.argv[1], Path(sys.argv[2])
    os.chdir(folder)
    request = json.loads((folder / "request.json").read_text("utf-8"))
    try:
        answer = (converted if what == "convert" else computed)(folder, request)
    except Refused as error:
        answer = error.answer
    (folder / "answer.json").write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    main()
