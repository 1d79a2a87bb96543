"""A light install: without TensorFlow and Keras an int8 .tflite is built all the same, and a Keras
file ends in an error that says what to install."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen

BARRED = ("tensorflow", "tf_keras", "keras", "h5py")
LIGHT = f"""
import sys
from importlib.abc import MetaPathFinder


class Barred(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BARRED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Barred())

import importlib.util

found = importlib.util.find_spec


def find_spec(name, package=None):
    return None if name.partition(".")[0] in {BARRED!r} else found(name, package)


importlib.util.find_spec = find_spec

from tinygen.__main__ import main

main()
"""


@pytest.fixture
def light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "light_install.py").write_text(LIGHT)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(filter(None, sys.path))}")
    return tmp_path


def test_a_tflite_file_is_built(light: Path) -> None:
    words = ("generate", GOLDEN_MODEL, "-b", "esp32", "--engine", "aot", "-o", "firmware", "--json")
    ran = tinygen(*words, cwd=light, module="light_install")
    assert ran.code == 0, ran.err
    assert ran.json["loader"] == "tflite"
    assert (light / "firmware" / "platformio.ini").is_file()


@pytest.mark.parametrize("kind", ["h5", "keras", "saved-model"])
def test_a_keras_file_says_what_to_install(kind: str, light: Path) -> None:
    model = light / f"model.{kind}"
    if kind == "saved-model":
        model.mkdir()
        (model / "saved_model.pb").write_bytes(b"")
    else:
        model.write_bytes(b"\x89HDF\r\n\x1a\n" if kind == "h5" else b"PK\x03\x04")
    ran = tinygen("inspect", model, cwd=light, module="light_install")
    assert ran.code == 2
    assert "TensorFlow is not installed" in ran.err
    assert "pip install 'tensorflow>=2.16' 'tf-keras>=2.16'" in ran.err
    assert "damaged" not in ran.err
