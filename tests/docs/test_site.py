"""The site of the documentation: built with warnings as errors, with what is generated in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.runner import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def text(page: Path) -> str:
    return re.sub(r"<[^>]+>", "", page.read_text("utf-8"))


def test_the_functions_are_explained(site: Path) -> None:
    python = text(site / "reference" / "python" / "index.html")
    for told in (
        "kernel_set",
        "Send samples to the device",
        "list_boards",
        "DoesNotFit",
    ):
        assert told in python, told


def test_the_protocol_is_the_headers(site: Path) -> None:
    assert "HELLO opens the session" in text(site / "reference" / "protocol" / "index.html")


def test_pages_of_the_top_are_there_and_linked(site: Path) -> None:
    contributing = (site / "contributing" / "index.html").read_text("utf-8")
    assert 'href="../architecture/"' in contributing
    assert (site / "results.schema.json").is_file()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """Readers without a network see the same."""
    fetched = re.compile(r'<(?:script|img)[^>]+src="https?:|<link[^>]+stylesheet[^>]+href="https?:')
    for page in site.rglob("*.html"):
        assert not fetched.search(page.read_text("utf-8")), page
