"""The search for shapes: where it starts, what it is told, and that it goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tinygen.compression.clock import Clock
from tinygen.compression.study import Study, require_optuna, width
from tinygen.errors import InputError

GROUPS = {"one": 16, "two": 40}


@pytest.mark.parametrize(
    ("channels", "steps", "expected"),
    [
        (16, 8, 16),
        (16, 4, 8),
        (40, 3, 16),
        (40, 1, 4),
        (6, 1, 1),
        (6, 4, 3),
        (10, 8, 10),
        (1, 1, 1),
    ],
)
def test_widths_are_what_kernels_like(channels: int, steps: int, expected: int) -> None:
    assert width(channels, steps) == expected


def test_it_starts_with_equal_shares_and_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "search.journal"
    study = Study(journal, "search", GROUPS, 0)
    first = study.ask()
    assert first.widths == GROUPS
    study.tell(first, 0.9, 1000, 100)
    assert study.ask().widths == {"one": 12, "two": 32}  # the run ends before it is told

    again = Study(journal, "search", GROUPS, 0)
    assert again.trained == (GROUPS,)
    asked = [again.ask().widths for _ in range(3)]
    assert {"one": 12, "two": 32} in asked, "what was at work is asked for again"
    assert {"one": 8, "two": 20} in asked

    other = Study(journal, "another search", GROUPS, 0)
    assert other.trained == ()


def test_what_does_not_keep_the_limits_is_no_result(tmp_path: Path) -> None:
    study = Study(tmp_path / "search.journal", "search", GROUPS, 0)
    seen = []
    for _ in range(40):
        asked = study.ask()
        seen.append(asked.widths["two"])
        if asked.widths["two"] > 12:
            study.refuse(asked, {"flash": asked.widths["two"] / 12 - 1})
        else:
            study.tell(asked, asked.widths["one"] / 16, asked.widths["one"] * 100, 10)
    assert study.trained
    assert all(widths["two"] <= 12 for widths in study.trained)
    # The sampler learns where there is something: at random 3 of 8 widths are small enough.
    assert sum(two <= 12 for two in seen[-20:]) >= 12


def test_without_optuna_pip_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="Optuna") as raised:
        require_optuna()
    assert "pip install 'tinygen[compress]'" in str(raised.value.next_step)


def test_the_time_left_is_that_of_what_is_left() -> None:
    clock = Clock()
    clock.expect("search", 3)
    clock.expect("builds", 2)
    assert clock.text == ""
    clock.done("search", 60)
    assert clock.seconds_left is None, "nothing is known of builds"
    clock.done("builds", 30)
    assert clock.seconds_left == 150
    assert clock.text == ", about 2 min left"
    clock.done("search", 0.1)  # known before: says nothing of the next one
    assert clock.seconds_left == 90
