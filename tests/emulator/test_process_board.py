"""A board that is a process of this machine: built as any other, started by who talks to it, gone
afterwards."""

from __future__ import annotations

import shutil
import subprocess
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.devices.link import ProcessTransport
from tinygen.errors import InputError, UntrustedProject
from tinygen.report.text import verify_report

BOARD = "linux-x86_64"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path) -> tinygen.BuildResult:
    folder = tmp_path_factory.mktemp("process")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGEN_CACHE", str(cache_folder))
        return tinygen.build(GOLDEN_MODEL, board=BOARD, out=folder / "a project")


def running(elf: Path) -> list[int]:
    """The processes of this program."""
    return [p.pid for p in psutil.process_iter(["exe"]) if p.info["exe"] == str(elf.resolve())]


def test_digits_match(built: tinygen.BuildResult) -> None:
    flashed = tinygen.flash(built.generated.project)
    assert (flashed.board, flashed.port, flashed.pid) == (BOARD, str(built.elf), None)
    assert running(built.elf) == []
    result = tinygen.verify(built.generated.project)
    assert result.verdict is tinygen.Verdict.MATCH
    assert (result.vectors, result.mismatched_elements) == (built.generated.vectors, 0)
    assert result.vectors >= 100
    assert result.device is not None
    assert result.device.build_id == flashed.build_id == result.build_id
    assert running(built.elf) == []
    assert not tinygen.stop(built.generated.project).stopped


def test_time_is_said_to_be_this_hosts(built: tinygen.BuildResult) -> None:
    result = tinygen.verify(built.generated.project, vectors=5)
    assert result.cost is not None
    assert result.cost.unit == "nanoseconds"
    cost = result.cost
    assert 0 < cost.minimum <= cost.mean <= cost.maximum
    assert cost.minimum <= cost.median <= cost.maximum
    assert 0 <= cost.deviation <= cost.maximum - cost.minimum
    page = StringIO()
    Console(file=page, width=100).print(verify_report(result))
    assert f"{cost.mean / 1000:,.1f} microseconds" in page.getvalue()
    assert result.cost.mean * result.vectors <= result.seconds * 1e9
    assert result.instructions is None
    assert result.stack_used_bytes is None


def test_it_ends_when_its_input_ends_and_says_no_more_than_the_protocol(
    built: tinygen.BuildResult,
) -> None:
    done = subprocess.run([built.elf], input=b"noise", capture_output=True, timeout=60, check=True)
    assert done.stdout == b'\r\ntinygen: digits on linux-x86_64 waits for "tinygen verify"\r\n'
    assert done.stderr == b""


def test_a_program_that_ends_is_not_started_anew(
    built: tinygen.BuildResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right program started often enough would come to its end however often it crashed."""
    writers: list[ProcessTransport] = []
    write = ProcessTransport.write

    def kill_and_write(self: ProcessTransport, data: bytes) -> None:
        writers.append(self)
        if len(writers) == 20:
            self.process.kill()
            self.process.wait()
        write(self, data)

    monkeypatch.setattr(ProcessTransport, "write", kill_and_write)
    result = tinygen.verify(built.generated.project)
    assert result.verdict is tinygen.Verdict.UNVERIFIED
    assert "stopped talking" in result.reason
    assert "exit status -9" in result.why
    assert 0 < result.vectors < result.vectors_total
    assert (len(set(writers)), result.reconnects) == (1, 0)


@pytest.mark.invariant("S17")
def test_somebody_elses_program_runs_after_a_yes(
    built: tinygen.BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(built.generated.project, theirs)
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "mine"))  # another user's, with another key
    for command in (tinygen.flash, tinygen.verify, lambda path: next(tinygen.monitor(path))):
        with pytest.raises(UntrustedProject, match="may run programs"):
            command(theirs)
    result = tinygen.verify(theirs, vectors=1, trust_project=True)
    assert result.verdict is tinygen.Verdict.MATCH


def test_it_has_no_port(built: tinygen.BuildResult) -> None:
    for command in (tinygen.flash, tinygen.verify):
        with pytest.raises(InputError, match="has no port of that kind"):
            command(built.generated.project, port="/bin/true")


def test_what_was_edited_is_not_run(tmp_path: Path) -> None:
    built = tinygen.build(GOLDEN_MODEL, board=BOARD, out=tmp_path / "p")
    main = tmp_path / "p" / "src" / "main.c"
    main.write_text(main.read_text() + "/* mine */\n")
    for command in (tinygen.flash, tinygen.verify):
        with pytest.raises(InputError, match="has changed since it was built"):
            command(built.generated.project)


def test_the_same_bytes_in_any_folder(
    built: tinygen.BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))  # objects are not shared
    other = tinygen.build(GOLDEN_MODEL, board=BOARD, out=tmp_path / "b" / "deeper")
    assert other.elf.read_bytes() == built.elf.read_bytes()
    assert str(tmp_path).encode() not in other.elf.read_bytes()


def test_engines_are_compared_on_it(tmp_path: Path) -> None:
    result = tinygen.bench(GOLDEN_MODEL, board=BOARD, engines=("aot",), out=tmp_path)
    (row,) = result.rows
    assert row.verdict is tinygen.Verdict.MATCH
    assert row.unit == "nanoseconds"
