"""A model of many operators: both engines compute on the device what TFLM does here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ops.every_operator import every_operator
from tests.ops.plain_network import plain_numbers
from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict


@pytest.mark.parametrize("engine", ["aot", "tflm"])
@pytest.mark.parametrize("network", [every_operator, plain_numbers])
@pytest.mark.usefixtures("tree")
def test_both_engines_match(network: Callable[[], bytes], engine: str, tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(network())
    project = tmp_path / engine
    build(tmp_path / "net.tflite", board="qemu-cortex-m4", engine=engine, out=project, jobs=1)
    try:
        result = verify(project)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH, f"{engine}: {result.reason}"
