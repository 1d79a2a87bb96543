"""What is said of a table: which method held against which, and what zeros saved."""

from __future__ import annotations

from dataclasses import replace

from tinygen.api.candidates import (
    AS_GIVEN,
    AWARE,
    PRUNED,
    SCRATCH,
    TUNED,
    UNSTRUCTURED,
    Outcome,
    Plan,
)
from tinygen.api.compress_notes import remarks
from tinygen.api.compress_result import CompressRow
from tinygen.api.firmware_of import Built


def row(method: str, *scores: float, after: str = "", flash: int = 1000) -> CompressRow:
    found = [(i, Outcome(1, v, v, v, 1, 1, 1, 1, 6, 1.0)) for i, v in enumerate(scores)]
    built = Built("microbit", flash, 1, 1, None, None, None, 0)
    plan = Plan(method, {}, 0, after)
    return CompressRow.of(plan, {}, found, built, within=True, epochs_before=12)


GIVEN = row(AS_GIVEN, 0.9)


def test_each_is_held_against_the_simplest_alternative() -> None:
    rows = [
        *(GIVEN, row(PRUNED, 0.80, 0.82), row(SCRATCH, 0.90, 0.91)),
        *(row(TUNED, 0.7, 0.75, after=PRUNED), row(AWARE, 0.74, 0.8, after=PRUNED)),
    ]
    said = list(remarks(rows, None))
    assert said == [
        "pruned against from scratch, the same shape: better by every seed in 0 of 1, worse by"
        " every seed in 1",
        "QAT against trained on, the same shape: better by every seed in 0 of 1, worse by every"
        " seed in 0",
    ]
    assert [one.name for one in (Plan(AWARE, {}, 0, PRUNED), Plan(PRUNED, {}, 0))] == [
        "pruned, QAT",
        "pruned",
    ]


def test_what_zeros_saved_is_said() -> None:
    packed, plain = row(UNSTRUCTURED, 0.9, flash=700), row(UNSTRUCTURED, 0.9)
    assert list(remarks([GIVEN, packed], None)) == [
        "80% zeros saved 300 bytes of flash: 700 of 1,000"
    ]
    assert list(remarks([GIVEN, plain], None)) == ["80% zeros saved nothing: 1,000 of 1,000"]


def test_an_unknown_training_is_said() -> None:
    rows = [GIVEN, replace(row(PRUNED, 0.9), epochs_before=None)]
    (said,) = remarks(rows, None)
    assert "--given-epochs" in said
    assert "no candidate reaches 95 %" in next(remarks(rows, 95.0))
