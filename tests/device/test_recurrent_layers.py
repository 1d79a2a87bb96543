"""Recurrent layers of both Keras, unrolled, on the emulated Cortex-M4: every element equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load.test_load_changes import recurrent, saved
from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict


def matches(model: Path, engine: str, project: Path) -> None:
    build(model, board="qemu-cortex-m4", engine=engine, data="random", out=project, jobs=1)
    try:
        result = verify(project)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason


@pytest.mark.parametrize(("package", "suffix"), [("keras", ".keras"), ("tf_keras", ".h5")])
def test_compiled(package: str, suffix: str, tmp_path: Path) -> None:
    _, path = saved(recurrent, package, suffix, tmp_path)
    matches(path, "aot", tmp_path / "p")


@pytest.mark.usefixtures("tree")
def test_interpreted(tmp_path: Path) -> None:
    _, path = saved(recurrent, "keras", ".keras", tmp_path)
    matches(path, "tflm", tmp_path / "p")
