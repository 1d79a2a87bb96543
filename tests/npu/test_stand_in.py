"""Firmware for an Ethos-U from a model to a verdict, on stand-ins for upstream's sources and for
Arm's driver: nothing is skipped where those are not at hand."""

from __future__ import annotations

from pathlib import Path

import tinygen
from tests.tflm.stand_in.fixtures import pools, stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.engines.tflm import TflmTree


def test_it_is_built_and_finds_no_npu(
    pools: Path,  # noqa: F811
    stand_in_tree: TflmTree,  # noqa: F811
    tmp_path: Path,
) -> None:
    del stand_in_tree
    out = tmp_path / "project"
    built = tinygen.build(pools, board="qemu-cortex-m55", npu="ethos-u55-64", out=out)
    assert built.generated.npu is not None
    assert built.generated.npu.cycles > 0
    assert any(note.startswith("NOT PROVEN") for note in built.generated.notes)
    tinygen.write_page(out, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "NPU ethos-u55-64" in page
    assert "No simulator ran the ethos-u55-64" in page
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    assert (result.verdict, result.exit_code) == (tinygen.Verdict.UNVERIFIED, 6)
    assert "no NPU answers" in result.reason
    assert "no Ethos-U answers at 0x48102000: its ID register reads 0x0" in result.why
