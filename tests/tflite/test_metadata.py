"""The names of classes that a .tflite file states itself."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tests.tflite.metadata_file import AXIS_LABELS, VOCABULARY, with_metadata
from tinygen import tflite
from tinygen.errors import InputError
from tinygen.progress import Silent

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LABELS = "\n".join(NAMES).encode()
MODEL = with_metadata(
    GOLDEN_MODEL.read_bytes(),
    [("words.txt", VOCABULARY, ""), ("de.txt", AXIS_LABELS, "de"), ("en.txt", AXIS_LABELS, "")],
    {"words.txt": b"a", "de.txt": b"null\neins", "en.txt": LABELS},
)


def test_the_file_of_the_axis_without_a_language_is_read() -> None:
    assert tflite.output_labels(MODEL) == {0: NAMES}
    assert tflite.output_labels(GOLDEN_MODEL.read_bytes()) == {}


def test_what_is_missing_or_damaged_says_nothing() -> None:
    golden = GOLDEN_MODEL.read_bytes()
    for packed in ({}, {"en.txt": b""}, {"en.txt": b"\xff"}, {"en.txt": b"x" * (5 << 20)}):
        made = with_metadata(golden, [("en.txt", AXIS_LABELS, "")], packed)
        assert tflite.output_labels(made) == {}
    draw = random.Random(0)
    whole = 0
    for _ in range(300):
        damaged = bytearray(MODEL)
        for _ in range(draw.randint(1, 40)):
            damaged[draw.randrange(len(damaged) - 1200, len(damaged))] = draw.randrange(256)
        whole += bool(tflite.output_labels(bytes(damaged)))
    assert whole < 300


class Heard(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def warn(self, text: str) -> None:
        self.said.append(text)


def test_a_project_has_them_and_numbers_data_by_them(tmp_path: Path) -> None:
    """Names in the data are sorted; the model's order is its own."""
    model = tmp_path / "digits.tflite"
    model.write_bytes(MODEL)
    x = np.random.default_rng(0).random((10, 8, 8, 1), np.float32)
    np.savez(tmp_path / "test.npz", x=x, y=np.array(NAMES))
    result = tinygen.generate(
        model, board="qemu-cortex-m3", test=str(tmp_path / "test.npz"), out=tmp_path / "p"
    )
    assert result.classes == NAMES
    with np.load(tmp_path / "p" / "vectors.npz") as vectors:
        assert vectors["labels"][:10].tolist() == list(range(10))
    assert '"zero"' in (tmp_path / "p/lib/model/src/model.h").read_text("utf-8")

    np.savez(tmp_path / "test.npz", x=x, y=np.array([*NAMES[:9], "dog"]))
    heard = Heard()
    tinygen.generate(
        model,
        board="qemu-cortex-m3",
        test=str(tmp_path / "test.npz"),
        out=tmp_path / "p",
        progress=heard,
    )
    (said,) = [line for line in heard.said if "have not" in line]
    assert "'dog'" in said


def test_a_file_of_labels_counts_more_and_has_to_fit(tmp_path: Path) -> None:
    model, labels = tmp_path / "digits.tflite", tmp_path / "labels.txt"
    model.write_bytes(MODEL)
    labels.write_text("\n".join(f"{i} digit, {i}" for i in range(10)))
    options: dict[str, Any] = {
        "board": "qemu-cortex-m3",
        "labels": str(labels),
        "out": tmp_path / "p",
    }
    assert tinygen.generate(model, **options).classes == tuple(f"digit, {i}" for i in range(10))
    labels.write_text("cat\ndog")
    with pytest.raises(InputError) as raised:
        tinygen.generate(model, **options)
    assert "names 2 classes, the model's outputs have 10 elements" in raised.value.what
