"""Correct firmware was called MISMATCH where the oracle was wrong: the report blamed the device. Of
a model that TFLM and LiteRT both refused it said MATCH. LiteRT 37 LSB off went without a word.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops.cores import Core
from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.build import build
from tinygen.api.verify import VerifyResult, verify
from tinygen.devices import qemu
from tinygen.ir import DType, Edge
from tinygen.proof import oracle
from tinygen.proof.doubt import far_from_litert, unproven
from tinygen.proof.oracle import HostRun
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Verdict
from tinygen.report.text import print_report, verify_report


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built project that no test changes."""
    missing = Core("qemu-cortex-m4", "-O2").missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    folder = tmp_path_factory.mktemp("original")
    return build(GOLDEN_MODEL, board="qemu-cortex-m4", out=folder / "p", jobs=1).generated.project


@pytest.fixture
def project(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    copy = Path(shutil.copytree(original, tmp_path / "p"))
    yield copy
    qemu.stop(copy / ".tinygen")


def read(project: Path) -> Vectors:
    return Vectors.from_bytes((project / "vectors.npz").read_bytes())


def checked(project: Path, vectors: Vectors) -> VerifyResult:
    """Verified against these vectors, as if the host had computed them."""
    content = vectors.to_bytes()
    (project / "vectors.npz").write_bytes(content)
    manifest = json.loads((project / "tinygen.json").read_text("utf-8"))
    manifest["files"]["vectors.npz"] = hashlib.sha256(content).hexdigest()
    (project / "tinygen.json").write_text(json.dumps(manifest), "utf-8")
    return verify(project)


def other(vectors: Vectors) -> Vectors:
    """The oracle computed something else in the fourth vector."""
    (expected,) = vectors.expected
    changed = expected.copy()
    changed[3] ^= 0x10
    return replace(vectors, expected=(changed,), oracle="TensorFlow Lite Micro 0")


def test_a_device_that_the_reference_sides_with_is_not_blamed(project: Path) -> None:
    result = checked(project, other(read(project)))
    assert result.verdict is Verdict.UNVERIFIED
    assert result.exit_code == 6
    assert "the oracle is in doubt, not the device" in result.reason
    assert result.mismatched_elements == 10
    ran = tinygen("verify", project, cwd=project)
    assert ran.code == 6
    assert ran.out.splitlines()[0].startswith("UNVERIFIED")


def test_against_the_reference_itself_a_difference_is_the_devices(project: Path) -> None:
    vectors = replace(other(read(project)), oracle=oracle.REFERENCE)
    assert checked(project, vectors).verdict is Verdict.MISMATCH


def test_a_model_that_is_not_the_projects_speaks_for_nobody(project: Path) -> None:
    vectors = other(read(project))
    with (project / "model.tflite").open("ab") as file:
        file.write(b"\0" * 4)
    assert checked(project, vectors).verdict is Verdict.MISMATCH


@pytest.mark.invariant("S19")
def test_what_no_runtime_runs_is_no_match(project: Path) -> None:
    vectors = replace(
        read(project), oracle=oracle.REFERENCE, litert=None, refusals=("LiteRT: no", "TFLM: no")
    )
    result = checked(project, vectors)
    assert result.verdict is Verdict.UNVERIFIED
    assert result.mismatched_elements == 0
    assert "LiteRT: no; TFLM: no" in result.reason
    assert tinygen("verify", project, "--json", cwd=project).json["verdict"] == "UNVERIFIED"


def test_the_reference_alone_is_an_oracle_where_nothing_else_is_installed(project: Path) -> None:
    vectors = replace(read(project), oracle=oracle.REFERENCE, litert=None)
    assert unproven(vectors) == ""
    assert checked(project, vectors).verdict is Verdict.MATCH


CODES = Edge("scores", (1, 4), DType.INT8, 0.1, 0, (), None)


def test_an_oracle_far_from_litert_is_said_to_be(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = read(project)
    (expected,) = vectors.expected
    backwards = HostRun("LiteRT", (expected[..., ::-1],))
    result = checked(project, replace(vectors, litert=backwards))
    assert result.verdict is Verdict.MATCH
    assert "LSB apart" in result.doubt
    print_report(verify_report(result))
    shown = capsys.readouterr().out
    assert "the oracle is in doubt" in shown
    assert "rounds once" in shown


def test_rounding_is_no_doubt(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = read(project)
    (expected,) = vectors.expected
    near = np.clip(expected.astype(np.int64) + 2, -128, 127).astype(np.int8)
    assert far_from_litert(replace(vectors, litert=HostRun("LiteRT", (near,))), [CODES]) == ""
    print_report(verify_report(checked(project, vectors)))
    assert "rounds once" not in capsys.readouterr().out


def test_an_oracle_of_zeros_is_far() -> None:
    """The spread of a constant is none: what counts then are steps."""
    zeros, other_ = np.zeros((9, 1, 4), np.int8), np.full((9, 1, 4), 40, np.int8)
    vectors = Vectors((zeros,), (zeros,), "TFLM", ("random",) * 9, np.full(9, -1))
    assert "40 LSB" in far_from_litert(
        replace(vectors, litert=HostRun("LiteRT", (other_,))), [CODES]
    )
