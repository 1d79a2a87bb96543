"""A header of numbers (0, 1, ..., 299, as pandas writes) was taken for a sample.

The calibration then covered 0..299 where the data lie in 0..1: 7.6 dB instead of 43.8.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.regressions.data_files import rows, said, table
from tinygen.data import read_data
from tinygen.ir import Edge


def joined(lines: list[list[str]], separator: str = ",") -> str:
    return "".join(separator.join(line) + "\n" for line in lines)


@pytest.mark.parametrize("size", [2, 5, 8, 300])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_that_pandas_numbers(tmp_path: Path, size: int, separator: str) -> None:
    header = [[str(column) for column in range(size)]]
    data = table(tmp_path, joined(header + rows(120, size), separator), size)
    assert data.inputs[0].shape == (120, size)
    assert data.inputs[0].max() <= 1
    assert said(data, "taken for a header")


def test_columns_and_rows_that_pandas_numbers(tmp_path: Path) -> None:
    lines = [["", *map(str, range(5))]]
    lines += [[str(index), *row] for index, row in enumerate(rows(120, 5))]
    data = table(tmp_path, joined(lines), 5)
    assert data.inputs[0].shape == (120, 5)
    assert data.inputs[0].max() <= 1
    assert said(data, "taken for a header")
    assert said(data, "counts the rows and is left out")


def test_numbered_columns_with_labels(tmp_path: Path) -> None:
    for header in (["0", "1", "2", "label"], ["0", "1", "2", "3"]):
        lines = [header] + [
            [*row, ("cat", "dog")[index % 2]] for index, row in enumerate(rows(120, 3))
        ]
        data = table(tmp_path, joined(lines), 3)
        assert data.inputs[0].shape == (120, 3)
        assert data.labels is not None
        assert data.labels[:3].tolist() == [0, 1, 0]
        assert data.class_names == ("cat", "dog")


def test_wavelengths_are_a_header(tmp_path: Path) -> None:
    header = [[f"{400 + 2.5 * column:g}" for column in range(60)]]
    data = table(tmp_path, joined(header + rows(120, 60)), 60)
    assert data.inputs[0].shape == (120, 60)
    assert said(data, "taken for a header")


@pytest.mark.parametrize("header", [["1", "2", "3", "4"], ["0.0", "1.0", "2.0", "3.0"]])
def test_a_few_columns_that_are_counted(header: list[str], tmp_path: Path) -> None:
    data = table(tmp_path, joined([header, *rows(120, 4)]), 4)
    assert data.inputs[0].shape == (120, 4)
    assert said(data, "taken for a header")


def test_samples_that_count_up_are_samples(tmp_path: Path) -> None:
    ramps = [[str(start + column) for column in range(10)] for start in range(120)]
    data = table(tmp_path, joined(ramps), 10)
    assert data.inputs[0].shape == (120, 10)
    assert said(data, "taken for a sample")
    truth = [["0", "1"], ["1", "0"], ["1", "1"], ["0", "0"]]
    assert len(table(tmp_path, joined(truth), 2).inputs[0]) == 4


def test_an_ordinary_first_row_is_a_sample(tmp_path: Path) -> None:
    data = table(tmp_path, joined(rows(120, 30)), 30)
    assert data.inputs[0].shape == (120, 30)
    assert data.warnings == ()


def test_the_header_of_savetxt(tmp_path: Path) -> None:
    lines = [f"{' '.join(row)} {index % 3}" for index, row in enumerate(rows(120, 4))]
    data = table(tmp_path, "# a b c d label\n" + "\n".join(lines), 4)
    assert data.inputs[0].shape == (120, 4)
    assert data.labels is not None
    assert data.labels[:4].tolist() == [0, 1, 2, 0]


def test_the_case_of_three_hundred_columns(cases: Path) -> None:
    data = read_data(cases / "numeric_header.csv", [Edge.real("features", (1, 300))])
    assert data.inputs[0].shape == (40, 300)
    assert data.inputs[0].max() <= 1
    assert said(data, "taken for a header")
