"""Ctrl-C while a command is at each of its stages: it ends at once and says so, nothing is left
running, and what it left stands in nobody's way.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.regressions.test_an_interrupted_build_wedged_its_folder import working_in
from tests.runner import GOLDEN_MODEL, command, environment, tinygen
from tinygen.devices import qemu

BUILD = ("build", str(GOLDEN_MODEL), "--board", "qemu-cortex-m3", "--out", "p")
STAGES = (
    (BUILD, "Opening"),
    (BUILD, "Compiling for"),
    (BUILD, "Computing the expected outputs"),
    (BUILD, "Building with PlatformIO"),
    (("flash", "p"), "Starting"),
    (("verify", "p"), "Verifying"),
)


@pytest.fixture(scope="module", name="built")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    done = tinygen(*BUILD, cwd=folder)
    assert done.code == 0, done.err
    return folder / "p"


@pytest.mark.parametrize(("line", "stage"), STAGES, ids=[stage for _, stage in STAGES])
def test_it_ends_and_leaves_nothing(
    line: tuple[str, ...], stage: str, built: Path, tmp_path: Path
) -> None:
    if line is not BUILD:
        shutil.copytree(built, tmp_path / "p")
    while (ended := interrupted(line, stage, tmp_path)) is None:
        pass
    said, code = ended
    assert code == 130, said
    assert said.endswith("\ninterrupted\n")
    assert "Traceback" not in said
    end = time.monotonic() + 30
    while working_in(tmp_path):
        assert time.monotonic() < end, "something is left running"
        time.sleep(0.05)
    if line[0] == "flash":
        assert qemu.running(tmp_path / "p" / ".tinygen") is None
    else:
        assert tinygen("stop", "p", cwd=tmp_path).code in (0, 2)  # there may be no project yet


def test_the_folder_of_an_interrupted_build_is_built_over(tmp_path: Path) -> None:
    for stage in ("Computing the expected outputs", "Building with PlatformIO"):
        interrupted(BUILD, stage, tmp_path)
    done = tinygen(*BUILD, cwd=tmp_path)
    assert done.code == 0, done.err


def interrupted(line: tuple[str, ...], stage: str, folder: Path) -> tuple[str, int] | None:
    """What the command said, and its exit code, after Ctrl-C a moment into that stage; None where
    it had done before, because this process was held up."""
    process = subprocess.Popen(
        command(*line),
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    with process:
        for text in process.stderr:
            said += text
            if text.startswith(stage):
                break
        time.sleep(random.Random(stage).uniform(0, 0.05))
        if process.poll() is not None:
            return None
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    return said, process.returncode
