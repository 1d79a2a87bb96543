"""What checks leave in a project: read again as it was, and only by the machine that made it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tinygen
from tinygen.api.facts import gather
from tinygen.api.results import keep, kept
from tinygen.api.verify import VerifyResult
from tinygen.engines.traced import Placed
from tinygen.pio.core import TRUST_KEY
from tinygen.progress import SILENT
from tinygen.project.folder import open_project

_FILE = ".tinygen/results/verify"


@pytest.fixture
def copy(measured: Path, tmp_path: Path) -> Path:
    """A copy of the measured project, on the same machine."""
    return Path(shutil.copytree(measured, tmp_path / "copy", symlinks=True))


def verdict(folder: Path) -> str:
    found = kept(open_project(folder), "verify", VerifyResult)
    return "none" if found is None else found.result.verdict.value


def test_a_result_is_read_as_it_was_kept(measured: Path) -> None:
    project = open_project(measured)
    found = kept(project, "verify", VerifyResult)
    assert found is not None
    assert found.build_id == found.result.build_id
    keep(project, "verify", found.result)
    again = kept(project, "verify", VerifyResult)
    assert again is not None
    assert again.result == found.result


def test_a_result_that_this_machine_did_not_sign_is_none(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verdict(copy) == "MATCH"
    content = (copy / _FILE).read_bytes()
    (copy / _FILE).write_bytes(content.replace(b"digits", b"gidits"))
    assert verdict(copy) == "none"
    (copy / _FILE).write_bytes(content)
    assert verdict(copy) == "MATCH"
    key = tmp_path / "elsewhere"
    key.mkdir()
    (key / TRUST_KEY).write_bytes(bytes(32))
    monkeypatch.setattr("tinygen.project.trust.cache_dir", lambda: key)
    assert verdict(copy) == "none"


def test_a_verdict_of_another_build_is_not_shown(copy: Path, tmp_path: Path) -> None:
    with (copy / "src" / "main.c").open("a") as source:
        source.write("/* an edit */\n")
    facts = gather(open_project(copy), SILENT)
    assert (facts.verify, facts.profile, facts.layers, facts.sizes) == (None,) * 4
    assert set(facts.stale) == {"verify", "layers", "profile"}
    result = tinygen.write_page(copy, tmp_path / "report.html")
    assert result.verdict == "UNVERIFIED"
    assert "a verdict of another build" in (tmp_path / "report.html").read_text("utf-8")


def test_the_parts_of_the_flash_are_all_of_it(measured: Path) -> None:
    facts = gather(open_project(measured), SILENT)
    assert facts.parts is not None
    assert facts.sizes is not None
    parts = {part.name: part.bytes for part in facts.parts}
    assert sum(parts.values()) == facts.sizes.flash
    assert facts.traced is not None
    weights = sum(t.nbytes for t in facts.traced.graph.tensors.values() if t.data is not None)
    assert weights <= parts["weights and tables"] < 4 * weights
    assert min(parts["kernels"], parts["protocol"]) > 1000


def test_the_places_are_those_of_the_plan(measured: Path) -> None:
    facts = gather(open_project(measured), SILENT)
    traced = facts.traced
    assert traced is not None
    arena = facts.project.manifest.arena.bytes
    assert max(p.offset + p.nbytes for p in traced.places) == arena
    for layer in traced.layers:
        there = {b for p in traced.places if _is_used(p, layer.index + 1) for b in _bytes(p)}
        assert len(there) <= arena
        for output in layer.outputs:
            assert {output.place, output.place + output.tensor.nbytes - 1} <= there
    fullest = max(traced.layers, key=lambda one: one.ram_bytes)
    there = {b for p in traced.places if _is_used(p, fullest.index + 1) for b in _bytes(p)}
    assert len(there) == pytest.approx(fullest.ram_bytes, abs=15)  # tensors are aligned


def _is_used(place: Placed, step: int) -> bool:
    return place.first <= step <= place.last


def _bytes(place: Placed) -> range:
    return range(place.offset, place.offset + place.nbytes)
