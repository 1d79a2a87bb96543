"""Calibration data of every format: read, checked, and the user told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tinygen.data import Dataset, no_data_error, read_data
from tinygen.errors import InputError
from tinygen.ir import Edge

IMAGE = Edge.real("image", (1, 8, 8, 1))
COLOUR = Edge.real("photo", (1, 4, 6, 3))
ROW = Edge.real("features", (1, 3))
PAIR = (Edge.real("left", (1, 2)), Edge.real("right/in:0", (1, 3)))
NUMBERS = np.random.default_rng(5)


def samples(*shape: int) -> np.ndarray:
    return NUMBERS.random(shape, dtype=np.float32)


def fails(path: Path, *inputs: Edge) -> InputError:
    with pytest.raises(InputError) as caught:
        read_data(path, inputs)
    assert caught.value.exit_code == 2
    assert caught.value.why
    return caught.value


def said(data: Dataset, part: str) -> bool:
    return any(part in warning for warning in data.warnings)


def npz(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "data.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def npy(folder: Path, array: np.ndarray) -> Path:
    path = folder / "data.npy"
    np.save(path, array)
    return path


def csv(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


def test_npz_with_labels(tmp_path: Path) -> None:
    x, y = samples(120, 8, 8, 1), NUMBERS.integers(0, 10, 120)
    data = read_data(npz(tmp_path, x=x, y=y), [IMAGE])
    assert np.array_equal(data.inputs[0], x)
    assert data.labels is not None
    assert np.array_equal(data.labels, y)
    assert data.source == "data.npz"
    assert data.warnings == ()
    assert not data.is_random


@pytest.mark.parametrize("key", ["inputs", "image", "anything", "arr_0", "X"])
def test_npz_keys_of_one_array(tmp_path: Path, key: str) -> None:
    data = read_data(npz(tmp_path, **{key: samples(100, 8, 8, 1)}), [IMAGE])
    assert data.inputs[0].shape == (100, 8, 8, 1)


def test_npz_with_splits_says_which_is_used(tmp_path: Path) -> None:
    path = npz(
        tmp_path,
        x_train=samples(100, 8, 8),
        y_train=np.arange(100) % 3,
        x_test=samples(9, 8, 8),
        y_test=np.zeros(9, np.int64),
    )
    data = read_data(path, [IMAGE])
    assert len(data.inputs[0]) == 100
    assert data.labels is not None
    assert said(data, "x_train")


def test_npz_that_does_not_say_which_array(tmp_path: Path) -> None:
    error = fails(npz(tmp_path, a=samples(3, 3), b=samples(3, 3)), ROW)
    assert "a, b" in error.why


def test_npz_of_several_inputs(tmp_path: Path) -> None:
    left, right = samples(100, 2), samples(100, 3)
    for keys in (("left", "right_in"), ("x0", "x1"), ("arr_0", "arr_1")):
        data = read_data(npz(tmp_path, **dict(zip(keys, (left, right), strict=True))), PAIR)
        assert np.array_equal(data.inputs[0], left)
        assert np.array_equal(data.inputs[1], right)
    assert "left" in fails(npz(tmp_path, x=left), *PAIR).next_step


def test_several_inputs_need_as_many_samples(tmp_path: Path) -> None:
    path = npz(tmp_path, left=samples(10, 2), right_in=samples(9, 3))
    assert "numbers of samples" in fails(path, *PAIR).what


def test_one_array_is_not_enough_for_two_inputs(tmp_path: Path) -> None:
    assert "2 inputs" in fails(npy(tmp_path, samples(9, 2)), *PAIR).what
    assert "2 inputs" in fails(csv(tmp_path, "1,2\n"), *PAIR).what


class Bomb:
    """What unpickling would run."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("kind", ["npy", "npz"])
@pytest.mark.invariant("S5")
def test_pickles_are_never_opened(tmp_path: Path, kind: str) -> None:
    marker = tmp_path / "was_here"
    array = np.array([Bomb(marker)], dtype=object)
    path = npy(tmp_path, array) if kind == "npy" else npz(tmp_path, x=array)
    assert "Python objects" in fails(path, ROW).what
    assert not marker.exists()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv"])
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data{suffix}"
    for content in (b"", b"\x93NUMPY\x01\x00", bytes(range(200, 256)) * 9, b"PK\x03\x04junk"):
        path.write_bytes(content)
        fails(path, ROW)


def test_truncated_arrays(tmp_path: Path) -> None:
    path = npy(tmp_path, samples(100, 3))
    path.write_bytes(path.read_bytes()[:-10])
    fails(path, ROW)
    path = npz(tmp_path, x=samples(100, 3))
    path.write_bytes(path.read_bytes()[:-10])
    fails(path, ROW)


def test_header_that_claims_a_huge_array(tmp_path: Path) -> None:
    path = npy(tmp_path, samples(100, 3))
    path.write_bytes(path.read_bytes().replace(b"(100, 3)", b"(9999999999, 3)"))
    fails(path, ROW)


def test_missing_axes_of_size_one_are_added(tmp_path: Path) -> None:
    x = samples(100, 8, 8)
    data = read_data(npy(tmp_path, x), [IMAGE])
    assert np.array_equal(data.inputs[0][..., 0], x)
    assert data.warnings == ()


def test_flat_rows_are_reshaped_and_said(tmp_path: Path) -> None:
    x = samples(100, 64)
    data = read_data(npy(tmp_path, x), [IMAGE])
    assert np.array_equal(data.inputs[0].reshape(100, 64), x)
    assert said(data, "8x8x1")


@pytest.mark.parametrize(
    ("shape", "spec", "hint"),
    [
        ((100, 8, 9, 1), IMAGE, "(samples, 8, 8, 1)"),
        ((4, 6, 3), COLOUR, "np.newaxis"),
        ((100, 3, 4, 6), COLOUR, "channels come first"),
        ((), ROW, "(samples, 3)"),
    ],
)
def test_other_shapes_name_both(
    tmp_path: Path, shape: tuple[int, ...], spec: Edge, hint: str
) -> None:
    error = fails(npy(tmp_path, np.ones(shape, np.float32)), spec)
    assert str(shape) in error.why
    assert hint in error.next_step


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite(tmp_path: Path, bad: float) -> None:
    x = samples(100, 3).astype(np.float64)
    x[41, 1] = bad
    assert "sample 41" in fails(npy(tmp_path, x), ROW).why


@pytest.mark.parametrize("array", [np.array([["a", "b", "c"]]), np.ones((3, 3), np.complex64)])
def test_types_that_are_no_numbers(tmp_path: Path, array: np.ndarray) -> None:
    assert "not numeric" in fails(npy(tmp_path, array), ROW).what


def test_no_samples(tmp_path: Path) -> None:
    assert "no samples" in fails(npy(tmp_path, np.zeros((0, 3))), ROW).what
    assert "no samples" in fails(csv(tmp_path, "a,b,c\n"), ROW).what


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        (np.full((100, 3), 7.0), "constant"),
        (np.tile([[0.1, 0.2, 0.3]], (100, 1)), "the same"),
        (np.linspace(0, 255, 300).reshape(100, 3), "unscaled"),
        (np.linspace(-1e6, 1e6, 300).reshape(100, 3), "unusually large"),
        (np.linspace(0, 1e-6, 300).reshape(100, 3), "unusually small"),
        (np.linspace(0, 1, 60).reshape(20, 3), "only 20 samples"),
        (np.concatenate([np.linspace(-1, 1, 2997), [500, 0, 0]]).reshape(1000, 3), "outliers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_oddities_are_said(tmp_path: Path, values: np.ndarray, warning: str) -> None:
    data = read_data(npy(tmp_path, values), [ROW])
    assert said(data, warning)
    assert len(data.warnings) == 1


def test_ordinary_data_say_nothing(tmp_path: Path) -> None:
    for scale in (1, 10):
        x = NUMBERS.normal(0, scale / 4, (200, 3))
        assert read_data(npy(tmp_path, x), [ROW]).warnings == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64, np.bool_, ">f4"])
def test_types_become_float32(tmp_path: Path, dtype: str) -> None:
    x = (samples(100, 3) * 2).astype(dtype)
    data = read_data(npy(tmp_path, x), [ROW])
    assert data.inputs[0].dtype == np.dtype(np.float32)
    assert np.array_equal(data.inputs[0], x.astype(np.float32))


def labelled(folder: Path, y: np.ndarray) -> Dataset:
    return read_data(npz(folder, x=samples(100, 3), y=y), [ROW])


def test_labels_as_columns_and_one_hot(tmp_path: Path) -> None:
    numbers = np.arange(100) % 4
    for y in (numbers, numbers[:, np.newaxis], np.eye(4)[numbers], numbers.astype(np.float32)):
        found = labelled(tmp_path, y).labels
        assert found is not None
        assert np.array_equal(found, numbers)
        assert found.dtype == np.int64


def test_labels_that_are_no_classes_are_left_out(tmp_path: Path) -> None:
    for y in (np.full(100, np.nan), np.full(100, 1j)):
        data = labelled(tmp_path, y)
        assert data.labels is None
        assert data.targets is None
        assert said(data, "no class numbers")


def test_labels_that_are_values_are_what_an_output_should_be(tmp_path: Path) -> None:
    for y in (samples(100), samples(100, 3), samples(100, 2, 3), np.full(100, -1)):
        data = labelled(tmp_path, y)
        assert data.labels is None
        assert data.targets is not None
        assert data.targets.dtype == np.float64
        assert np.array_equal(data.targets, y.reshape(100, -1).astype(np.float64))


def test_labels_of_another_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="100 samples, but 99 labels"):
        labelled(tmp_path, np.zeros(99))


def test_one_class_only_is_said(tmp_path: Path) -> None:
    assert said(labelled(tmp_path, np.full(100, 2)), "same label (2)")


def test_csv_without_header(tmp_path: Path) -> None:
    data = read_data(csv(tmp_path, "1,2,3\n4,5,6.5\n\n"), [ROW])
    assert data.inputs[0].tolist() == [[1, 2, 3], [4, 5, 6.5]]
    assert data.labels is None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_header_and_labels(tmp_path: Path, separator: str) -> None:
    text = "\ufeffa,Label,b,c\n1,0,2,3\n4,2,5,6\n".replace(",", separator)
    data = read_data(csv(tmp_path, text), [ROW])
    assert data.inputs[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert data.labels is not None
    assert data.labels.tolist() == [0, 2]


def test_csv_with_class_names(tmp_path: Path) -> None:
    data = read_data(csv(tmp_path, "a,b,c,label\n1,2,3,wave\n4,5,6,circle\n"), [ROW])
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0]
    assert said(data, "0 circle, 1 wave")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1,2\n", "2 values"),
        ("1,2,3,0\n", "name it 'label'"),
        ("1,2,3\n4,5\n", "row 2"),
        ("a,b,c\n1,2,3\n1,x,3\n", "row 3, column 2: 'x'"),
        ("1,2,3\n1,,3\n", "row 2, column 2"),
        ("1,2,3\n1,nan,3\n", "sample 1"),
    ],
)
def test_csv_errors_say_where(tmp_path: Path, text: str, part: str) -> None:
    assert part in fails(csv(tmp_path, text), ROW).why


def picture(path: Path, value: int, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> None:
    path.parent.mkdir(exist_ok=True)
    colour = (value, value, value) if mode == "RGB" else value
    PIL.Image.new(mode, size, colour).save(path)


def test_images_with_classes(tmp_path: Path) -> None:
    picture(tmp_path / "cat" / "b.png", 10)
    picture(tmp_path / "cat" / "a.png", 20, mode="L")
    picture(tmp_path / "dog" / "x.jpg", 30, size=(12, 8))
    (tmp_path / "dog" / "notes.txt").write_text("no image")
    data = read_data(tmp_path, [COLOUR])
    assert data.inputs[0].shape == (3, 4, 6, 3)
    assert data.inputs[0][:, 0, 0, 0].tolist() == [20, 10, 30]
    assert data.labels is not None
    assert data.labels.tolist() == [0, 0, 1]
    assert said(data, "0 cat, 1 dog")
    assert said(data, "1 of 3 images were resized to 6x4")
    assert said(data, "0..255, not scaled")
    assert not said(data, "looks unscaled")
    assert data.source == tmp_path.name


def test_images_in_another_range(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 0, size=(8, 8))
    picture(tmp_path / "b.png", 255, size=(8, 8))
    data = read_data(tmp_path, [IMAGE], image_range=(-1.0, 1.0))
    assert data.inputs[0][:, 0, 0, 0].tolist() == [-1.0, 1.0]
    assert data.labels is None
    assert said(data, "-1..1")


def test_images_that_cannot_be_used(tmp_path: Path) -> None:
    assert "no images" in fails(tmp_path, COLOUR).what
    assert "cannot be the data" in fails(tmp_path, ROW).what
    (tmp_path / "a.png").write_bytes(b"no image at all")
    assert "a.png" in fails(tmp_path, COLOUR).what
    PIL.Image.new("I;16", (6, 4)).save(tmp_path / "a.png")
    assert "more than 8 bits" in fails(tmp_path, COLOUR).what
    picture(tmp_path / "a.png", 3)
    picture(tmp_path / "cat" / "b.png", 3)
    assert "sub-folders" in fails(tmp_path, COLOUR).what


def test_random_is_seeded_and_loud() -> None:
    first, again = read_data("random", [IMAGE]), read_data("random", [IMAGE])
    assert np.array_equal(first.inputs[0], again.inputs[0])
    assert not np.array_equal(first.inputs[0], read_data("random", [IMAGE], seed=1).inputs[0])
    assert first.is_random
    assert said(first, "RANDOM DATA")
    assert first.inputs[0].shape == (200, 8, 8, 1)
    assert 0 <= first.inputs[0].min() < first.inputs[0].max() < 1


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    npy(tmp_path, samples(1, 3))
    assert "data.npy" in fails(tmp_path / "dat.npy", ROW).next_step
    other = tmp_path / "data.parquet"
    other.write_bytes(b"x")
    assert ".npz" in fails(other, ROW).next_step


def test_no_data_explains_what_to_give() -> None:
    error = no_data_error([IMAGE], "net.h5")
    assert "(samples, 8, 8, 1)" in error.why
    assert "tinygen build net.h5 --data data.npz" in error.next_step
    assert "--data random" in error.next_step
    assert "left=..." in no_data_error(PAIR).next_step


def test_archive_that_is_no_array_file(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    fails(path, ROW)
