"""What is generated in the documents is what would be generated now: `make readme`."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts import readme

TEXTS = {document: document.read_text("utf-8") for document in readme.BLOCKS}
WRITTEN = {document: readme.blocks(text) for document, text in TEXTS.items()}
EXACT = ("kernel calls", "work", "constants", "arena", "test vectors", "vectors", "MATCH")
"""Rows of the demo that do not depend on what was learned in training."""


@pytest.mark.parametrize("page", readme.PAGES)
def test_a_page_is_up_to_date(page: str) -> None:
    written = (readme.ROOT / page).read_text("utf-8")
    assert written == readme.PAGES[page](), "make readme"


@pytest.mark.parametrize("document", readme.BLOCKS, ids=lambda document: document.name)
def test_a_document_has_every_block_of_its(document: Path) -> None:
    assert set(WRITTEN[document]) == set(readme.BLOCKS[document])
    assert len(re.findall("<!-- ", TEXTS[document])) == 2 * len(WRITTEN[document]), (
        "each has its end"
    )


@pytest.mark.parametrize("name", sorted(readme.BLOCKS[readme.README]))
def test_a_block_is_up_to_date(name: str) -> None:
    made = readme.BLOCKS[readme.README][name]()
    assert WRITTEN[readme.README][name] == made, f"python -m scripts.readme {name}"


def test_one_block_is_made_anew_and_the_rest_stays() -> None:
    text = TEXTS[readme.README]
    made = readme.replaced(text, {"commands": "new\n"})
    assert readme.blocks(made) == WRITTEN[readme.README] | {"commands": "new\n"}
    assert readme.replaced(text, {}) == text


def test_the_picture_shows_the_transcript() -> None:
    """Its words: how they are drawn is Rich's, whose versions differ."""
    drawn = readme.picture(WRITTEN[readme.DIGITS]["demo"])
    assert _words(readme.PICTURE.read_text("utf-8")) == _words(drawn), (
        "python -m scripts.readme demo"
    )
    assert "MATCH" in _words(drawn)


def _words(svg: str) -> list[str]:
    texts = (element.text or "" for element in ElementTree.fromstring(svg).iter() if element.text)
    return " ".join(texts).replace("\xa0", " ").split()


def test_the_transcript_is_what_the_demo_prints() -> None:
    """`make demo` itself. Training ends in other weights on another processor: then figures differ,
    words do not."""
    written, said = WRITTEN[readme.DIGITS]["demo"], readme.demo_block()
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
