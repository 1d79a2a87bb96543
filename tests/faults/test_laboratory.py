"""A seeded part of `make faults`: 200 verifications over every kind of fault at every rate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.laboratory import LIMIT, Laboratory
from tests.faults.line import KINDS, RATES, Faults
from tests.state.models import streaming
from tinygen.proof.verdict import Verdict

_EACH = 5  # 5 * 8 kinds * 5 rates = 200


@pytest.fixture(scope="module", name="laboratory")
def _laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    laboratory = Laboratory(tmp_path_factory.mktemp("laboratory"))
    yield laboratory
    laboratory.close()


@pytest.fixture(scope="module", name="remembering")
def _remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("remembering")
    (folder / "stream.tflite").write_bytes(streaming())
    laboratory = Laboratory(folder, folder / "stream.tflite")
    yield laboratory
    laboratory.close()


def test_a_clean_line_tells_right_firmware_from_wrong(laboratory: Laboratory) -> None:
    clean = Faults("mixed", 0.0, seed=0)
    right, seconds = laboratory.verify(clean)
    wrong, _ = laboratory.verify(clean, right=False)
    assert (right.verdict, right.retries, seconds) == (Verdict.MATCH, 0, 0.0)
    assert wrong.verdict is Verdict.MISMATCH


@pytest.mark.invariant("S9")
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"1in{1 / rate:.0f}")
@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_no_verdict_is_wrong(laboratory: Laboratory, kind: str, rate: float) -> None:
    row = laboratory.row(kind, rate, range(_EACH))
    assert row.wrong == []
    assert sum(row.ends.values()) == _EACH
    assert row.longest <= LIMIT


@pytest.mark.invariant("S9")
@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_what_a_model_remembers_is_never_mixed_up(remembering: Laboratory, kind: str) -> None:
    """Sequences, order and reset over the same lines: no step twice, none left out."""
    for rate in (1 / 300, 1 / 50):
        row = remembering.row(kind, rate, range(_EACH))
        assert row.wrong == []
        assert sum(row.ends.values()) == _EACH
        assert row.ends["MATCH"] or rate == 1 / 50
        assert row.longest <= LIMIT


def test_a_line_with_few_faults_still_proves(laboratory: Laboratory) -> None:
    row = laboratory.row("mixed", 1 / 1000, range(8))
    assert row.faults
    assert row.ends == {"MATCH": 6, "MISMATCH of wrong firmware": 2}
