"""Examples whose data come in packages: read from stand-ins of those, trained for one epoch.

The packages themselves are 6 to 39 MB and are not downloaded for a test.
"""

from __future__ import annotations

import io
import json
import pickle
import runpy
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.runner import ROOT


@pytest.fixture(autouse=True, scope="module")
def _forgotten() -> Iterator[None]:
    import keras

    yield
    keras.utils.clear_session()


def train(monkeypatch: pytest.MonkeyPatch, example: str, *words: str | Path) -> None:
    script = ROOT / "examples" / example / "train.py"
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, words), "--epochs", "1"])
    runpy.run_path(str(script), run_name="__main__")


def takes(model: Path) -> tuple[int, ...]:
    import keras

    return tuple(keras.models.load_model(model).input_shape[1:])


def watch_wheel(path: Path, recorded: object) -> Path:
    file = io.BytesIO()
    np.save(file, np.array(recorded, dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("seglearn/data/watch_dataset.npy", file.getvalue())
    return path


def test_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0)
    people = np.arange(1, 11).repeat(2)
    recorded: dict[str, Any] = {
        "X": [drawn.normal(size=(350 + 7 * person, 6)) for person in people],
        "y": np.tile([0, 1], 10),
        "subject": people,
        "y_labels": ["ROW", "ABD"],
    }
    train(monkeypatch, "watch", tmp_path, watch_wheel(tmp_path / "seglearn.whl", recorded))
    with np.load(tmp_path / "train.npz") as seen, np.load(tmp_path / "test.npz") as kept:
        assert seen["x"].shape == (2 * 3 * 7, 100, 6), "of seven people"
        assert kept["x"].shape == (2 * 4 * 3, 100, 6), "of three others"
        own = recorded["X"][-1][:100].astype(np.float32)
        assert any((window == own).all() for window in kept["x"])
        assert not any((window == own).all() for window in seen["x"])
        assert set(seen["y"]) == {"ROW", "ABD"}
    assert takes(tmp_path / "watch.keras") == (100, 6)


class Calls:
    """Calls something when it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("called",)


def test_watch_opens_arrays_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = watch_wheel(tmp_path / "seglearn.whl", {"X": Calls()})
    with pytest.raises(pickle.UnpicklingError, match="print is no array"):
        train(monkeypatch, "watch", tmp_path, wheel)


def test_speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0)
    lines = []
    for number in range(60):
        frames = drawn.normal(number % 3, 1, (12, 7 + number % 23)).round(4)
        series = ":".join(",".join(map(str, one)) for one in frames)
        lines.append(f"{series}:{1 + number % 3}")
    with zipfile.ZipFile(tmp_path / "aeon.whl", "w") as wheel:
        for part in ("TRAIN", "TEST"):
            wheel.writestr(
                f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts",
                "\n".join(["#Nine speakers", "@dimensions 12", "@data", *lines, ""]),
            )
    train(monkeypatch, "speaker", tmp_path, tmp_path / "aeon.whl")
    with np.load(tmp_path / "train.npz") as seen:
        assert seen["x"].shape == (60, 29, 12)
        longest = np.array([one.split(",") for one in lines[22].split(":")[:-1]], np.float32).T
        assert longest.shape == (29, 12)
        assert any((one == longest).all() for one in seen["x"])
        assert sorted(set(seen["y"])) == ["speaker 1", "speaker 2", "speaker 3"]
    made = tinygen.generate(
        tmp_path / "speaker.keras",
        board="microbit",
        data=str(tmp_path / "train.npz"),
        test=str(tmp_path / "test.npz"),
        out=tmp_path / "project",
    )
    assert (made.project / "lib/model/src").is_dir()


def test_fashion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0)
    for number in range(10):
        rows = drawn.integers(0, 256, (30, 784)).tolist()
        rows[3] = rows[3][:100]  # the package has two such
        (tmp_path / f"{number}.json").write_text(json.dumps({"data": rows}))
    out = tmp_path / "out"
    train(monkeypatch, "fashion", out, tmp_path, "--train", "200", "--test", "80")
    with np.load(out / "train.npz") as seen, np.load(out / "test.npz") as kept:
        assert (len(seen["x"]), len(kept["x"])) == (200, 80)
        assert seen["x"].max() == 1.0
    assert takes(out / "fashion.keras") == takes(out / "teacher.keras") == (28, 28, 1)
