"""A small share of `make fuzz`, the same each time: of every kind that needs no TensorFlow."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.fuzz import sandbox
from tests.runner import ROOT, environment

COUNTS = {
    **{"tflite": 150, "npz": 40, "npy": 40, "csv": 40},
    **{"board": 60, "tinygen.json": 40, "vectors.npz": 40},
}


@pytest.mark.parametrize("kind", COUNTS)
def test_damaged_files_end_in_clean_errors_or_right_builds(kind: str) -> None:
    line = [sys.executable, "-W", "ignore", "-m", "tests.fuzz", kind, f"--count={COUNTS[kind]}"]
    done = subprocess.run(
        line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = {word: int(n) for word, n in re.findall(r"(\w+) (\d+)", done.stdout.split(":", 1)[1])}
    assert told["refused"] > 0
    assert {"read", "built", "for"} & told.keys(), "nothing of it was accepted"


def hang(_content: bytes, _stage: object) -> str:
    while True:
        pass


def fill(_content: bytes, _stage: object) -> str:
    return str(len(bytearray(3 << 30)))


def execute(_content: bytes, _stage: object) -> str:
    import os

    return str(os.system("true"))


def fail(_content: bytes, _stage: object) -> str:
    raise KeyError("x")


def crash(_content: bytes, _stage: object) -> str:
    import ctypes

    return str(ctypes.string_at(0))


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (hang, "time"),
        (fill, "memory"),
        (execute, "executed"),
        (fail, "traceback"),
        (crash, "crash"),
    ],
)
def test_the_sandbox_sees_what_goes_wrong(
    target: object, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    outcome = sandbox.run(target, b"")  # type: ignore[arg-type]
    assert (outcome.kind, outcome.bad) == (kind, True)
