"""Models of PyTorch and ONNX -> float `.tflite`, by converters in environments of their own.

Their packages cannot share one environment with each other, nor with TensorFlow here. What runs
there is `tinygen.converters`, which imports nothing else of tinygen.
"""

from __future__ import annotations

from tinygen.convert.convert import convert
from tinygen.convert.reference import origin_outputs

__all__ = ["convert", "origin_outputs"]
