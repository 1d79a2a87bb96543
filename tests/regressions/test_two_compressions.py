"""Two `compress` in one folder wrote over each other's candidates and journal, and both went on."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygen
from tinygen.errors import InputError
from tinygen.locks import alone


def test_the_second_one_says_so(tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    with (
        alone(tmp_path / "search.lock", "tinygen compress"),
        pytest.raises(InputError, match="another `tinygen compress` is at work") as raised,
    ):
        tinygen.compress(model, data="random", out=tmp_path)
    assert "another folder" in str(raised.value.next_step)
    # The first has ended: what is said now is of the model.
    with pytest.raises(InputError, match=r"model\.keras"):
        tinygen.compress(model, data="random", out=tmp_path)
