"""The main job on every emulated board: build, flash, verify, bit for bit over the serial port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.build import BuildResult
from tinygen.api.flash import flash, stop
from tinygen.api.verify import verify
from tinygen.proof.verdict import Verdict

EMULATED = [
    "qemu-cortex-m0",
    "qemu-cortex-m3",
    "qemu-cortex-m4",
    "qemu-cortex-m7",
    "qemu-cortex-m33",
    "qemu-cortex-m55",
]


@pytest.mark.parametrize("board", EMULATED)
def test_digits_match_on(board: str, digits: Callable[[str], BuildResult]) -> None:
    built = digits(board)
    assert built.sizes.ram <= built.ram_available
    assert built.sizes.arena == -(-built.generated.arena_bytes // 16) * 16 + 16  # the canary
    flashed = flash(built.generated.project)
    result = verify(built.generated.project)
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.port == flashed.port
    assert result.vectors >= 100
    assert result.elements == 10 * result.vectors
    assert result.mismatched_elements == 0
    assert result.exit_code == 0
    assert result.instructions is not None
    assert 10_000 < result.instructions < 2_000_000
    assert result.arena_bytes == built.generated.arena_bytes
    assert result.stack_used_bytes is not None
    assert result.stack_used_bytes < built.sizes.stack
    assert stop(built.generated.project).stopped
    assert not stop(built.generated.project).stopped


def test_the_same_inference_takes_the_same_instructions(
    digits: Callable[[str], BuildResult],
) -> None:
    project = digits("qemu-cortex-m4").generated.project
    first = verify(project, vectors=20)
    second = verify(project, vectors=20)
    assert first.cost == second.cost


def test_the_commands_of_a_newcomer(tmp_path: Path) -> None:
    built = tinygen("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--json", cwd=tmp_path)
    assert built.code == 0, built.err
    assert built.json["generated"]["project"] == "build/digits-qemu-cortex-m4"
    assert built.json["sizes"]["arena"] > 0
    try:
        flashed = tinygen("flash", cwd=tmp_path)
        assert flashed.code == 0, flashed.err
        assert "socket://127.0.0.1:" in flashed.out
        verified = tinygen("verify", cwd=tmp_path)
        assert verified.code == 0, verified.err
        assert verified.out.startswith("MATCH")
        assert all(len(line) <= 80 for line in verified.out.splitlines())
        answer = tinygen("verify", "--json", cwd=tmp_path)
        keys = {"verdict", "vectors", "outputs", "mismatched_elements", "max_abs_diff_lsb"}
        assert keys | {"instructions", "arena_bytes", "oracle"} <= answer.json.keys()
        assert answer.json["verdict"] == "MATCH"
        assert answer.json["outputs"][0]["device"]["mismatched_elements"] == 0
        again = tinygen("flash", "--json", cwd=tmp_path)  # replaces the first
        assert again.json["port"] not in flashed.out
        assert tinygen("verify", cwd=tmp_path).code == 0
    finally:
        assert tinygen("stop", cwd=tmp_path).code == 0


def test_building_a_tflite_imports_no_tensorflow(tmp_path: Path) -> None:
    ran = tinygen(
        "build",
        GOLDEN_MODEL,
        "--board",
        "qemu-cortex-m0",
        cwd=tmp_path,
        env={"PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert ran.code == 0, ran.err
    imported = {line.split("|")[-1].strip() for line in ran.err.splitlines() if "|" in line}
    assert "tinygen.engines.aot" in imported
    assert not [n for n in imported if n.split(".")[0] in ("tensorflow", "keras", "tf_keras")]
