"""The script that PlatformIO runs before a build, with an environment that only writes down."""

from __future__ import annotations

import fnmatch
import runpy
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tinygen.resources import firmware_dir

Step = Callable[["Environment", str], Any]


class Environment(dict[str, list[str]]):
    """What the script uses of an environment of SCons."""

    def __init__(self, dialect: str) -> None:
        super().__init__(CCFLAGS=["-Os", "-g"], CXXFLAGS=["-Wall", *([dialect] if dialect else [])])
        self.steps: list[tuple[Step, str]] = []

    def AddBuildMiddleware(self, step: Step, pattern: str) -> None:  # noqa: N802
        self.steps.append((step, pattern))

    def Object(self, _: str, **flags: list[str]) -> dict[str, list[str]]:  # noqa: N802
        return flags


def _flags(path: str, dialect: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The flags a source file is compiled with, as far as they are not the framework's."""
    env = Environment(dialect)
    scons = ModuleType("SCons.Script")
    scons.Import = lambda _: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "SCons.Script", scons)
    runpy.run_path(str(firmware_dir() / "tflm" / "build.py"), {"env": env})
    steps = [step for step, pattern in env.steps if fnmatch.fnmatch(path, pattern)]
    assert len(steps) <= 1
    flags: dict[str, list[str]] = steps[0](env, path) if steps else {}
    return flags


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("p/src/tflm/core.cc", ["-Os", "-g0", "-w"]),
        ("p/src/tflm/kernels/conv.cc", ["-O2", "-g0", "-w"]),
        ("p/src/tflm/tg_tflm.cc", []),
        ("p/src/tflm/model_operators.cc", []),
    ],
)
def test_what_includes_upstream_is_cxx17(
    path: str, level: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for dialect in ("-std=gnu++11", "-std=gnu++14", ""):
        flags = _flags(path, dialect, monkeypatch)
        assert flags["CXXFLAGS"] == ["-Wall", "-std=gnu++17"]
        assert flags["CCFLAGS"] == ["-Os", "-g", "-fno-exceptions", "-fno-rtti", *level]


@pytest.mark.parametrize("dialect", ["-std=c++17", "-std=gnu++17", "-std=gnu++2b"])
def test_a_newer_language_stays(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dialect in _flags("p/src/tflm/core.cc", dialect, monkeypatch)["CXXFLAGS"]


@pytest.mark.parametrize("path", ["p/src/hal/tg_hal_arduino.cpp", "core/cores/arduino/main.cpp"])
def test_the_framework_keeps_its_language(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _flags(path, "-std=gnu++14", monkeypatch) == {}
