"""Model files: recognised by content, inspected before they are opened, opened by what can.

TensorFlow and Keras are imported only inside functions, and never for a `.tflite`.
"""

from __future__ import annotations

from tinygen.load.dispatch import load
from tinygen.load.files import Format
from tinygen.load.model import (
    Attempt,
    FloatFile,
    FloatModel,
    Int8File,
    KerasModel,
    Layout,
    LoadedModel,
    Opened,
    Origin,
    SavedModel,
    SavedModelFunction,
    safe_name,
)

__all__ = [
    "Attempt",
    "FloatFile",
    "FloatModel",
    "Format",
    "Int8File",
    "KerasModel",
    "Layout",
    "LoadedModel",
    "Opened",
    "Origin",
    "SavedModel",
    "SavedModelFunction",
    "load",
    "safe_name",
]
