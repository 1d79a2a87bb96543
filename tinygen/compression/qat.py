"""Quantization-aware training of a model that quantizing afterwards harms."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path

import numpy as np

from tinygen import processes
from tinygen.compression.train import Recipe, Samples, Task
from tinygen.errors import InputError, ToolchainError
from tinygen.printable import shell_word

LOSS = 0.01
"""Of the share of right answers: it is offered where quantizing afterwards loses more."""
_SECONDS = 24 * 3600.0
_WHY = 3


def require_qat() -> None:
    """InputError where tensorflow-model-optimization is not installed."""
    if importlib.util.find_spec("tensorflow_model_optimization") is None:
        raise InputError(
            "--qat needs tensorflow-model-optimization, which is not installed",
            why="it trains a model with the quantization in it",
            next_step=f"{shell_word(sys.executable)} -m pip install 'tinygen[qat]'",
        )


def quantization_aware(
    model: Path, task: Task, samples: Samples, recipe: Recipe, *, seed: int
) -> bytes:
    """A Keras 3 file trained with its quantization, as int8 .tflite. Runs in a process of its own.

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
        "tinygen.compression.qat_child", input=packed.getvalue(), timeout=_SECONDS
    )
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolchainError(
            "quantization-aware training failed",
            why="\n".join(lines[-_WHY:]),
            next_step="leave out --qat",
        )
    return done.stdout
