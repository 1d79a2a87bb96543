"""compress, from a Keras file to firmware that matches."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.api import candidates, compress_qat
from tinygen.api.compress_input import opened
from tinygen.api.compress_result import CompressResult, CompressRow
from tinygen.api.firmware_of import Limits, Overhead
from tinygen.boards import get_board
from tinygen.compression import train
from tinygen.compression.options import CompressOptions
from tinygen.engines.aot import Price
from tinygen.errors import DoesNotFit, InputError
from tinygen.report.text import compress_report, print_report

BOARD = "linux-x86_64"
"""Whose firmware is compiled quickest."""
LITTLE: dict[str, Any] = {
    **{"given_epochs": 2, "tune_epochs": 1, "trials": 2, "finalists": 1, "seeds": 2},
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model of handwritten digits that has learned something, and data."""
    import keras
    from keras import layers
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    data = load_digits()
    x, y = (data.images / 16).astype(np.float32)[..., None], data.target
    np.savez(folder / "train.npz", x=x[:800], y=y[:800])
    np.savez(folder / "test.npz", x=x[800:1000], y=y[800:1000])
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, strides=2, activation="relu", name="first"),
            layers.Flatten(),
            layers.Dense(24, activation="relu", name="hidden"),
            layers.Dense(10, activation="softmax", name="classes"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x[:800], y[:800], epochs=6, verbose=0)
    model.save(folder / "digits.keras")
    yield folder
    keras.utils.clear_session()


def shop_of(digits: Path, **told: Any) -> candidates.Workshop:
    """What candidates are made in, where those of `found` lie."""
    data = {name: str(digits / f"{name}.npz") for name in ("data", "test")}
    data["data"] = str(digits / "train.npz")
    options = CompressOptions(board=BOARD, **{**data, **LITTLE, **told})
    return opened(digits / "digits.keras", options, get_board(BOARD), digits / "out/candidates")


@pytest.fixture(scope="module")
def found(digits: Path) -> CompressResult:
    return tinygen.compress(
        digits / "digits.keras",
        data=str(digits / "train.npz"),
        test=str(digits / "test.npz"),
        board=BOARD,
        out=digits / "out",
        **LITTLE,
    )


def test_rows_stand_beside_the_simplest_alternative(found: CompressResult) -> None:
    assert [row.method for row in found.rows] == ["as given", "pruned", "from scratch"]
    given, pruned, scratch = found.rows
    assert pruned.widths == scratch.widths
    assert pruned.parameters == scratch.parameters <= given.parameters
    assert len(pruned.scores) == len(scratch.scores) == 2
    assert pruned.score > 0.8, "its weights were kept"
    epochs = [(row.epochs_before, row.epochs) for row in found.rows]
    assert epochs == [(2, 0), (2, 1), (0, 3)], "both were trained as long"
    assert pruned.low <= pruned.score <= pruned.high
    assert sum(row.chosen for row in found.rows) == 1
    assert "200 that neither saw" in found.split


def test_every_row_is_built_and_matches(found: CompressResult) -> None:
    for row in found.rows:
        assert row.built is not None
        assert row.built.verdict is tinygen.Verdict.MATCH
        assert row.arena <= row.built.arena < row.arena + 64, "aligned"
        assert row.built.flash > row.layers_flash // 2


def test_what_is_written_is_what_was_measured(found: CompressResult, digits: Path) -> None:
    chosen = next(row for row in found.rows if row.chosen)
    built = tinygen.build(
        found.smaller,
        board=BOARD,
        engine="aot",
        data=str(found.calibration),
        test=str(found.test),
        out=digits / "again",
    )
    result = tinygen.verify(built.generated.project)
    assert result.verdict is tinygen.Verdict.MATCH
    assert result.accuracy is not None
    scores = [round(score.int8_test * 200) for score in chosen.scores]
    assert result.accuracy.vectors == 200
    assert any(abs(result.accuracy.device - score / 200) < 0.006 for score in scores)
    assert chosen.built is not None
    assert abs(built.sizes.flash - chosen.built.flash) < 200, "only its name is another"
    assert found.picture is not None
    assert found.picture.read_bytes().startswith(b"\x89PNG")
    with found.table.open(encoding="utf-8") as file:
        methods = [line["method"] for line in csv.DictReader(file)]
    assert methods.count("pruned") == methods.count("from scratch") == 3, "two shapes, two seeds"


def test_the_page_names_what_was_chosen(
    found: CompressResult, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(compress_report(found))
    text = capsys.readouterr().out
    assert re.search(r"^ *>A?B?\*? +(as given|pruned|from scratch) +\d\d\.\d\d", text, re.M)
    assert re.search(r"pruned .* 2\+1 ", text)
    assert re.search(r"from scratch .* 3 ", text)
    assert "pruned against from scratch, the same shape" in " ".join(text.split())
    assert "MATCH" in text
    assert "next: tinygen build" in text
    assert "…" not in text


def test_a_second_run_trains_nothing(
    found: CompressResult, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(train, "fit", never)
    shop = shop_of(digits)
    pruned = found.rows[1]
    widths = {one.layer: one.channels for one in pruned.widths}
    for score in pruned.scores:
        outcome = shop.outcome(candidates.Plan("pruned", widths, score.seed))
        assert outcome.int8_test == score.int8_test
    elsewhere = dataclasses.replace(shop, board=get_board("qemu-cortex-m4"))
    plan = candidates.Plan("pruned", widths, pruned.scores[0].seed)
    there, here = elsewhere.outcome(plan), shop.outcome(plan)
    assert there.int8_test == here.int8_test, "of another board it is trained no more either"
    assert there.instructions != here.instructions


@pytest.mark.parametrize(
    ("method", "least"),
    [
        (candidates.PRUNED_DISTILLED, 0.7),
        (candidates.UNSTRUCTURED, 0.2),
        (candidates.CLUSTERED, 0.7),
    ],
)
def test_the_other_methods(digits: Path, method: str, least: float) -> None:
    shop = shop_of(digits, distill=digits / "digits.keras")
    plain = shop.outcome(candidates.Plan(candidates.AS_GIVEN, shop.channels.widths, 0))
    made = shop.outcome(candidates.Plan(method, shop.channels.widths, 0))
    assert made.parameters == plain.parameters
    assert made.int8_test > least
    assert made.arena <= plain.arena


def test_limits_that_nothing_keeps(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("tinygen.api.compress"), "_TRIES", 4)
    with pytest.raises(DoesNotFit, match="no shape") as raised:
        tinygen.compress(
            digits / "digits.keras",
            data=str(digits / "train.npz"),
            board=BOARD,
            max_instructions=100,
            out=digits / "out",
            **{**LITTLE, "trials": 1},
        )
    assert "100 instructions" in str(raised.value.why)


def test_limits_are_those_of_the_whole_firmware() -> None:
    price = Price(flash=900, constants=500, arena=300, ram=320, instructions=70, cycles=90)
    limits = Limits(flash=1000, ram=1000, instructions=70)
    assert limits.violations(price, Overhead(100, 680)) == {}
    found = limits.violations(price, Overhead(350, 1180))
    assert found == {"flash": pytest.approx(0.25), "ram": pytest.approx(0.5)}


def test_what_cannot_be_trained_is_said(digits: Path) -> None:
    with pytest.raises(InputError, match="cannot be trained"):
        tinygen.compress(GOLDEN_MODEL, data=str(digits / "train.npz"))
    np.savez(digits / "unlabelled.npz", x=np.zeros((200, 8, 8, 1), np.float32))
    with pytest.raises(InputError, match="no labels"):
        tinygen.compress(digits / "digits.keras", data=str(digits / "unlabelled.npz"))
    with pytest.raises(InputError, match="no data was given"):
        tinygen.compress(digits / "digits.keras")


def row(float_score: float, int8_score: float) -> CompressRow:
    """One that quantizing costs something."""
    outcome = candidates.Outcome(1, int8_score, float_score, int8_score, 1, 1, 1, 1, 1, 1.0)
    plan = candidates.Plan(candidates.SCRATCH, {}, 0)
    return CompressRow.of(plan, {}, [(0, outcome)], None, within=True)


def test_training_with_quantization_is_offered_where_quantizing_costs() -> None:
    task = train.Task(10, probabilities=True)
    assert "loses 3.0 points" in compress_qat.offer(row(0.93, 0.90), task, 1.0)
    assert compress_qat.offer(row(0.93, 0.925), task, 1.0) == ""
    assert "loses 0.50 points" in compress_qat.refusal(row(0.93, 0.925), task, 1.0)
    assert compress_qat.refusal(row(0.93, 0.90), task, 1.0) == ""
    assert compress_qat.refusal(row(0.93, 0.925), task, 0.2) == ""
    assert "for classes" in compress_qat.refusal(row(0.93, 0.9), train.Task(0, False), 1.0)


def test_a_model_is_trained_with_its_quantization(found: CompressResult, digits: Path) -> None:
    """By tensorflow-model-optimization, in the environment of `tinygen setup qat`."""
    shop = shop_of(digits, qat=True)
    widths = {one.layer: one.channels for one in found.rows[1].widths}
    plan = candidates.Plan(candidates.AWARE, widths, 0, after=candidates.PRUNED)
    before, aware = shop.outcome(plan.before), shop.outcome(plan)
    assert (shop.epochs_before(plan), aware.epochs) == (3, 1)
    assert aware.int8_test > before.int8_test - 0.05
    assert aware.parameters == before.parameters
    built = tinygen.build(shop.model_file(plan), board=BOARD, engine="aot", out=digits / "aware")
    assert tinygen.verify(built.generated.project).verdict is tinygen.Verdict.MATCH


def test_without_its_packages_the_command_that_installs_them_is_said(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="compress --qat") as raised:
        tinygen.compress(
            digits / "digits.keras", data=str(digits / "train.npz"), qat=True, out=tmp_path / "out"
        )
    assert raised.value.next_step == "tinygen setup qat"
