"""Decimal commas, white space as separator, comments and `1_000` were misread or misexplained.

A table with semicolons and decimal commas was split at its commas; the reason spoke of text that
is no number and named no separator.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.regressions.data_files import refused_table, rows, said, table
from tinygen.data import read_data
from tinygen.ir import Edge

WANTED = np.array(rows(120, 4), np.float32)


def written(separator: str, decimal: str = ".", lines: list[list[str]] | None = None) -> str:
    chosen = rows(120, 4) if lines is None else lines
    return "".join(separator.join(row).replace(".", decimal) + "\n" for row in chosen)


@pytest.mark.parametrize("separator", [";", "\t", "|", " ", "   ", " \t", "; "])
def test_decimal_commas(tmp_path: Path, separator: str) -> None:
    data = table(tmp_path, written(separator, ","), 4)
    assert np.array_equal(data.inputs[0], WANTED)
    assert said(data, "a decimal comma")


@pytest.mark.parametrize("separator", [",", ", ", ";", "\t", "|", " ", "   ", " \t"])
def test_decimal_points(tmp_path: Path, separator: str) -> None:
    data = table(tmp_path, written(separator), 4)
    assert np.array_equal(data.inputs[0], WANTED)
    assert said(data, "separated by") == (separator in ("|", " ", "   "))
    assert not said(data, "decimal")


def test_the_case_of_semicolons(cases: Path) -> None:
    data = read_data(cases / "semi_decimal.csv", [Edge.real("features", (1, 8))])
    assert data.inputs[0].shape == (120, 8)
    assert np.abs(data.inputs[0]).max() < 5
    assert said(data, "a decimal comma")


def test_a_first_row_with_decimal_commas_is_a_sample(tmp_path: Path) -> None:
    data = table(tmp_path, "0,5;0,75;1,5\n1;2;3\n4;5;6\n", 3)
    assert data.inputs[0][0].tolist() == [0.5, 0.75, 1.5]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"1,234.5",2\n"0.5",1\n', 1234.5),
        ("1.234,5;2\n0,5;1\n", 1234.5),
        ("1 234,5;2\n0,5;1\n", 1234.5),
        ("1\u202f234,5;2\n0,5;1\n", 1234.5),
        ("1'234.5;2\n0.5;1\n", 1234.5),
        ('"1,234,567",2\n"0.5",1\n', 1234567.0),
        ('"0,5",2\n"1,5",1\n', 0.5),
    ],
)
def test_thousands(tmp_path: Path, text: str, value: float) -> None:
    data = table(tmp_path, text, 2)
    assert data.inputs[0][0].tolist() == [value, 2]
    assert said(data, "are read with")


def test_a_comma_that_can_mean_both_is_refused(tmp_path: Path) -> None:
    error = refused_table(tmp_path, "1,500;2,750\n4,666;5,777\n", 2)
    assert "1.5 or 1500" in error.why
    assert "semicolons" in error.why


def test_digits_in_groups_by_underscores_are_no_numbers(tmp_path: Path) -> None:
    for text in ("1_000,2,3\n4,5,6\n", "a,b,c\n1_000,2,3\n4,5,6\n"):
        assert "'1_000'" in refused_table(tmp_path, text, 3).why


def test_a_missing_value_in_the_first_row_makes_no_header(tmp_path: Path) -> None:
    for missing in ("NA", "?", "null"):
        error = refused_table(tmp_path, f"1.5,{missing},0.5\n4,5,6\n7,8,9\n", 3)
        assert "row 1, column 2" in error.why
    assert "row 1, column 2" in refused_table(tmp_path, "1.5,,0.5\n4,5,6\n7,8,9\n", 3).why


def test_comments(tmp_path: Path) -> None:
    text = "# recorded in May\n1,2,3\n\n# paused\n4,5,6 # the door was open\n7,8,9\n"
    data = table(tmp_path, text, 3)
    assert data.inputs[0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    notes = table(tmp_path, "a,b,label\n1,2,C#\n3,4,F\n", 2)
    assert notes.class_names == ("C#", "F")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    data = table(tmp_path, "a;größe\n0,5;1\n2;3\n".encode(encoding), 2)
    assert data.inputs[0].tolist() == [[0.5, 1], [2, 3]]


def test_the_reason_names_the_separator(tmp_path: Path) -> None:
    assert "split at semicolons" in refused_table(tmp_path, written(";", ","), 5).why
    assert "split at commas" in refused_table(tmp_path, written(","), 5).why
    assert "semicolon" in refused_table(tmp_path, "0,5,0,75\n1,5,2,5\n", 2).why
    assert "row 3 has 2 values" in refused_table(tmp_path, "a;b;c\n1;2;3\n4;5\n6;7;8\n", 3).why


def test_a_column_named_like_a_label_may_be_a_value(tmp_path: Path) -> None:
    data = table(tmp_path, "x,y,z\n1,2,3\n4,5,6\n", 3)
    assert data.inputs[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert data.labels is None


def test_texts_without_a_header_are_labels(tmp_path: Path) -> None:
    lines = [f"{','.join(row)},{('no', 'yes')[i % 2]}" for i, row in enumerate(rows(120, 4))]
    data = table(tmp_path, "\n".join(lines), 4)
    assert data.inputs[0].shape == (120, 4)
    assert data.class_names == ("no", "yes")
    assert said(data, "taken for the labels")


def test_texts_that_differ_from_row_to_row_are_named(tmp_path: Path) -> None:
    lines = [f"10:{i:02},{','.join(row)}" for i, row in enumerate(rows(50, 4))]
    assert (
        "column 1 ('time')" in refused_table(tmp_path, "time,a,b,c,d\n" + "\n".join(lines), 4).why
    )


def test_an_empty_last_column_is_left_out(tmp_path: Path) -> None:
    data = table(tmp_path, "a,b,\n1,2,\n3,4,\n", 2)
    assert data.inputs[0].tolist() == [[1, 2], [3, 4]]
    assert said(data, "empty")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 5000,
        b'"' * 5001,
        b'"1,2\n' + b"3,4\n" * 90_000,
        b"inf,1\n" * 20,
        b",\n" * 50,
        b"a\n" * 50,
        b"\xff\xfe1",
        b"1,2\n\xe9,3\n",
        b"#\n" * 50,
        b"1," * 100_000,
        "\u0661,\u0662\n".encode() * 9,
    ],
)
def test_hostile_tables(tmp_path: Path, content: bytes) -> None:
    refused_table(tmp_path, content, 2)
