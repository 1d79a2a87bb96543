"""Converts and runs PyTorch's exported programs, in the environment `torch`:
`python -m tinygen.converters.torch_child WHAT FOLDER`.

convert   FOLDER/request.json: {"trusted", "shapes"}; FOLDER/model.pt2 -> model.tflite, answer.json
run       FOLDER/request.json: {"trusted", "inputs": [[name, order], ...], "outputs": ...};
          model.pt2, inputs.npz -> outputs.npz

An order is that of the axes of an edge of the .tflite, as numpy.transpose takes them of PyTorch's.
What cannot be converted is told in answer.json: {"error": {"what", "why", "next_step"}}.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tinygen.converters.answering import answer
from tinygen.converters.refused import Refused

_CLOSE = 1e-3
"""Of the largest output: farther from PyTorch than this is no rounding in float32."""
_SAMPLES = 4
_FOLLOWED = (
    *("relu", "relu_", "clamp", "hardtanh", "hardtanh_", "leaky_relu", "elu", "sigmoid", "tanh"),
    *("neg", "abs", "add", "sub", "mul", "div", "pow", "sqrt", "dropout", "pad", "to"),
    *("hardswish", "silu", "gelu", "_assert_tensor_metadata"),
)
"""What changes no shape: behind it the reader of an input is looked for."""
_SPATIAL = ("conv", "pool", "batch_norm", "instance_norm", "upsample", "pixel_shuffle")
"""What has channels before places: an input that it reads is an image, or a signal."""


class Turned(torch.nn.Module):  # type: ignore[misc]
    """A module whose edges have their axes in other orders."""

    def __init__(self, module: Any, ins: Sequence[Any], outs: Sequence[Any]) -> None:
        super().__init__()
        self.module, self.ins, self.outs = module, ins, outs

    def forward(self, *values: Any) -> Any:
        turned = [v.permute(np.argsort(o).tolist()) for v, o in zip(values, self.ins, strict=True)]
        made = _flat(self.module(*turned))
        return tuple(v.permute(*o) for v, o in zip(made, self.outs, strict=True))


# Tensors are named after it.
Turned.__module__, Turned.__qualname__ = "torch", "layer"


def _flat(made: Any) -> list[Any]:
    return list(torch.utils._pytree.tree_leaves(made))


def _opened(folder: Path, trusted: bool) -> Any:
    if not trusted:
        _only_numbers()
    try:
        return torch.export.load(str(folder / "model.pt2"))
    except Exception as error:  # whatever it raises on a damaged file
        said = " ".join(str(error).split())[:300]
        raise Refused(
            "cannot be opened by PyTorch",
            f"torch {torch.__version__} said: {said or type(error).__name__}",
            "save it again: torch.export.save(torch.export.export(model, (sample,)), 'model.pt2')",
        ) from error


def _only_numbers() -> None:
    """Let nothing be unpickled that runs code: not even where PyTorch falls back to that."""
    load = torch.load

    def loaded(*arguments: Any, **settings: Any) -> Any:
        return load(*arguments, **settings | {"weights_only": True})

    def refused(*_: Any, **__: Any) -> Any:
        raise pickle.UnpicklingError("an object of its own is no number")

    torch.load = loaded
    pickle.loads = refused
    torch._C._pickle_load_obj = refused


def converted(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Convert FOLDER/model.pt2; what is said of it."""
    import litert_torch

    program = _opened(folder, request["trusted"])
    module = program.module(check_guards=False)
    names, samples, images = _inputs(program)
    with torch.no_grad():
        made = _flat(module(*samples))
    for index, value in enumerate(made):
        if not isinstance(value, torch.Tensor) or value.dim() < 1:
            raise Refused(
                f"gives something that is no tensor as output {index}",
                f"it is {type(value).__name__}, or a tensor without axes",
                "export a module that returns tensors with a batch",
            )
    ins = [
        _last(v.dim()) if image else _same(v.dim())
        for v, image in zip(samples, images, strict=True)
    ]
    outs = [_last(value.dim()) if value.dim() > 3 else _same(value.dim()) for value in made]
    turned = Turned(module, ins, outs)
    ours = tuple(v.permute(*o).contiguous() for v, o in zip(samples, ins, strict=True))
    try:
        litert_torch.convert(turned, ours).export(str(folder / "model.tflite"))
    except Exception as error:  # it raises many types
        raise Refused(
            "cannot be converted",
            f"litert-torch said: {' '.join(str(error).split())[:300] or type(error).__name__}",
            "use layers that LiteRT has, or export it to ONNX and give that",
        ) from error
    distance = _distance(folder / "model.tflite", turned, ours)
    if not distance <= _CLOSE:
        raise Refused(
            "is converted to something else",
            f"litert-torch's model is {distance:.2g} of the largest output away from PyTorch",
            "export it to ONNX and give that",
        )
    return {
        "versions": _versions(),
        "difference": distance,
        "inputs": [[name, list(order)] for name, order in zip(names, ins, strict=True)],
        "outputs": [[f"output_{i}", list(order)] for i, order in enumerate(outs)],
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("litert-torch", "torch")}


def _inputs(program: Any) -> tuple[list[str], list[Any], list[bool]]:
    """The names of the inputs, a sample for each, and which are images."""
    wanted = list(program.graph_signature.user_inputs)
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    if not wanted or not all(isinstance(name, str) and name in nodes for name in wanted):
        raise Refused(
            "has inputs that are no tensors", f"they are {wanted}", "export it with tensors alone"
        )
    samples, images = [], []
    for name in wanted:
        value = nodes[name].meta["val"]
        shape = [int(axis) if isinstance(axis, int) else None for axis in value.shape]
        said = "(" + ", ".join("?" if axis is None else str(axis) for axis in shape) + ")"
        if not shape or any(axis is None for axis in shape[1:]):
            raise Refused(
                f"leaves the shape of its input '{name}' open",
                f"it is {said}; only the first axis, the batch, may be open",
                "export it with the sizes that the device has",
            )
        if shape[0] not in (None, 1):
            raise Refused(
                f"takes {shape[0]} samples at once",
                f"its input '{name}' is {said}, whose first axis is the batch",
                "export it with a sample of a batch of 1, or with dynamic_shapes of the batch",
            )
        if value.dtype is not torch.float32:
            raise Refused(
                f"has an input '{name}' of {str(value.dtype).removeprefix('torch.')}",
                "inputs are float32",
                "export a module that takes float32",
            )
        samples.append(torch.randn((1, *shape[1:]), generator=torch.manual_seed(0)))
        images.append(len(shape) > 2 and _is_image(nodes[name]))
    return wanted, samples, images


def _is_image(node: Any) -> bool:
    pending, seen = [node], {node}
    while pending:
        for user in pending.pop().users:
            kind = str(user.target).removeprefix("aten.").split(".")[0]
            if any(word in kind for word in _SPATIAL):
                return True
            if kind in _FOLLOWED and user not in seen:
                seen.add(user)
                pending.append(user)
    return False


def _same(rank: int) -> tuple[int, ...]:
    return tuple(range(rank))


def _last(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank), 1)


def _distance(path: Path, module: Any, sample: Sequence[Any]) -> float:
    """How far the .tflite is from PyTorch, of the largest output."""
    from ai_edge_litert.interpreter import Interpreter

    lite: Any = Interpreter(model_path=str(path))
    lite.allocate_tensors()
    generator = torch.manual_seed(1)
    farthest = 0.0
    for _ in range(_SAMPLES):
        values = [torch.randn(v.shape, generator=generator) for v in sample]
        with torch.no_grad():
            expected = [v.numpy() for v in module(*values)]
        for detail, value in zip(lite.get_input_details(), values, strict=True):
            lite.set_tensor(detail["index"], np.ascontiguousarray(value.numpy()))
        lite.invoke()
        actual = [lite.get_tensor(detail["index"]) for detail in lite.get_output_details()]
        for left, right in zip(expected, actual, strict=True):
            size = float(np.abs(left).max()) or 1.0
            farthest = max(farthest, float(np.abs(left - right).max()) / size)
    return farthest


def computed(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """What PyTorch computes for FOLDER/inputs.npz, a sample at a time, in our order."""
    module = _opened(folder, request["trusted"]).module(check_guards=False)
    ins, outs = ([order for _, order in request[side]] for side in ("inputs", "outputs"))
    turned = Turned(module, ins, outs)
    with np.load(folder / "inputs.npz", allow_pickle=False) as given:
        inputs = [given[f"arr_{i}"] for i in range(len(given.files))]
    rows = []
    with torch.no_grad():
        for sample in zip(*inputs, strict=True):
            rows.append([v.numpy() for v in turned(*(torch.from_numpy(v.copy()) for v in sample))])
    np.savez(folder / "outputs.npz", *(np.stack(column) for column in zip(*rows, strict=True)))
    return {}


def main() -> None:
    """Do WHAT in FOLDER, and leave the answer there."""
    warnings.simplefilter("ignore")
    answer(converted, computed)


if __name__ == "__main__":
    main()
