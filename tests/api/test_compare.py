"""compare: two kernel sets of a model, saved results, and thresholds that hold and that fail."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.api.bench import BenchResult, BenchRow
from tinygen.api.compare import CompareResult
from tinygen.api.gates import EXIT_CODE
from tinygen.errors import InputError
from tinygen.proof.verdict import Verdict
from tinygen.report.blocks import plain
from tinygen.report.csv import csv_rows
from tinygen.report.json import to_json, versioned
from tinygen.report.text import compare_report

BOARD = "qemu-cortex-m4"


def row(**more: Any) -> BenchRow:
    known: dict[str, Any] = {
        **{"engine": "aot", "kernel_set": "portable", "verdict": Verdict.MATCH},
        **{"unit": "instructions", "per_inference": 1000, "startup": 5, "flash_code": 600},
        **{"flash_model": 400, "static_ram": 10, "arena": 0, "stack_used": None},
        **{"model": "m", "board": "b"},
    }
    return BenchRow(**known | more)


def saved(folder: Path, name: str, *rows: BenchRow) -> Path:
    made = versioned(to_json(BenchResult("m", "0", "b", 6, rows)))
    (folder / name).write_text(json.dumps(made))
    return folder / name


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> CompareResult:
    """The same model with portable kernels and with the board's."""
    folder = tmp_path_factory.mktemp("sets")
    for name, given in (("portable", "portable"), ("dsp", None)):
        tinygen.generate(GOLDEN_MODEL, board=BOARD, kernel_set=given, out=folder / name)
    return tinygen.compare(
        folder / "portable", folder / "dsp", thresholds=["layer > 0", "arena > 0%", "flash > 5%"]
    )


def test_two_kernel_sets_layer_by_layer(sets: CompareResult) -> None:
    changed = [layer for layer in sets.layers if not layer.same_kernel]
    assert len(sets.layers) == 7
    assert changed
    assert all((layer.kernel_a or "").startswith("portable/") for layer in sets.layers)
    assert all((layer.kernel_b or "").startswith("dsp/") for layer in changed)
    assert all((layer.change or 0) < 0 for layer in changed)
    assert all(layer.change == 0 for layer in sets.layers if layer.same_kernel)
    assert sets.unit == "estimated instructions"
    assert (sets.a.engine, sets.b.engine) == ("aot (portable)", "aot (dsp+portable)")
    page = plain(compare_report(sets))
    assert f"another kernel in {len(changed)} of 7 layers" in page
    assert "is not built: its sizes are not known" in page
    rows = csv_rows(sets)
    assert [r["of"] for r in rows if r["name"] == "layer"] == [one.output for one in sets.layers]


def test_what_is_not_known_fails_and_the_rest_holds(sets: CompareResult) -> None:
    layer, arena, flash = sets.thresholds
    assert (layer.failed, arena.failed, flash.failed) == (False, False, True)
    assert (arena.value, flash.value) == (0, None)
    assert sets.exit_code == EXIT_CODE


@pytest.mark.parametrize(
    ("threshold", "failed", "value"),
    [
        ("instructions > 5%", True, 10),
        ("instructions > 10%", False, 10),
        ("instructions >= 100", True, 100),
        ("flash > 0", False, -100),
        ("flash < -9.5%", True, -10),
        ("arena > 0%", True, None),  # of nothing there is no share
        ("arena > 4", False, 4),
        ("stack > 5%", True, None),
    ],
)
def test_a_threshold_is_about_the_change(
    threshold: str, failed: bool, value: float | None, tmp_path: Path
) -> None:
    a = saved(tmp_path, "a.json", row())
    b = saved(tmp_path, "b.json", row(per_inference=1100, flash_code=500, arena=4))
    result = tinygen.compare(a, b, thresholds=[threshold])
    (one,) = result.thresholds
    assert (one.failed, one.value) == (failed, value)
    assert result.exit_code == (EXIT_CODE if failed else 0)
    assert tinygen.compare(a, a).exit_code == 0


def test_of_many_rows_each_meets_its_own(tmp_path: Path) -> None:
    a = saved(tmp_path, "a.json", row(), row(board="c", flash_code=100))
    b = saved(tmp_path, "b.json", row(board="c", flash_code=200), row(), row(board="d"))
    result = tinygen.compare(a, b, thresholds=["flash > 1%"])
    flash = {one.of: (one.a, one.b) for one in result.figures if one.name == "flash"}
    assert flash == {
        "m b aot portable": (1000, 1000),
        "m c aot portable": (500, 600),
        "m d aot portable": (None, 1000),
    }
    assert result.thresholds[0].where == "flash m c aot portable"


@pytest.mark.parametrize("wrong", ["flsh > 5%", "flash > 5 %%", "flash", "layers.0 > 3", "flash >"])
def test_what_is_no_threshold_is_refused(wrong: str, tmp_path: Path) -> None:
    a = saved(tmp_path, "a.json", row())
    with pytest.raises(InputError, match="is not understood"):
        tinygen.compare(a, a, thresholds=[wrong])


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"rows": 3}', '{"generated": [1], "sizes": {"flash": "x"}}', "[" * 9999],
)
def test_any_file_is_an_answer_or_an_error(content: str, tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    file.write_text(content)
    with contextlib.suppress(InputError):
        result = tinygen.compare(file, file)
        assert (result.figures, result.layers) == ((), ())


def test_other_models_and_boards_are_said(tmp_path: Path) -> None:
    a = saved(tmp_path, "a.json", row())
    made = json.loads(a.read_text()) | {"model": "n", "board": "\x1b[2J"}
    (tmp_path / "b.json").write_text(json.dumps(made))
    result = tinygen.compare(a, tmp_path / "b.json")
    assert any("two models are compared: m and n" in note for note in result.notes)
    assert any("two boards" in note for note in result.notes)
    assert "\x1b" not in plain(compare_report(result))
    assert replace(result, notes=()).exit_code == 0
