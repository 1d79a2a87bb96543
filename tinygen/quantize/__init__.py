"""Keras model, SavedModel or float `.tflite` -> int8. Importing it imports no TensorFlow."""

from __future__ import annotations

from tinygen.quantize.keras import CALIBRATION_SAMPLES, Quantized, quantize

__all__ = ["CALIBRATION_SAMPLES", "Quantized", "quantize"]
