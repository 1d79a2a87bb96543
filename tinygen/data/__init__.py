"""Calibration data: read from what people have, checked against the model's inputs."""

from __future__ import annotations

from tinygen.data.class_file import read_class_names
from tinygen.data.dataset import (
    RANDOM,
    Dataset,
    no_data_error,
    read_data,
    read_samples,
)
from tinygen.data.keys import Split

__all__ = [
    "RANDOM",
    "Dataset",
    "Split",
    "no_data_error",
    "read_class_names",
    "read_data",
    "read_samples",
]
