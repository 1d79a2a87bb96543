"""The files beside the terminal: what is written of results good and bad, and of hostile names."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from junitparser import Error, Failure, JUnitXml
from rich.text import Text

from tests.runner import GOLDEN_MODEL, Ran
from tests.runner import tinygen as run
from tinygen.api.gates import GateOutcome
from tinygen.api.verify import VerifyResult
from tinygen.cli import reports as files
from tinygen.cli.root import run_command
from tinygen.ir import DType, Edge
from tinygen.proof import verdict
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Verdict
from tinygen.proof.worst import worst
from tinygen.report.csv import write_csv
from tinygen.report.junit import write_junit
from tinygen.report.markdown import markdown
from tinygen.report.text import verify_report
from tinygen.report.text.tables import fact_table, ruled

NAME = '=cmd|"x" <b>\x1b[2J `code` [link](u) , \u65e5'
TEXTS = ("why", "next_step", "doubt", "reset", "fault", "port", "arena_command")
NONES = (
    *("data", "samples", "accuracy", "regression", "litert", "cost", "startup", "device", "baud"),
    *("arena_bytes", "arena_used_bytes", "arena_enough_bytes", "stack_used_bytes"),
    "vectors_per_second",
)


def result(decision: Verdict, wrong: int, atol: int = 0) -> VerifyResult:
    """A verdict on one output of 4 elements in 3 vectors, of which `wrong` are one step off."""
    edge = Edge(NAME, (1, 4), DType.INT8, 0.1, 0, (), None)
    host = np.arange(12, dtype=np.int8).reshape(3, 1, 4)
    device = host + (np.arange(12).reshape(host.shape) < wrong).astype(np.int8)
    checks = Vectors((host,), (host,), "o", ("random",) * 3, np.full(3, -1, np.int64))
    names: dict[str, Any] = {**dict.fromkeys(TEXTS, ""), **dict.fromkeys(NONES)}
    return VerifyResult(
        **names,
        verdict=decision,
        reason="said so",
        project=Path("p"),
        model="m",
        c_name="model",
        model_sha256="0" * 64,
        board="b",
        engine="aot",
        build_id="0" * 32,
        oracle="o",
        vectors=3,
        vectors_total=3,
        elements=12,
        mismatched_elements=wrong,
        max_abs_diff_lsb=min(wrong, 1),
        atol_lsb=atol,
        outputs=verdict.compare([edge], checks, [device]),
        first_mismatch=verdict.first_mismatch([edge], checks, [device]),
        worst=worst([edge], checks, [device]),
        retries=0,
        reconnects=0,
        seconds=1.5,
        limit_seconds=9.0,
    )


def junit(decision: Verdict, wrong: int, folder: Path, *outcomes: GateOutcome) -> list[str]:
    """What each test of the file came to."""
    write_junit(folder / "v.xml", "verify", result(decision, wrong), outcomes, "the report\x1b")
    suite = next(iter(JUnitXml.fromfile(str(folder / "v.xml"))))
    assert suite.name == "verify m on b"
    assert suite.time == 1.5
    return [type(case.result[0]).__name__ if case.result else "passed" for case in suite]


def test_junit_says_what_failed(tmp_path: Path) -> None:
    held = GateOutcome("flash > 3", "sizes.flash", 2, False)
    broken = GateOutcome("accuracy < 1", "accuracy.device", None, True)
    assert junit(Verdict.MATCH, 0, tmp_path, held, broken) == ["passed", "passed", Failure.__name__]
    assert junit(Verdict.MISMATCH, 5, tmp_path) == [Failure.__name__]
    assert "5 of 12 elements differ, by up to 1 LSB" in (tmp_path / "v.xml").read_text("utf-8")
    assert junit(Verdict.UNVERIFIED, 0, tmp_path) == [Error.__name__]
    assert junit(Verdict.WITHIN, 5, tmp_path) == ["passed"]


def test_what_is_within_a_tolerance_is_called_so() -> None:
    page = markdown("t", verify_report(result(Verdict.WITHIN, 5, atol=2)))
    assert "WITHIN  2 LSB, not bit for bit: 5 of 12 output elements differ, by up to 1 LSB" in page
    assert result(Verdict.WITHIN, 5).exit_code == 0


def test_nothing_in_a_name_is_markup() -> None:
    table = ruled("name", "size")
    table.add_row(NAME, "1\n2")
    page = markdown("a | b", fact_table([("| x |", NAME)])) + markdown("c", table)
    assert "<b>" not in page
    assert "\x1b" not in page
    assert "\\[link\\](u)" in page
    assert "1<br>2 |" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {3}
    assert markdown("t", Text("  two\nlines")).endswith("&nbsp;&nbsp;two<br>\nlines\n")


def test_csv_holds_names_as_they_are_and_no_formula(tmp_path: Path) -> None:
    write_csv(tmp_path / "v.csv", result(Verdict.MISMATCH, 5))
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["output"] == f"'{NAME}"
    assert (row["verdict"], row["mismatched_elements"], row["accuracy"]) == ("MISMATCH", "5", "")


@pytest.mark.parametrize(
    ("decision", "conditions", "code"),
    [
        (Verdict.MATCH, ["mismatched > 0"], 0),
        (Verdict.MATCH, ["vectors < 100", "accuracy < 0.5", "vectors > 100"], 7),
        (Verdict.MISMATCH, ["vectors < 100"], 4),
    ],
)
def test_the_exit_code_is_the_verdicts_then_the_gates(
    decision: Verdict,
    conditions: list[str],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = files.Reports("verify", conditions, json_file=tmp_path / "v.json")
    made = result(decision, 5 if decision is Verdict.MISMATCH else 0)
    exits: list[int] = []
    try:
        run_command(lambda *_: made, verify_report, False, reports=wanted, kind=VerifyResult)
    except typer.Exit as ended:
        exits.append(ended.exit_code)
    assert (exits or [0]) == [code]
    told = json.loads((tmp_path / "v.json").read_text("utf-8"))["gates"]
    assert [gate["gate"] for gate in told] == conditions
    shown = capsys.readouterr().out
    assert all(condition in shown for condition in conditions), "every gate is named"
    if code == 7:
        assert "2 of 3 gates failed" in shown
        assert "not known" in shown


def refused(folder: Path, *words: str) -> Ran:
    ran = run(*words, cwd=folder)
    assert ran.code == 2
    return ran


def test_an_error_is_in_the_files_too(tmp_path: Path) -> None:
    files = ("--junit", "v.xml", "--json-file", "v.json", "--markdown", "v.md")
    refused(tmp_path, "verify", "none", *files)
    (case,) = next(iter(JUnitXml.fromfile(str(tmp_path / "v.xml"))))
    assert isinstance(case.result[0], Error)
    assert "none is not a complete tinygen project" in case.result[0].message
    assert json.loads((tmp_path / "v.json").read_text())["error"] == "InputError"
    assert "not a complete tinygen project" in (tmp_path / "v.md").read_text("utf-8")


def test_a_gate_and_a_file_that_cannot_be_are_told_before_the_work(tmp_path: Path) -> None:
    words = ("build", str(GOLDEN_MODEL), "--board", "qemu-cortex-m4")
    assert "there is no figure flahs" in refused(tmp_path, *words, "--fail-if", "flahs > 3").err
    assert "there is no folder 'none'" in refused(tmp_path, *words, "--csv", "none/x.csv").err
    assert not (tmp_path / "build").exists()
