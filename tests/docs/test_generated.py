"""What is generated in the documents is what would be generated now: `make readme`."""

from __future__ import annotations

import re

import pytest

from scripts import readme

TEXT = readme.README.read_text("utf-8")
WRITTEN = readme.blocks(TEXT)
EXACT = ("kernel calls", "work", "constants", "arena", "test vectors", "vectors", "MATCH")
"""Rows of the demo that do not depend on what was learned in training."""


@pytest.mark.parametrize("page", readme.PAGES)
def test_a_page_is_up_to_date(page: str) -> None:
    written = (readme.ROOT / page).read_text("utf-8")
    assert written == readme.PAGES[page](), "make readme"


def test_the_readme_has_every_block() -> None:
    assert set(WRITTEN) == set(readme.BLOCKS)
    assert len(re.findall("<!-- ", TEXT)) == 2 * len(WRITTEN), "each has its end"


@pytest.mark.parametrize("name", sorted(readme.BLOCKS.keys() - {"demo"}))
def test_a_block_is_up_to_date(name: str) -> None:
    assert WRITTEN[name] == readme.BLOCKS[name](), f"python -m scripts.readme {name}"


def test_one_block_is_made_anew_and_the_rest_stays() -> None:
    stale = TEXT.replace("inspect", "INSPECT")
    assert readme.blocks(stale)["commands"] != WRITTEN["commands"]
    made = readme.replaced(stale, ["commands"])
    assert readme.blocks(made)["commands"] == WRITTEN["commands"]
    assert readme.replaced(stale, []) == stale


def test_the_transcript_is_what_the_demo_prints() -> None:
    """`make demo` itself. Training ends in other weights on another processor: then figures differ,
    words do not."""
    written, said = WRITTEN["demo"], readme.demo_block()
    assert _shape(said) == _shape(written), "python -m scripts.readme demo"
    for label in EXACT:
        rows = [
            [line for line in text.splitlines() if line.startswith(label)]
            for text in (said, written)
        ]
        assert rows[0] == rows[1]
        assert rows[0], label


def _shape(text: str) -> list[str]:
    """The words of each line: hashes and numbers as signs, however wide their columns are."""
    lines = re.sub(r"(sha256|build) [0-9a-f]{12}\b", r"\1 #", text).splitlines()
    return [re.sub(r"[-\s]+", " ", re.sub(r"-?\d[\d.,]*", "#", line)).strip() for line in lines]
