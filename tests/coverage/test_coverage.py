"""coverage.json is of the models that there are; what is no MATCH says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.coverage.kinds import FILE
from tests.coverage.measure import compiled
from tests.coverage.table import KINDS, MATCH, Row, keys, load, save

ROWS = load()
LOOKED_AT = (
    ("sequences", "Bidirectional GRU, every step", "keras"),
    ("sequences", "Embedding", "keras"),
    ("networks", "U-Net", "tf_keras"),
    ("upsampling", "UpSampling1D", "tf_keras"),
    ("single operators", "RESIZE_BILINEAR", FILE),
)
"""Quantized and compiled again here; all of them by `make coverage`."""


def test_rows_are_of_models_that_there_are() -> None:
    assert set(ROWS) <= set(keys())


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: "-".join(row.key))
def test_a_row_is_a_proof_or_says_why_not(row: Row) -> None:
    assert row.aot == MATCH or row.aot.startswith("refused: ")
    assert row.tflm == MATCH or row.tflm.startswith("refused: ")


@pytest.mark.parametrize("key", LOOKED_AT, ids=lambda key: key[1])
def test_it_comes_to_a_graph_that_is_compiled(key: tuple[str, str, str], tmp_path: Path) -> None:
    (kind,) = [kind for kind in KINDS if (kind.group, kind.name) == key[:2]]
    assert not compiled(kind, key[2], tmp_path).startswith("refused")


def test_the_file_survives_being_written(tmp_path: Path) -> None:
    save(ROWS.values(), tmp_path / "coverage.json")
    assert load(tmp_path / "coverage.json") == ROWS
