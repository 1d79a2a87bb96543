"""Models with TensorFlow Lite Micro on emulated cores: bit for bit, as fast and small as measured.

By default a few of them; all with TINYGEN_TEST_ALL=1. In 16 bytes of arena less than was found, the
device says that it cannot start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tinygen.api.build import build
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.errors import DoesNotFit
from tinygen.proof.verdict import Verdict

MODELS = ("hello_world_int8", "kws_ref_model", "ad01_int8", "pretrainedResnet_quant", "vww_96_int8")
CORES = ("m4", "m55")
KERNELS = {"reference": "ref", "cmsis_nn": "cmsis"}
QUICK = {
    ("hello_world_int8", "m4", "reference"),
    ("hello_world_int8", "m55", "cmsis_nn"),
    ("ad01_int8", "m4", "reference"),
    ("kws_ref_model", "m4", "cmsis_nn"),
    ("vww_96_int8", "m55", "cmsis_nn"),
}
ALL = os.environ.get("TINYGEN_TEST_ALL")
OWN_INSTRUCTIONS = 150
"""What the application around Invoke() may add: passing on the call, and the canary."""

pytestmark = pytest.mark.usefixtures("tree")


CASES = [case for case in product(MODELS, CORES, KERNELS) if ALL or case in QUICK]


@pytest.fixture
def run(tmp_path: Path, models: Path) -> Iterator[Any]:
    """Builds a model and verifies it; what was started is ended."""
    projects: list[Path] = []

    def build_and_verify(name: str, core: str, kernels: str, arena: int | None = None) -> Any:
        projects.append(tmp_path / f"{name}-{len(projects)}")
        built = build(
            models / f"{name}.tflite",
            board=f"qemu-cortex-{core}",
            engine="tflm",
            kernel_set=kernels,
            arena=arena,
            out=projects[-1],
        )
        return built, verify(projects[-1], vectors=12)

    yield build_and_verify
    for project in projects:
        qemu.stop(project / ".tinygen")


@pytest.mark.parametrize(("name", "core", "kernels"), CASES, ids="-".join)
def test_equal_to_the_baseline(
    run: Any, baseline: dict[str, Any], name: str, core: str, kernels: str
) -> None:
    built, result = run(name, core, kernels)
    assert result.verdict is Verdict.MATCH, result.reason
    expected = baseline[name][f"cortex-{core}"][KERNELS[kernels]]
    near = pytest.approx(expected["instructions"], rel=0.02, abs=OWN_INSTRUCTIONS)
    assert result.instructions == near
    needed = built.generated.arena_minimum_bytes
    assert needed is not None
    # Where our memory plan is better, less is needed than with TFLM's own.
    assert needed <= expected["arena_min"] + 256
    with pytest.raises(DoesNotFit, match=f"needs an arena of {needed:,} bytes"):
        run(name, core, kernels, needed - 16)


@pytest.mark.parametrize("name", MODELS if ALL else ("kws_ref_model", "pretrainedResnet_quant"))
def test_espressifs_kernels(run: Any, name: str) -> None:
    """The ones in C, which an ESP32, a C3 and a C6 run; there is no baseline of them."""
    built, result = run(name, "m4", "esp_nn")
    assert result.verdict is Verdict.MATCH, result.reason
    with pytest.raises(DoesNotFit):
        run(name, "m4", "esp_nn", built.generated.arena_minimum_bytes - 16)
