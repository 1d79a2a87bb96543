"""Data of a model that was converted may lie as in the original, channels first, or as here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygen.data import read_data
from tinygen.errors import InputError
from tinygen.ir import Edge

LAST = (0, 2, 3, 1)


def written(folder: Path, array: np.ndarray) -> Path:
    path = folder / "data.npz"
    np.savez(path, x=array, y=np.arange(len(array)) % 3)
    return path


@pytest.mark.parametrize("sample", [(4, 6, 3), (5, 6, 1)])
def test_both_are_taken(tmp_path: Path, sample: tuple[int, ...]) -> None:
    edge = Edge.real("image", (1, *sample))
    last = np.random.default_rng(1).normal(size=(120, *sample)).astype(np.float32)
    for given in (last, np.moveaxis(last, -1, 1)):
        found = read_data(written(tmp_path, given), [edge], orders=[LAST])
        assert np.array_equal(found.inputs[0], last)
        assert not [text for text in found.warnings if "channels" in text]


def test_of_a_shape_that_fits_both_the_originals_is_taken_and_said(tmp_path: Path) -> None:
    edge = Edge.real("image", (1, 4, 4, 4))
    first = np.random.default_rng(1).normal(size=(120, 4, 4, 4)).astype(np.float32)
    found = read_data(written(tmp_path, first), [edge], orders=[LAST])
    assert np.array_equal(found.inputs[0], np.moveaxis(first, 1, -1))
    assert any("channels first and last" in text for text in found.warnings)


def test_without_an_original_nothing_is_turned(tmp_path: Path) -> None:
    edge = Edge.real("image", (1, 4, 6, 3))
    first = np.zeros((120, 3, 4, 6), np.float32)
    with pytest.raises(InputError, match="does not fit") as caught:
        read_data(written(tmp_path, first), [edge])
    assert "np.moveaxis" in caught.value.next_step
