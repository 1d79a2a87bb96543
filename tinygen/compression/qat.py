"""Quantization-aware training of a model that quantizing afterwards harms."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from tinygen import processes
from tinygen.compression.train import Recipe, Samples, Task
from tinygen.errors import ToolchainError

_SECONDS = 24 * 3600.0
_WHY = 3


def quantization_aware(
    model: Path, task: Task, samples: Samples, recipe: Recipe, *, seed: int, python: Path
) -> bytes:
    """A Keras 3 file trained with its quantization, as int8 .tflite, by the interpreter of an
    environment that has tensorflow-model-optimization.

    Raises ToolchainError, with what was said there, where it has a layer that cannot be.
    """
    request = {
        "model": np.frombuffer(model.read_bytes(), np.uint8),
        "answers": samples.answers,
        "inputs": np.array(len(samples.inputs)),
        "classes": np.array(task.classes),
        "single": np.array(task.single),
        "probabilities": np.array(task.probabilities),
        "epochs": np.array(recipe.epochs),
        "batch": np.array(recipe.batch),
        "learning_rate": np.array(recipe.learning_rate),
        "seed": np.array(seed),
    }
    request |= {f"input_{i}": array for i, array in enumerate(samples.inputs)}
    packed = io.BytesIO()
    np.savez(packed, **request)  # type: ignore[arg-type]
    done = processes.run_python(
        "tinygen.compression.qat_child", input=packed.getvalue(), timeout=_SECONDS, python=python
    )
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolchainError(
            "quantization-aware training failed",
            why="\n".join(lines[-_WHY:]),
            next_step="leave out --qat",
        )
    return done.stdout
