"""A float .tflite -> int8, by TensorFlow Lite's own quantizer in a process of its own."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np

from tinygen import processes
from tinygen.errors import InputError
from tinygen.ir import Array
from tinygen.load import FloatFile

_TIMEOUT_SECONDS = 3600
_LINES = 3


def quantized_file(
    loaded: FloatFile,
    samples: Iterable[Sequence[Array]],
    *,
    float_edges: bool,
    activations: str,
    whole: bool,
) -> bytes:
    """The model in int8, with activations of this type; each of `samples` is one array per input,
    with the batch of 1. Where it need not be `whole`, float32 may stay.

    Raises InputError, with what the quantizer said, when it cannot be quantized.
    """
    columns = [np.concatenate(column) for column in zip(*samples, strict=True)]
    request = {
        "model": np.frombuffer(loaded.content, dtype=np.uint8),
        "inputs": np.array(len(columns)),
        "float_edges": np.array(float_edges),
        "activations": np.array(activations),
        "whole": np.array(whole),
        **{f"input_{i}": column for i, column in enumerate(columns)},
    }
    file = io.BytesIO()
    np.savez(file, **request)  # type: ignore[arg-type]
    why = f"no result within {_TIMEOUT_SECONDS} s"
    try:
        done = processes.run_python(
            "tinygen.quantize.file_worker", input=file.getvalue(), timeout=_TIMEOUT_SECONDS
        )
    except processes.TimeoutExpired:
        pass
    else:
        if done.returncode == 0 and done.stdout[4:8] == b"TFL3":
            return done.stdout
        why = _reason(done.stderr) or (
            f"TensorFlow Lite's quantizer crashed on it (status {done.returncode})"
        )
    raise InputError(
        f"'{loaded.path.name}' cannot be quantized to int8",
        why=why,
        next_step="convert the model again, or give the model that it was converted from",
    )


def _reason(said: bytes) -> str:
    """The message of the exception that ended it, without the trace."""
    _, found, trace = said.decode("utf-8", "replace").rpartition(
        "Traceback (most recent call last):"
    )
    if not found:
        return ""
    lines = [line.strip() for line in trace.splitlines() if line and not line.startswith(" ")]
    return "; ".join(lines[-_LINES:])[:400]
