"""Bench over many: cells in processes of their own and on a Dask cluster, failures as rows, what is
done is kept, and nothing is left behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL, environment
from tinygen import parallel
from tinygen.api import bench, bench_cell
from tinygen.api.bench_cell import BenchRow, Cell
from tinygen.api.bench_options import BenchOptions
from tinygen.boards import get_board
from tinygen.errors import DeviceError, InputError
from tinygen.options import BuildOptions
from tinygen.progress import SILENT
from tinygen.proof.verdict import Verdict

CHILD = str(Path(__file__).with_name("answering.py"))
BOARD = "qemu-cortex-m3"


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests keep nothing otherwise."""
    monkeypatch.setenv("TINYGEN_CACHE_MB", "64")


def unseen() -> int:
    """A seed that no run had: what is measured with it is in no cache."""
    return int.from_bytes(os.urandom(6))


def test_answers_come_in_the_order_of_their_ends(tmp_path: Path) -> None:
    asked = [f"sleep {s} {tmp_path / f'{i}'}".encode() for i, s in enumerate((1.0, 0.1))]
    asked.append(b"fail on purpose")
    found = list(parallel.answers(CHILD, asked, jobs=3))
    by = {answer.index: answer for answer in found}
    assert [by[i].content for i in range(3)] == [asked[0], asked[1], None]
    assert "on purpose" in by[2].why
    assert [a.index for a in found].index(1) < [a.index for a in found].index(0)


def test_of_those_with_one_word_one_is_at_work(tmp_path: Path) -> None:
    files = [tmp_path / f"{i}" for i in range(3)]
    asked = [f"sleep 0.2 {file}".encode() for file in files]
    list(parallel.answers(CHILD, asked, jobs=3, alone=["port"] * 3))
    spans = sorted(tuple(map(float, file.read_text().split())) for file in files)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_who_leaves_ends_what_runs(tmp_path: Path) -> None:
    asked = [f"sleep 0 {tmp_path / 'a'}".encode(), f"sleep 300 {tmp_path / 'b'}".encode()]
    asked += [f"sleep 300 {tmp_path / 'never'}".encode()] * 3
    with contextlib.closing(parallel.answers(CHILD, asked, jobs=2)) as come:
        assert next(come).index == 0
        while not (tmp_path / "b").exists() or not (tmp_path / "b").read_text():
            time.sleep(0.05)
        process = int((tmp_path / "b").read_text())
    assert not psutil.pid_exists(process)


def test_failures_are_rows_and_the_rest_is_kept(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"seed": unseen(), "out": tmp_path, "engines": ("aot", "aot:dsp")}
    result = tinygen.bench([GOLDEN_MODEL], board=f"{BOARD},nucleo_f446re", jobs=2, **asked)
    emulated, no_set, *hardware = result.rows
    assert (emulated.verdict, emulated.unit) == (Verdict.MATCH, "instructions")
    assert (emulated.model, emulated.board, emulated.kept) == ("digits", BOARD, False)
    assert emulated.flash == (emulated.flash_code or 0) + (emulated.flash_model or 0)
    assert "no kernel set dsp" in no_set.failure
    assert no_set.verdict is Verdict.UNVERIFIED
    assert no_set.flash is None
    assert all("where its port is given" in row.failure for row in hardware)
    assert result.exit_code == 0
    again = tinygen.bench(GOLDEN_MODEL, board=BOARD, **asked)
    assert again.rows[0] == replace(emulated, kept=True)
    assert all(gate.failed for gate in tinygen.gates(result, "flash > 1e9", "instructions > 1e9"))


def test_the_only_cell_has_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not an emulated board"):
        tinygen.bench(GOLDEN_MODEL, board="nucleo_f446re", out=tmp_path)


def row(board: str) -> BenchRow:
    nothing: dict[str, Any] = dict.fromkeys(("startup", "stack_used"))
    numbers = dict.fromkeys(("flash_code", "flash_model", "static_ram", "arena"), 1)
    return BenchRow(
        **{**nothing, **numbers},
        engine="aot",
        kernel_set="portable",
        verdict=Verdict.MATCH,
        unit="instructions",
        per_inference=7,
        model="digits",
        board=board,
    )


def test_an_interruption_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Iterator[parallel.Answer]:
        yield parallel.Answer(0, msgspec.msgpack.encode(row(BOARD)))
        raise KeyboardInterrupt

    asked: dict[str, Any] = {"board": f"{BOARD},qemu-cortex-m4", "seed": unseen(), "out": tmp_path}
    monkeypatch.setattr(parallel, "answers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tinygen.bench(GOLDEN_MODEL, **asked)

    def rest(_: str, requests: list[bytes], **__: Any) -> Iterator[parallel.Answer]:
        assert len(requests) == 1
        yield parallel.Answer(0, None, "crashed")

    monkeypatch.setattr(parallel, "answers", rest)
    first, second = tinygen.bench(GOLDEN_MODEL, **asked).rows
    assert (first.kept, first.per_inference) == (True, 7)
    assert (second.kept, second.failure, second.failure_code) == (False, "crashed", 1)


def test_hardware_is_flashed_where_its_port_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload is not ours to test here: it is asked for with the port, and its failure told."""
    flashed = []

    def flash(project: Path, *, port: str, progress: Any) -> None:
        flashed.append((project, port, progress))
        raise DeviceError("nothing answers there", why="no such port")

    class Built:
        class generated:  # noqa: N801 - as the result has it
            project = tmp_path

    monkeypatch.setattr(bench_cell, "build_project", lambda *_: Built)
    monkeypatch.setattr(bench_cell, "flash", flash)
    options = BuildOptions(board="nucleo_f446re", engine="aot")
    made = Cell(GOLDEN_MODEL, options, "/dev/ttyACM7").row(SILENT)
    assert made.failure == "nothing answers there: no such port"
    assert made.failure_code == DeviceError.exit_code
    assert flashed == [(tmp_path, "/dev/ttyACM7", SILENT)]
    ports = bench._ports(
        BenchOptions(board="nucleo_f446re", ports=("/dev/ttyACM7",)),
        [get_board("nucleo_f446re")],
    )
    assert ports == {"nucleo_f446re": "/dev/ttyACM7"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A scheduler and a worker, each a process: the address of the scheduler."""
    file = tmp_path / "scheduler.json"
    host = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    works = ("--scheduler-file", str(file), "--nthreads", "1", "--no-nanny")
    home = ("--local-directory", str(tmp_path / "worker"))
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": environment(),
        "cwd": tmp_path,
    }
    dask = [sys.executable, "-m", "distributed.cli.dask_{}", "--no-dashboard"]
    scheduler, worker = (
        subprocess.Popen([*(word.format(kind) for word in dask), *words], **quiet)
        for kind, words in (("scheduler", host), ("worker", (*works, *home)))
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (file.exists() and file.stat().st_size):
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


def test_a_cluster_measures_cells_whose_files_it_has_not(cluster: str, tmp_path: Path) -> None:
    """The model goes along; what the worker cannot do is a row."""
    model = tmp_path / "here only.tflite"
    model.write_bytes(GOLDEN_MODEL.read_bytes())
    result = tinygen.bench(
        model, board=BOARD, engines=("aot:mve", "aot"), scheduler=cluster, seed=unseen()
    )
    refused, measured = result.rows
    assert "no kernel set mve" in refused.failure
    assert (measured.verdict, measured.unit) == (Verdict.MATCH, "instructions")
    assert not (tmp_path / "build").exists()
