"""An output named `[/x]` ended `tinygen verify` in a MarkupError, one named `[red]x` lost half its
name: names of a model were read as markup of the report."""

from __future__ import annotations

import pytest

from tinygen.proof.fidelity import Fidelity
from tinygen.proof.verdict import RealDistance
from tinygen.report import print_report
from tinygen.report.text.build import _fidelity
from tinygen.report.text.tables import fact_table, page


@pytest.mark.parametrize("name", ["[/x]", "[red]x", ":smile: x"])
def test_a_name_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [Fidelity(name, 3, RealDistance(30.0, 0.1, 0.1, 0.0, 0.1, 0.01, 1.0, 1.0, 0.2, None))]
    print_report(page(*_fidelity(reports), fact_table([("model", name)]), name))
    assert capsys.readouterr().out.count(name) == 3
