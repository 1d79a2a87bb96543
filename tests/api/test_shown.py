"""How results look in a prompt and in a notebook."""

from __future__ import annotations

from pathlib import Path

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.report.html import PAGES, page_html
from tinygen.report.schema import RESULTS
from tinygen.report.text.tables import fact_table


def test_a_result_is_one_line_in_a_prompt(tmp_path: Path) -> None:
    result = tinygen.generate(GOLDEN_MODEL, board="qemu-cortex-m3", out=tmp_path / "p")
    assert repr(result).startswith("GenerateResult(project='")
    assert "model='digits'" in repr(result)
    assert len(repr(result)) < 300
    assert "\n" not in repr(result)


def test_a_result_is_a_page_in_a_notebook() -> None:
    made = tinygen.inspect(GOLDEN_MODEL, board="uno")._repr_html_()
    assert made.count("<table>") == made.count("</table>") >= 2
    assert "70,080 MACs" in made
    assert "<th " in made


def test_every_result_of_a_command_has_a_page() -> None:
    assert set(PAGES) >= {kind for name, kind in RESULTS.items() if name != "error"}
    for kind in PAGES:
        assert kind.__name__ in tinygen.__all__


def test_nothing_in_a_name_is_markup() -> None:
    made = page_html(fact_table([("a & b", "<script>\x1b[2J\n  x</script>")]))
    assert "<script>" not in made
    assert "&lt;script&gt;\\x1b[2J<br>&nbsp;&nbsp;x&lt;/script&gt;" in made
    assert "a &amp; b" in made
