"""The tflm engine: TensorFlow Lite Micro's interpreter, built from upstream's own sources.

    tree = setup(cache)
    made = Tflm().make(job)

`made.files` go into the project beside the port and the protocol; `model.h` is the same
interface as the aot engine's.
"""

from __future__ import annotations

from tinygen.engines.tflm.arena import not_run
from tinygen.engines.tflm.kernel_sets import KernelSet, kernel_set, kernel_sets, pins
from tinygen.engines.tflm.make import Tflm
from tinygen.engines.tflm.source import TflmTree, installed, setup

__all__ = [
    "KernelSet",
    "Tflm",
    "TflmTree",
    "installed",
    "kernel_set",
    "kernel_sets",
    "not_run",
    "pins",
    "setup",
]
