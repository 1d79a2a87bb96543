"""Real models, from Keras files too, on the emulated Cortex-M4: every element equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict

MODELS = [
    "vww_96_int8.tflite",
    "vww_96.h5",
    "pretrainedResnet_quant.tflite",
    "pretrainedResnet.h5",
    "kws_ref_model.tflite",
    "kws_ref_model",
    "ad01_int8.tflite",
    "ad01.h5",
    "hello_world_int8.tflite",
]


@pytest.mark.parametrize("name", MODELS)
def test_a_benchmark_model_matches(name: str, models: Path, tmp_path: Path) -> None:
    data = None if name.endswith(".tflite") else "random"
    built = build(models / name, board="qemu-cortex-m4", data=data, out=tmp_path / "p", jobs=1)
    try:
        result = verify(built.generated.project)
    finally:
        qemu.stop(built.generated.project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.vectors >= 100
    assert result.mismatched_elements == 0
    assert built.generated.arena_bytes == built.generated.arena_minimum_bytes
    if data:
        assert result.data == "random"
        assert built.generated.fidelity[0].distance.sqnr_db > 5
