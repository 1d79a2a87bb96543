"""Model files: recognised by content, inspected before they are opened, opened by what can.

TensorFlow and Keras are imported only inside functions, and never for a `.tflite`.
"""

from __future__ import annotations

from tinygen.load.dispatch import load
from tinygen.load.files import missing_path
from tinygen.load.model import (
    Attempt,
    InputSpec,
    LoadedModel,
    SavedModelFunction,
    format_shape,
    safe_name,
)

__all__ = [
    "Attempt",
    "InputSpec",
    "LoadedModel",
    "SavedModelFunction",
    "format_shape",
    "load",
    "missing_path",
    "safe_name",
]
