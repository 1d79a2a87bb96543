"""Which candidate is taken."""

from __future__ import annotations

import pytest

from tinygen.api.candidates import AS_GIVEN, CLUSTERED, PRUNED, SCRATCH, Outcome, Plan
from tinygen.api.compress_result import CompressRow, best_row


def row(method: str, validation: float, instructions: int, *, within: bool = True) -> CompressRow:
    outcome = Outcome(1, validation, 0.0, 0.0, 1, 1, 1, instructions, 1, 1.0)
    return CompressRow.of(Plan(method, {}, 0), {}, [(0, outcome)], None, within=within)


GIVEN = row(AS_GIVEN, 0.900, 1000)
ALIKE = row(PRUNED, 0.896, 700)
CHEAP = row(SCRATCH, 0.850, 300)
LARGE = row(SCRATCH, 0.950, 2000, within=False)
IDLE = row(CLUSTERED, 0.990, 10)


def test_of_what_is_as_good_the_cheapest() -> None:
    assert best_row([GIVEN, ALIKE, CHEAP], None) is ALIKE


def test_the_cheapest_that_is_good_enough() -> None:
    assert best_row([GIVEN, ALIKE, CHEAP], 84.0) is CHEAP
    assert best_row([GIVEN, ALIKE, CHEAP], 89.9) is GIVEN


def test_where_nothing_is_good_enough_the_best() -> None:
    assert best_row([GIVEN, ALIKE, CHEAP], 99.0) is ALIKE


def test_what_does_not_keep_the_limits_or_only_shows_something_is_never_taken() -> None:
    assert best_row([LARGE, IDLE, CHEAP], None) is CHEAP


@pytest.mark.parametrize(("error", "taken"), [(1.01, 1), (1.10, 0)])
def test_squared_errors_are_compared_by_their_size(error: float, taken: int) -> None:
    rows = [row(SCRATCH, -1.0, 900), row(SCRATCH, -error, 300)]
    assert best_row(rows, None) is rows[taken]
