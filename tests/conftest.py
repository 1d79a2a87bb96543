"""Fixtures that every kind of proof shares, and the count of what was skipped."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import reached, skipping
from tests.runner import GOLDEN_MODEL
from tinygen.engines.tflm import TflmTree, installed, setup, source
from tinygen.pio import core

# What a shell runs in the background ignores Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that replaces what makes a model or its vectors shall not be given what was made before.
os.environ.setdefault("TINYGEN_CACHE_MB", "0")

ROOT = Path(__file__).resolve().parent.parent
BENCHMARK_MODELS = (
    "ad01_int8.tflite",
    "hello_world_int8.tflite",
    "kws_ref_model.tflite",
    "pretrainedResnet_quant.tflite",
    "vww_96_int8.tflite",
)
"""The int8 models of the MLPerf Tiny benchmark, and TensorFlow Lite Micro's hello world."""


def models_dir() -> Path:
    """Where the real models of the benchmark lie: TINYGEN_MODELS, else beside the checkout."""
    return Path(os.environ.get("TINYGEN_MODELS", ROOT.parent / "shared" / "models"))


def have_models() -> bool:
    """Whether the real models are on this machine."""
    return (models_dir() / "kws_ref_model.tflite").is_file()


def have_sources() -> bool:
    """Whether TensorFlow Lite Micro's sources are, or can be put, into the cache."""
    there = installed(core.cache_dir(), source.PINS) or os.environ.get(source.SETTING)
    return bool(there)


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of real models; the test is skipped where it is absent."""
    if not have_models():
        pytest.skip(skipping.reasons()["models"])
    return models_dir()


@pytest.fixture(params=(GOLDEN_MODEL.name, *BENCHMARK_MODELS))
def model(request: pytest.FixtureRequest) -> Path:
    """Our own model, and each of the benchmark's int8 models where they are at hand."""
    if request.param == GOLDEN_MODEL.name:
        return GOLDEN_MODEL
    folder: Path = request.getfixturevalue("models")
    return folder / str(request.param)


@pytest.fixture(scope="session")
def tree() -> TflmTree:
    """The sources in the cache, or of TINYGEN_TFLM_SOURCE; nothing is downloaded for a test."""
    if not have_sources():
        pytest.skip(skipping.reasons()["sources"])
    return installed(core.cache_dir(), source.PINS) or setup(core.cache_dir())


_SKIPPED = pytest.StashKey[list[str]]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that skips more than tests/skips.toml allows has failed."""
    if hasattr(session.config, "workerinput"):
        reached.send(session.config)
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(session.config, "workerinput"):
        return
    reports = terminal.stats.get("skipped", [])  # of all processes, where there are several
    skipped = [report.longrepr[2].removeprefix("Skipped: ") for report in reports]
    session.config.stash[_SKIPPED] = skipped
    found = skipping.complaints(skipped, models=have_models(), sources=have_sources())
    for complaint in found:
        terminal.write_line(f"\ntests/skips.toml: {complaint}", red=True)
    for complaint in (left_out := reached.complaints(session.config, skipped)):
        terminal.write_line(f"\n{complaint}", red=True)
    if (found or left_out) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of pytest-xdist has ended."""
    reached.receive(getattr(node, "workeroutput", {}).get("kernels", ()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last lines of a run say how much was left out, and why."""
    skipped: list[str] = config.stash.get(_SKIPPED, [])
    for reason, count in Counter(skipped).items():
        print(f"left out: {count} tests. {reason}")
