"""The examples in the docstrings of the public functions run."""

from __future__ import annotations

import doctest
import importlib

import pytest

import tinygen

MODULES = sorted({home for home in tinygen._HOME.values() if ".api." in home})


def test_some_have_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(len(test.examples) for test in found) > 3


@pytest.mark.parametrize("module", MODULES)
def test_the_examples(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
