"""The whole command over a proxy between host and emulated board, in real time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.line import Faults
from tests.faults.proxy import proxy
from tinygen.api.build import BuildResult
from tinygen.api.flash import flash, stop
from tinygen.api.verify import verify
from tinygen.proof.verdict import Verdict

BOARD = "qemu-cortex-m3"


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        *(("drop", 1 / 4000), ("duplicate", 1 / 4000), ("flip", 1 / 4000), ("inject", 1 / 4000)),
        ("split", 1 / 20),
    ],
)
def test_a_few_faults_are_survived(
    kind: str, rate: float, digits: Callable[[str], BuildResult]
) -> None:
    project = digits(BOARD).generated.project
    faults = Faults(kind, rate, seed=1)
    with proxy(flash(project).port, faults) as line:
        result = verify(project, port=line.url, vectors=90)
    assert result.verdict is Verdict.MATCH, f"{result.reason}: {result.why}"
    assert faults.count
    assert bool(result.retries) == (kind != "split")


def test_a_port_that_comes_back_goes_on_where_it_was(
    digits: Callable[[str], BuildResult],
) -> None:
    project = digits(BOARD).generated.project
    with proxy(flash(project).port, Faults("close", 1 / 2000, seed=3)) as line:
        result = verify(project, port=line.url, vectors=90)
        connections = line.connections
    assert result.verdict is Verdict.MATCH, f"{result.reason}: {result.why}"
    assert result.vectors == 90
    assert result.reconnects == connections - 1 >= 2


def test_the_limit_on_the_whole_is_kept(digits: Callable[[str], BuildResult]) -> None:
    project = digits(BOARD).generated.project
    with proxy(flash(project).port, Faults("delay", 1 / 30, seed=1)) as line:
        result = verify(project, port=line.url, timeout=5)
    assert result.verdict is Verdict.UNVERIFIED
    assert result.limit_seconds == 5
    assert result.seconds < 10


def test_a_recording_verifies_without_the_device(
    digits: Callable[[str], BuildResult], tmp_path: Path
) -> None:
    project = digits(BOARD).generated.project
    flash(project)
    recording = tmp_path / "conversation"
    then = verify(project, vectors=20, spy=recording)
    assert stop(project).stopped
    again = verify(project, port=f"replay:{recording}", vectors=20)
    assert then.verdict is again.verdict is Verdict.MATCH
    assert then.cost == again.cost
    assert again.port == f"replay:{recording}"
    more = verify(project, port=f"replay:{recording}", vectors=21)
    assert (more.verdict, more.vectors) == (Verdict.UNVERIFIED, 20)
