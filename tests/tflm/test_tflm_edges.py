"""Files whose edges are not int8, as converters write them: both engines take and give int8."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.passes.test_passes import convert, small_cnn
from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.ir import DType
from tinygen.proof.verdict import Verdict


@pytest.mark.parametrize("edges", [DType.UINT8, DType.FLOAT32])
@pytest.mark.usefixtures("tree")
def test_both_engines_match(edges: DType, tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(convert(small_cnn, edges=edges))
    for engine in ("aot", "tflm"):
        project = tmp_path / engine
        build(tmp_path / "net.tflite", board="qemu-cortex-m4", engine=engine, out=project, jobs=1)
        try:
            result = verify(project)
        finally:
            qemu.stop(project / ".tinygen")
        assert result.verdict is Verdict.MATCH, f"{engine}: {result.reason}"
