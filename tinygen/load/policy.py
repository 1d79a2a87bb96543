"""Precision: a model that was trained in float16, partly or wholly, or in float64, opened in
float32.

The weights of `mixed_float16` and `mixed_bfloat16` are float32 already; those of `float16` and
`bfloat16` become float32 exactly, those of `float64` the nearest. Only the arithmetic between them
was another, and int8 replaces that anyway; TensorFlow Lite has no convolution to convert from in
other precisions.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from tinygen.load.keras_config import dictionaries

_OTHERS = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64")
_POLICIES = ("Policy", "DTypePolicy", "FloatDTypePolicy")
_CONFIG = "config.json"


def in_float32(config: dict[str, Any]) -> tuple[str, ...]:
    """Make every policy and type of another precision in a model's configuration float32.

    Changes `config`; returns what was replaced, without repetition.
    """
    found: dict[str, None] = {}
    for value in dictionaries(config):
        is_policy = value.get("class_name") in _POLICIES
        inner = value.get("config")
        if is_policy and isinstance(inner, dict) and inner.get("name") in _OTHERS:
            found[inner["name"]] = None
            inner["name"] = "float32"
        for key, item in value.items():
            if "dtype" in key and isinstance(item, str) and item in _OTHERS:
                found[item] = None
                value[key] = "float32"
    return tuple(sorted(found))


def with_config(content: bytes, config: dict[str, Any]) -> bytes:
    """A `.keras` file with this configuration in place of its own."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in dict.fromkeys(old.namelist()):
            new.writestr(name, json.dumps(config) if name == _CONFIG else old.read(name))
    return target.getvalue()


def set_config(file: Path, config: dict[str, Any]) -> None:
    """Give the `.h5` file of a model this configuration in place of its own."""
    import h5py

    with h5py.File(file, "r+") as opened:
        opened.attrs["model_config"] = json.dumps(config)
