"""TensorFlow without its noise.

TensorFlow writes to the file descriptor of stderr from C++, logs through absl and warns through
`warnings`. `quiet()` sends all of it to a temporary file, whose text explains failures, while
`sys.stderr` itself keeps reaching the terminal, so that progress is still shown.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import IO, Any

from tinygen.errors import InputError, ToolchainError
from tinygen.printable import shell_word

STDERR_FD = 2


class Noise:
    """What was written to the file descriptor of stderr inside `quiet()`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def text(self) -> str:
        """All of it so far."""
        self._file.flush()
        self._file.seek(0)
        return self._file.read().decode("utf-8", "replace")


@contextlib.contextmanager
def quiet() -> Iterator[Noise]:
    """Silence TensorFlow, Keras and absl within the block. Not for use from several threads."""
    with tempfile.TemporaryFile() as captured, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _logging_level(logging.ERROR), _redirected(captured.fileno()):
            yield Noise(captured)


@contextlib.contextmanager
def _redirected(target_fd: int) -> Iterator[None]:
    try:
        kept = os.dup(STDERR_FD)
    except OSError:  # no stderr at all: nothing to silence
        yield
        return
    python_stderr = sys.stderr
    try:
        if python_stderr is not None:
            python_stderr.flush()
        os.dup2(target_fd, STDERR_FD)
        # Only a sys.stderr that writes to that descriptor needs a new way to the terminal;
        # one that a test runner or a notebook put there has its own.
        if _writes_to(python_stderr, STDERR_FD):
            with open(kept, "w", buffering=1, closefd=False) as terminal:
                sys.stderr = terminal
                yield
                sys.stderr = python_stderr
        else:
            yield
    finally:
        sys.stderr = python_stderr
        os.dup2(kept, STDERR_FD)
        os.close(kept)


def _writes_to(stream: Any, fd: int) -> bool:
    try:
        return bool(stream.fileno() == fd)
    except (AttributeError, OSError, ValueError):
        return False


@contextlib.contextmanager
def _logging_level(level: int) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl", "h5py", "jax")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, old in zip(loggers, before, strict=True):
            logger.setLevel(old)


def require_tensorflow(model: str) -> None:
    """InputError where TensorFlow is not installed: the file `model` cannot be opened then."""
    if importlib.util.find_spec("tensorflow") is None:
        raise InputError(
            f"'{model}' is no int8 .tflite file, and TensorFlow is not installed",
            why="Keras files, SavedModels and float .tflite files are quantized by TensorFlow; an"
            " int8 .tflite is built without",
            next_step=f"{shell_word(sys.executable)} -m pip install 'tensorflow>=2.16'"
            " 'tf-keras>=2.16'",
        )


def import_tensorflow() -> Any:
    """TensorFlow, imported silently. Takes some seconds the first time.

    Raises ToolchainError when it cannot be imported.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        # oneDNN orders float sums by the machine's cores; constants that the converter folds
        # would differ between machines.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
        # A GPU's memory is shared with the process that trains with quantization, and with others.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"  # a user's keras.json may name another one
    with quiet():
        try:
            import tensorflow
        except ImportError as error:
            raise ToolchainError(
                "TensorFlow cannot be imported",
                why=f"{error}. It is needed for Keras models and SavedModels.",
                next_step="pip install tensorflow tf-keras, or give an int8 .tflite file",
            ) from error
    return tensorflow
