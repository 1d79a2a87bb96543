"""Files that are no models: a clear error each, before TensorFlow is imported."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from tinygen.errors import InputError
from tinygen.load import load, safe_name


def fails(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    assert caught.value.why
    return caught.value


def test_missing_path_suggests_similar_names(tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_bytes(b"x")
    error = fails(tmp_path / "modle.h5")
    assert "does not exist" in error.what
    assert "model.h5" in error.next_step


def test_missing_suffix_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "gesture.keras").write_bytes(b"x")
    assert "gesture.keras" in fails(tmp_path / "gesture.h5").next_step


def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    fails(tmp_path / ("x" * 5000))


def test_missing_folder_is_said(tmp_path: Path) -> None:
    assert "folder" in fails(tmp_path / "nowhere" / "model.h5").why


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".tflite", ""])
def test_empty_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.touch()
    assert "empty" in fails(path).what


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".tflite", ".bin"])
def test_random_bytes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(random.Random(1).randbytes(5000))
    assert "starts with" in fails(path).why


@pytest.mark.parametrize(("suffix", "hint"), [(".pt", "torch.export"), (".npz", "--data")])
def test_other_kinds_get_their_own_advice(tmp_path: Path, suffix: str, hint: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"something else")
    assert hint in fails(path).next_step


def test_npz_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros(3))
    assert "--data" in fails(path).next_step


def test_folder_without_saved_model(tmp_path: Path) -> None:
    assert "no SavedModel" in fails(tmp_path).what
    (tmp_path / "net.h5").write_bytes(b"x")
    assert "net.h5" in fails(tmp_path).next_step


def test_unpacked_keras_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.weights.h5").write_bytes(b"x")
    assert ".keras file itself" in fails(tmp_path).next_step


def h5_with_config(path: Path, config: object) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)


def test_truncated_h5(tmp_path: Path) -> None:
    whole = tmp_path / "whole.h5"
    with h5py.File(whole, "w") as file:
        file.attrs["model_config"] = "{}"
        file["weights"] = np.arange(10000)
    content = whole.read_bytes()
    for length in (8, 100, len(content) // 2, len(content) - 1):
        path = tmp_path / "part.h5"
        path.write_bytes(content[:length])
        assert "truncated" in fails(path).what


@pytest.mark.invariant("S2")
def test_damaged_h5_bytes_never_escape(tmp_path: Path) -> None:
    """Only InputError may come out, whatever bytes are damaged, even where HDF5 crashes."""
    path = tmp_path / "net.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.4.0"
        file.attrs["model_config"] = '{"class_name": 3}'  # refused before anything is opened
        for index in range(3):
            file[f"model_weights/layer_{index}"] = np.arange(50.0)
    content = path.read_bytes()
    numbers = random.Random(3)
    for _ in range(12):
        damaged = bytearray(content)
        for _ in range(numbers.choice([1, 5, 50])):
            damaged[numbers.randrange(8, len(damaged))] = numbers.randrange(256)
        path.write_bytes(damaged)
        fails(path)


@pytest.mark.invariant("S2")
def test_a_crash_of_the_hdf5_library_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os; os.abort()")
    monkeypatch.setattr("tinygen.load.hdf5._CHILD", crash)
    path = tmp_path / "net.h5"
    with h5py.File(path, "w") as file:
        file["weights"] = np.arange(3)
    assert "damaged" in fails(path).what


def test_weights_only_h5_of_keras_2_and_3(tmp_path: Path) -> None:
    path = tmp_path / "net.weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
    assert "weights only" in fails(path).what
    with h5py.File(path, "w") as file:
        file.create_group("layers/dense/vars")
    error = fails(path)
    assert "weights only" in error.what
    assert "model.save(" in error.next_step


def test_h5_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "measurements.h5"
    with h5py.File(path, "w") as file:
        file["temperature"] = np.zeros(4)
    assert "no Keras model" in fails(path).what


@pytest.mark.parametrize("config", ["not json", "[]", "{}", '{"class_name": 3}', "[" * 100_000])
def test_damaged_configuration(tmp_path: Path, config: str) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
    fails(path)


def test_damaged_configuration_in_h5(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    h5_with_config(path, "not json")
    assert "not JSON" in fails(path).why


def test_truncated_keras_archive(tmp_path: Path) -> None:
    whole = tmp_path / "whole.keras"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("config.json", "{}")
    path = tmp_path / "part.keras"
    path.write_bytes(whole.read_bytes()[:-30])
    assert "truncated" in fails(path).what


def test_archive_with_a_damaged_member(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential"}) * 50)
    content = bytearray(path.read_bytes())
    content[50] ^= 0xFF
    path.write_bytes(content)
    assert "config.json" in fails(path).why


@pytest.mark.invariant("S3")
def test_weights_that_claim_to_be_huge_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    h5_with_config(path, {"class_name": "Sequential", "config": {"layers": []}})
    with h5py.File(path, "a") as file:
        file.create_dataset("w", shape=(1 << 34,), dtype="f4", chunks=(1024,), compression="gzip")
    assert path.stat().st_size < 100_000
    assert "too large" in fails(path).what


@pytest.mark.invariant("S7")
def test_safe_names() -> None:
    assert safe_name(Path("my model-v2.1.h5")) == "my_model_v2_1"
    assert safe_name(Path("3d.tflite")) == "model_3d"
    assert safe_name(Path("äö.h5")) == "model"
    assert len(safe_name(Path("a" * 300))) == 40
