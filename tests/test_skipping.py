"""What a run may skip: a closed set of reasons, each with a limit, and a run beyond it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import skipping
from tests.runner import ROOT, environment

REASONS = skipping.reasons()


def test_more_than_is_allowed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "skips.toml"
    table.write_text(
        '[reasons]\nmodels = "none here"\n[allowed.clean]\nmodels = 2\n'
        "[allowed.no_sources]\n[allowed.no_models]\nmodels = 1\n[allowed.all]\n"
    )
    monkeypatch.setattr(skipping, "TABLE", table)
    for count, models, sources, wrong in (
        (2, False, False, False),
        (3, False, False, True),
        (1, False, True, False),
        (2, False, True, True),
        (1, True, True, True),
        (0, True, True, False),
    ):
        found = skipping.complaints(["none here"] * count, models=models, sources=sources)
        assert bool(found) == wrong, (count, models, sources)
    (unknown,) = skipping.complaints(["too lazy"], models=False, sources=False)
    assert "too lazy" in unknown


def test_every_limit_is_of_a_known_reason() -> None:
    table = skipping._table()
    assert set(table["allowed"]) == {"clean", "no_sources", "no_models", "all"}
    for allowed in table["allowed"].values():
        assert allowed.keys() <= REASONS.keys()
    # Nothing is missing: skipped is what no distribution has.
    converters = {"onnx": 28, "torch": 6}  # 5 GB: make test-converters runs them
    assert table["allowed"]["all"] == {"disk": 1, "esp32s3": 7, "esp32s3_costs": 1, **converters}


@pytest.mark.parametrize(
    ("workers", "reason", "code"), [("2", "no time", 1), ("0", "no time", 1), ("0", None, 0)]
)
def test_a_run_that_skips_for_its_own_reason_fails(
    workers: str, reason: str | None, code: int, tmp_path: Path
) -> None:
    """A whole run of pytest, with this project's conftest, over a test that is skipped."""
    body = "pass" if reason is None else f"pytest.skip({reason!r})"
    (tmp_path / "test_it.py").write_text(f"import pytest\ndef test_it():\n    {body}\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", str(tmp_path)),
        ],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert (reason is not None) == (f"has not: {reason}" in done.stdout)
