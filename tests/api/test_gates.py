"""Conditions on a result: what is understood, what is refused, what fails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest

from tinygen.api.bench import BenchResult, BenchRow
from tinygen.api.build import BuildResult
from tinygen.api.gates import NAMES, gates, judge, parse
from tinygen.api.inspect import InspectResult
from tinygen.api.profile import ProfileResult
from tinygen.api.verify import VerifyResult
from tinygen.errors import InputError
from tinygen.proof.verdict import Verdict


@dataclass(frozen=True)
class Part:
    share: float | None
    name: str = "n"


@dataclass(frozen=True)
class Result:
    flash: int
    part: Part | None
    parts: tuple[Part, ...] = ()
    ok: bool = True

    @property
    def double(self) -> int:
        return 2 * self.flash


GOOD = Result(100, Part(0.5), (Part(0.9), Part(0.2)))


@pytest.mark.parametrize(
    ("condition", "failed", "where", "value"),
    [
        ("flash > 99", True, "flash", 100),
        ("flash>100", False, "flash", 100),
        (" flash >= 1_00 ", True, "flash", 100),
        ("flash == 1e2", True, "flash", 100),
        ("flash != 100.0", False, "flash", 100),
        ("double <= 200", True, "double", 200),
        ("part.share < .5", False, "part.share", 0.5),
        ("part.share < +5e-1", False, "part.share", 0.5),
        ("parts.0.share < 0.3", False, "parts.0.share", 0.9),
        ("parts.*.share < 0.3", True, "parts.1.share", 0.2),
        ("parts.7.share > 1", True, "parts.7.share", None),
    ],
)
def test_a_condition(condition: str, failed: bool, where: str, value: float | None) -> None:
    (outcome,) = gates(GOOD, condition)
    assert (outcome.failed, outcome.where, outcome.value) == (failed, where, value)
    assert outcome.gate == condition.strip()


def test_what_is_not_known_is_not_passed() -> None:
    for result in (Result(1, None), Result(1, Part(None)), Result(1, Part(math.nan))):
        for condition in ("part.share > 2", "part.share < 2", "parts.*.share > 2"):
            (outcome,) = gates(result, condition)
            assert outcome.failed
            assert outcome.value is None


@pytest.mark.parametrize(
    "condition",
    ["", "flash", "flash >", "> 3", "flash > x", "flash > 3 4", "flash => 3", "1 > flash", "a;b>3"],
)
def test_what_is_no_condition(condition: str) -> None:
    with pytest.raises(InputError, match="is not understood"):
        parse([condition], Result)


@pytest.mark.parametrize(
    "name", ["flahs", "part", "parts", "part.name", "parts.x.share", "ok", "__class__"]
)
def test_what_is_no_figure_is_refused_before_there_is_a_result(name: str) -> None:
    with pytest.raises(InputError, match="there is no figure"):
        parse([f"{name} > 3"], Result)


@pytest.mark.parametrize("kind", NAMES)
def test_every_short_name_is_a_figure_of_its_result(kind: type) -> None:
    assert {gate.path for gate in parse([f"{n} > 0" for n in NAMES[kind]], kind)} == set(
        NAMES[kind].values()
    )
    kinds = {InspectResult, BuildResult, VerifyResult, BenchResult, ProfileResult}
    assert kinds == set(NAMES)


def test_of_several_engines_the_one_that_fails_is_named() -> None:
    def row(**more: Any) -> BenchRow:
        known: dict[str, Any] = {"engine": "aot", "kernel_set": "dsp", "verdict": Verdict.MATCH}
        sizes = {"flash_code": 10, "flash_model": 20, "static_ram": 1, "arena": 5}
        cost = {"unit": "instructions", "per_inference": 7, "stack_used": None, "startup": None}
        return BenchRow(**{**known, **sizes, **cost, **more})

    result = BenchResult("m", "0", "b", 6, (row(), row(flash_code=50)))
    (outcome,) = judge(parse(["flash > 40"], BenchResult), result)
    assert (outcome.failed, outcome.where, outcome.value) == (True, "rows.1.flash", 70)
