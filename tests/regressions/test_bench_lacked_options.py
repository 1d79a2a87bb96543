"""`bench` had neither --test nor --image-range, --arena, --debug, --seed and --jobs, and `--debug`
was silently ignored by the engine aot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.bench import _wanted
from tinygen.api.bench_options import BenchOptions
from tinygen.boards import get_board
from tinygen.errors import InputError

BOARD = "qemu-cortex-m3"


def test_options_of_the_engines_go_to_those_that_take_them() -> None:
    options = BenchOptions(
        board=BOARD, engines=("tflm:reference", "aot"), arena=4096, debug=True, seed=3, jobs=1
    )
    tflm, aot = (w.options for w in _wanted(options, get_board(BOARD)))
    assert (tflm.engine, tflm.kernel_set, tflm.arena, tflm.debug) == (
        "tflm",
        "reference",
        4096,
        True,
    )
    assert (aot.engine, aot.kernel_set, aot.arena, aot.debug) == ("aot", None, None, False)
    assert (tflm.seed, tflm.jobs) == (aot.seed, aot.jobs) == (3, 1)


def test_an_option_that_none_takes_is_an_error() -> None:
    options = BenchOptions(board=BOARD, engines=("aot",), arena=4096)
    with pytest.raises(InputError, match="--arena"):
        _wanted(options, get_board(BOARD))


def test_debug_with_aot_is_an_error(tmp_path: Path) -> None:
    ran = tinygen("generate", GOLDEN_MODEL, "-b", BOARD, "--debug", cwd=tmp_path)
    assert ran.code == 2
    assert "--debug" in ran.err


def test_bench_runs_with_them(tmp_path: Path) -> None:
    words = ("-b", BOARD, "--seed", "5", "--jobs", "1", "--json")
    ran = tinygen("bench", GOLDEN_MODEL, *words, cwd=tmp_path)
    assert ran.code == 0, ran.err
    (row,) = ran.json["rows"]
    assert row["verdict"] == "MATCH"
