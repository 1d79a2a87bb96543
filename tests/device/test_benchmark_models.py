"""Real models, from their Keras files, on the emulated Cortex-M4: every element equal. The int8
files of the same models are rows of bench.json (tests/bench)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict

MODELS = ["vww_96.h5", "pretrainedResnet.h5", "kws_ref_model", "ad01.h5"]


@pytest.mark.parametrize("name", MODELS)
def test_a_benchmark_model_matches(name: str, models: Path, tmp_path: Path) -> None:
    built = build(models / name, board="qemu-cortex-m4", data="random", out=tmp_path / "p", jobs=1)
    try:
        result = verify(built.generated.project)
    finally:
        qemu.stop(built.generated.project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.vectors >= 100
    assert result.mismatched_elements == 0
    assert built.generated.arena_bytes == built.generated.arena_minimum_bytes
    assert result.data == "random"
    assert built.generated.fidelity[0].distance.sqnr_db > 5
