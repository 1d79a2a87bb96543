"""What a model that was converted computes itself, by ONNX Runtime or PyTorch."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.convert.convert import ask
from tinygen.ir import Array
from tinygen.load.model import Origin


def origin_outputs(origin: Origin, inputs: Sequence[Array], model: str) -> tuple[Array, ...]:
    """The outputs for `inputs`, each (samples, *shape), float32, with the axes of the .tflite.

    Raises InputError where the environment is gone, or the runtime does not run the model.
    """
    request = {
        "trusted": origin.trusted,
        "inputs": [[one.own, list(one.order)] for one in origin.inputs],
        "outputs": [[one.own, list(one.order)] for one in origin.outputs],
    }
    with tempfile.TemporaryDirectory(prefix="tinygen-") as made:
        folder = Path(made)
        suffix = "onnx" if origin.environment == "onnx" else "pt2"
        (folder / f"model.{suffix}").write_bytes(origin.content)
        np.savez(folder / "inputs.npz", *inputs)
        ask(origin.environment, "run", folder, request, model)
        with np.load(folder / "outputs.npz", allow_pickle=False) as found:
            outputs = [found[f"arr_{i}"] for i in range(len(found.files))]
    return tuple(np.ascontiguousarray(value, dtype=np.float32) for value in outputs)
