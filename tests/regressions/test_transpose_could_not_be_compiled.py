"""No model with a TRANSPOSE could be built with the engine tflm: its header came before the one
that it needs, and does not include it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.runner import GOLDEN_MODEL
from tinygen.engines.tflm import TflmTree
from tinygen.engines.tflm.library import UNITS
from tinygen.engines.tflm.render import Registered, data_files
from tinygen.engines.tflm.source import FLATBUFFERS, GEMMLOWP, RUY, TFLITE_MICRO
from tinygen.engines.tflm.upstream import Upstream
from tinygen.resources import firmware_dir
from tinygen.templates import Identity


def test_every_operators_header_is_understood(tree: TflmTree, tmp_path: Path) -> None:
    known = [one for one in Upstream(tree).operators.values() if one.int8 is not None]
    operators = [Registered(one.method, *one.int8) for one in known if one.int8]
    assert "AddTranspose" in {one.method for one in operators}
    identity = Identity("m", "tflm", "b", "00" * 32, "test")
    texts = data_files(operators, GOLDEN_MODEL.read_bytes(), 0, identity)
    source = tmp_path / "operators.cc"
    source.write_text(texts[f"{UNITS}/model_operators.cc"], "utf-8")
    folders = [
        tree.folder(TFLITE_MICRO),
        tree.folder(FLATBUFFERS) / "include",
        *(tree.folder(name) for name in (GEMMLOWP, RUY)),
        firmware_dir() / "tflm",
    ]
    command = ["g++", "-std=c++17", "-fsyntax-only", "-DTF_LITE_STATIC_MEMORY"]
    subprocess.run([*command, *(f"-I{folder}" for folder in folders), source], check=True)
