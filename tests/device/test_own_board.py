"""A board file of the user's own: the project keeps it, so flash and verify need it no more."""

from __future__ import annotations

from pathlib import Path

import tinygen.boards
from tests.runner import GOLDEN_MODEL
from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.proof.verdict import Verdict


def test_a_board_of_ones_own(tmp_path: Path) -> None:
    text = (Path(tinygen.boards.__file__).parent / "qemu-cortex-m4.toml").read_text("utf-8")
    mine = tmp_path / "my-m4.toml"
    mine.write_text(text.replace('"qemu-cortex-m4"', '"my-m4"'), "utf-8")
    project = build(GOLDEN_MODEL, board=str(mine), out=tmp_path / "p", jobs=1).generated.project
    mine.unlink()
    try:
        result = verify(project, vectors=5)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH
    assert result.board == "my-m4"
