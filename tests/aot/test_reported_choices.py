"""What was chosen is in the result: in JSON always, for people where there was a choice."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from tests.runner import GOLDEN_MODEL
from tinygen import generate
from tinygen.engines.engine import NotTaken
from tinygen.report.json import to_json
from tinygen.report.text import generate_report


def test_what_was_chosen_is_reported(tmp_path: Path) -> None:
    result = generate(
        GOLDEN_MODEL,
        board="qemu-cortex-m4",
        kernel_set="portable",
        optimize="speed",
        out=tmp_path / "project",
    )
    assert len(result.choices) == result.layers
    first = to_json(result)["choices"][0]
    assert first["operators"] == ["CONV_2D"]
    assert (first["kernel_set"], first["kernel"]) == ("portable", "conv_2d_packed")
    assert (first["layer"], first["output"]) == (0, "edges_1")
    assert first["why"] == "three products in two multiplications"
    other, packed = first["others"]
    assert packed["why"].startswith("Rice code: ")
    assert packed["estimated_cycles"] is None
    assert (other["kernel_set"], other["why"]) == ("portable", "runs on every core")
    assert 0 < first["estimated_cycles"] < other["estimated_cycles"]

    def text(shown: object) -> str:
        console = Console(file=StringIO(), width=200)
        console.print(shown)
        assert isinstance(console.file, StringIO)
        return console.file.getvalue()

    alone = replace(result, choices=tuple(replace(c, others=()) for c in result.choices))
    assert "runs on every core" not in text(generate_report(alone))
    others = (NotTaken("fast", "only 4 channels", None), NotTaken("slow", "a way", 123456, 789))
    asked = replace(result, choices=tuple(replace(c, others=others) for c in result.choices))
    shown = text(generate_report(asked))
    assert "conv_2d_packed" in shown
    assert "runs on every core" in shown
    assert "123,456" in shown
    assert "of others: the fewest" in shown
    layers = ", ".join(str(choice.layer) for choice in asked.choices)
    assert f"  fast: only 4 channels (layer {layers})" in shown
    assert "slow: a way" not in shown  # that is a kernel, with its cycles
