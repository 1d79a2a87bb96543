"""Converts and runs ONNX files, in the environment `onnx`:
`python -m tinygen.converters.onnx_child WHAT FOLDER`.

convert   FOLDER/request.json: {"folder", "shapes"}; FOLDER/model.onnx
          -> kept.onnx (fixed shapes, all data inside), model.tflite, answer.json; where the model
          is quantized, model.tflite is what it is in real numbers, and the answer has the scales
run       FOLDER/request.json: {"inputs": [[name, order], ...], "outputs": ...};
          model.onnx, inputs.npz -> outputs.npz

An order is that of the axes of an edge of the .tflite, as numpy.transpose takes them of ONNX's.
What cannot be converted is told in answer.json: {"error": {"what", "why", "next_step"}}.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tinygen.converters import onnx_file, onnx_qdq, onnx_scales
from tinygen.converters.answering import answer
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
    opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    said = None
    if onnx_qdq.is_quantized(model):
        onnx.save(model, str(folder / "kept.onnx"))
        model, said = onnx_qdq.taken_apart(model)
        _with_outputs(model, said.tensors, folder / "inner.onnx")
    model = _simpler(model)
    onnx.save(model, str(folder / "whole.onnx"))
    if said is None:
        onnx.save(model, str(folder / "kept.onnx"))
    images = onnx_file.images(model)
    path = _tflite(folder, model, images)
    (folder / "model.tflite").write_bytes(path.read_bytes())
    edges = _edges(folder)
    scales = {} if said is None else {"scales": _scales(folder, said, edges["inputs"])}
    return {"opset": opset, "versions": _versions(), **edges, **scales}


def _with_outputs(model: onnx.ModelProto, names: Iterable[str], path: Path) -> None:
    """The model that gives these tensors too."""
    given = {value.name for value in (*model.graph.output, *model.graph.input)}
    inner = onnx.ModelProto.FromString(model.SerializeToString())
    for name in names:
        if name not in given:
            inner.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    onnx.save(onnx.shape_inference.infer_shapes(inner), str(path))


def _scales(folder: Path, said: onnx_qdq.Said, inputs: Sequence[Any]) -> dict[str, Any]:
    """What the file says of each tensor and constant of the .tflite, by their ids."""
    session = _session(folder / "inner.onnx")
    names = [edge.name for edge in session.get_outputs()]
    lite = _interpreter(folder / "model.tflite", every=True)
    details = {d["index"]: d for d in lite.get_tensor_details() if d["dtype"] is np.float32}
    places = list(zip(lite.get_input_details(), inputs, strict=True))
    theirs: dict[str, list[Any]] = {}
    ours: dict[int, list[Any]] = {}
    for feed in onnx_scales.feeds(session, said):
        made = {**feed, **dict(zip(names, session.run(names, feed), strict=True))}
        for name, value in made.items():
            theirs.setdefault(name, []).append(value)
        _run(lite, [(d, _Named(name), order) for d, (name, order) in places], (), feed)
        for index in details:
            ours.setdefault(index, []).append(_value(lite, index))
    fixed = {i: v[0] for i, v in ours.items() if all(np.array_equal(v[0], one) for one in v)}
    return {
        "tensors": onnx_scales.matched(theirs, ours, said),
        "constants": onnx_scales.constants(fixed, said),
    }


@dataclass(frozen=True)
class _Named:
    name: str


def _value(lite: Any, index: int) -> Any:
    try:
        return np.array(lite.get_tensor(index))
    except ValueError:  # nothing uses it
        return np.zeros(0, np.float32)


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


def _interpreter(path: Path, *, every: bool = False) -> Any:
    """What runs the file; with `every` its inner tensors can be asked for."""
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError:
        from tensorflow.lite import Interpreter
        from tensorflow.lite.experimental import OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    options = {"experimental_op_resolver_type": plain, "experimental_preserve_all_tensors": True}
    made = Interpreter(model_path=str(path), **(options if every else {}))
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
    those with which both compute the same. The file's own names are not ONNX's throughout."""
    session = _session(folder / "whole.onnx")
    lite = _interpreter(folder / "model.tflite")
    outs = lite.get_output_details()
    generator = np.random.default_rng(0)
    feeds = [{e.name: _drawn(e, generator) for e in session.get_inputs()} for _ in range(_SAMPLES)]
    names = [edge.name for edge in session.get_outputs()]
    expected = dict(zip(names, _columns([session.run(names, f) for f in feeds]), strict=True))
    best: tuple[float, Any, Any] = (np.inf, (), ())
    for ins in _pairings(lite.get_input_details(), session.get_inputs()):
        actual = _columns([_run(lite, ins, outs, feed) for feed in feeds])
        distance, found = _matched(expected, actual)
        if distance < best[0]:
            best = (distance, [(edge.name, order) for _, edge, order in ins], found)
    distance, inputs, outputs = best
    if not distance <= _CLOSE:
        raise Refused(
            "is converted to something else",
            f"onnx2tf's model is {distance:.2g} of the largest output away from ONNX Runtime",
            "convert it to a .tflite yourself, and give that",
        )
    return {"difference": float(distance), "inputs": inputs, "outputs": outputs}


def _pairings(details: Sequence[Any], edges: Sequence[Any]) -> Iterator[list[tuple[Any, Any, Any]]]:
    """Ways to give each input of the .tflite one of ONNX's and an order of axes; by name where they
    have the same."""
    plain = [d["name"].split(":")[0].removeprefix("serving_default_") for d in details]
    by_name = {edge.name: edge for edge in edges}
    if len(details) != len(edges):
        return
    same = set(plain) == set(by_name)
    ways = [[by_name[name] for name in plain]] if same else itertools.permutations(edges)
    for chosen in ways:
        orders = (_orders(e.shape, d["shape"]) for d, e in zip(details, chosen, strict=True))
        for order in itertools.product(*orders):
            yield list(zip(details, chosen, order, strict=True))


def _matched(expected: Mapping[str, Any], actual: Sequence[Any]) -> tuple[float, list[Any]]:
    """For each output the nearest of ONNX's that no other has, with the order of axes; and how far
    the farthest is."""
    left = dict(expected)
    farthest, found = 0.0, []
    for value in actual:
        distance, order, name = min(
            ((*_nearest(other, value), name) for name, other in left.items()),
            default=(np.inf, (), ""),
        )
        left.pop(name, None)
        farthest = max(farthest, distance)
        found.append([name, order])
    return farthest, found


def _columns(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _run(lite: Any, ins: Any, outs: Any, feed: Mapping[str, Any]) -> list[Any]:
    for detail, edge, order in ins:
        value = np.ascontiguousarray(feed[edge.name].transpose(order))
        lite.set_tensor(detail["index"], value.astype(detail["dtype"]))
    lite.invoke()
    return [np.array(lite.get_tensor(detail["index"])) for detail in outs]


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
    answer(converted, computed)


if __name__ == "__main__":
    main()
