"""What a document refers to is there: files, headings of decisions, paths in code quotes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.runner import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_decision_is_listed_by_its_number_and_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^(\d+)\. \[(.+)\]\((.+)\)$", (folder / "README.md").read_text("utf-8"), re.M
    )
    pages = sorted(path for path in folder.glob("0*.md"))
    assert [name for _, _, name in listed] == [path.name for path in pages]
    for number, title, name in listed:
        text = (folder / name).read_text("utf-8")
        assert text.startswith(f"# {number}. {title}\n")
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.M) == [
            "Context",
            "Decision",
            "Consequences",
        ]
