"""Docstrings of the public functions are numpydoc's, whole, and their examples run."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.validate import validate

import tinygen
from tests.power.test_readers import HEADS, write
from tests.power.traces import trace
from tests.runner import GOLDEN_MODEL
from tinygen.devices import qemu

FUNCTIONS = sorted(name for name in tinygen.__all__ if inspect.isfunction(getattr(tinygen, name)))
ALLOWED = {
    *("ES01", "SA01"),  # a summary may be all; the reference lists what is beside it
    *("GL01", "GL03", "RT02", "RT04", "PR08", "PR09", "SS05", "SS06"),  # the style of this code
}
DAY: tuple[str, ...] = (
    *("list_boards", "board", "list_operators", "inspect", "generate", "build", "bench", "flash"),
    *("verify", "run", "watch", "monitor", "gates", "verify_layers", "profile", "measure_power"),
    *("write_page", "stop", "cache", "compare", "export", "stream", "compress", "setup", "doctor"),
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_is_whole(name: str) -> None:
    """By numpydoc: every parameter with its type and meaning, what is returned, an example."""
    found = validate(f"tinygen.{name}")
    assert [error for error in found["errors"] if error[0] not in ALLOWED] == []


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "digits.tflite").write_bytes(GOLDEN_MODEL.read_bytes())
    (tmp_path / "images").mkdir()
    write(tmp_path / "recording.csv", HEADS[0], trace(rate=5_000), ("s", "mA", "V"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for project in tmp_path.rglob("tinygen.json"):
        qemu.stop(project.parent / ".tinygen")


@pytest.mark.usefixtures("desk")
def test_the_examples_run() -> None:
    """In the order of a working day: each stands on what those before it left."""
    assert set(DAY) == set(FUNCTIONS)
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for name in DAY:
        tests = finder.find(getattr(tinygen, name), name, globs={})
        assert tests
        assert tests[0].examples, f"{name} has no example"
        assert runner.run(tests[0]).failed == 0, name
