"""The tutorials, followed: every command of theirs as it stands there, in an empty folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner import ROOT, Ran, environment, tinygen

ANSWERS = {
    "sine": lambda said: abs(float(re.search(r"^half_pi.npy \| (\S+)", said, re.M)[1]) - 1) < 0.1,  # type: ignore[index]
    "keywords": lambda said: re.search(r"^one.npy \| yes 0\.[5-9]", said, re.M) is not None,
    "gesture": lambda said: re.search(r"^one.npy \| circle 0\.[5-9]", said, re.M) is not None,
}
"""What `run` says at the end of a tutorial."""


def commands(name: str) -> list[list[str]]:
    page = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def run(words: list[str], folder: Path) -> Ran:
    if words[0] == "tinygen":
        return tinygen(*words[1:], cwd=folder)
    assert words[0] == "python"
    done = subprocess.run(
        [sys.executable, ROOT / words[1], *words[2:]],
        cwd=folder,
        env=environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_tutorial(name: str, tmp_path: Path) -> None:
    said: dict[str, str] = {}
    try:
        for words in commands(name):
            ran = run(words, tmp_path)
            assert ran.code == 0, f"{words}\n{ran.err}"
            said[words[1]] = ran.out
    finally:
        tinygen("stop", f"{name}/firmware", cwd=tmp_path)
    assert said["verify"].startswith("MATCH")
    assert ANSWERS[name](said["run"]), said["run"]
