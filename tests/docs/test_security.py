"""docs/security.md and the tests cite each other: no invariant without a test, and none made up."""

from __future__ import annotations

import re

from tests.runner import ROOT

STATED = re.findall(r"^\*\*(S\d+)\.\*\* ", (ROOT / "docs/security.md").read_text("utf-8"), re.M)
MARK = re.compile(r'^@pytest\.mark\.invariant\("(S\d+)"\)$', re.MULTILINE)


def test_the_invariants_are_numbered_in_a_row() -> None:
    assert [f"S{i}" for i in range(1, len(STATED) + 1)] == STATED
    assert STATED


def test_every_invariant_is_held_by_a_test_and_every_citation_is_of_one() -> None:
    cited = {
        number
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in MARK.findall(path.read_text("utf-8"))
    }
    assert cited == set(STATED)
