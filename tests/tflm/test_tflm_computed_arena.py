"""An arena that is computed where nothing can be measured: never less than what was measured, and
not much more; and a project for an ESP32 on a machine without an Arm compiler and emulator."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.ops.every_operator import every_operator
from tests.runner import GOLDEN_MODEL
from tests.tflm.stand_in.fixtures import pools, stand_in_cache, stand_in_tree  # noqa: F401
from tinygen import generate, ops, tflite
from tinygen.boards import get_board
from tinygen.engines.tflm import offline, operator_memory, probe
from tinygen.engines.tflm.allocator import Starting, starting
from tinygen.engines.tflm.arena import COMPUTED_SHARE, OTHER_COMPILER_BYTES, aligned
from tinygen.engines.tflm.kernel_sets import KernelSet
from tinygen.engines.tflm.operator_memory import Kernels, UnknownOperator
from tinygen.engines.tflm.source import TflmTree
from tinygen.engines.tflm.upstream import Upstream
from tinygen.errors import ToolchainError

HERE = Path(__file__).parent
MEASURED = json.loads((HERE / "measured_arenas.json").read_text("utf-8"))
FEW, SHARE = 768, 0.01
"""Bytes that a computed arena is larger at the most, or that share where it is more."""


def computed(content: bytes, kernels: str, board: str) -> Starting:
    known = Kernels(KernelSet(kernels), get_board(board).extensions)
    file = tflite.parse(content, "m")
    return starting(file, tflite.graph(file, "m"), known)


def _file(name: str) -> bytes:
    with zipfile.ZipFile(HERE / "measured_operators.zip") as files:
        return files.read(f"{name}.tflite")


@pytest.mark.parametrize("name", MEASURED["operators"])
def test_single_operators(name: str) -> None:
    found = computed(_file(name), "esp_nn", "qemu-cortex-m3")
    smallest, used = MEASURED["operators"][name]
    assert smallest <= found.bytes <= smallest + FEW
    assert found.bytes - found.used >= smallest - used, "what verify adds"


@pytest.mark.parametrize("name", MEASURED["cmsis_nn"])
def test_what_cmsis_nn_keeps_of_its_own(name: str) -> None:
    smallest = MEASURED["cmsis_nn"][name]
    found = computed(_file(name), "cmsis_nn", "qemu-cortex-m4")
    assert smallest <= found.bytes <= smallest + 16


@pytest.mark.parametrize("name", MEASURED["models"])
def test_models_of_the_benchmark(name: str, models: Path) -> None:
    content = (models / f"{name}.tflite").read_bytes()
    for where, smallest in MEASURED["models"][name].items():
        core, kernels = where.split()
        board = core if core == "esp32s3" else f"qemu-{core}"
        found = computed(content, kernels, board)
        assert smallest <= found.bytes <= smallest + max(256, SHARE * smallest), (name, where)


@pytest.mark.parametrize("kernels", ["cmsis_nn", "reference"])
@pytest.mark.usefixtures("tree")
def test_what_is_measured_now(kernels: str, tmp_path: Path) -> None:
    """A model of many operators, whose arena a trial finds, or found."""
    model = tmp_path / "net.tflite"
    model.write_bytes(every_operator())
    options = {"board": "qemu-cortex-m4", "engine": "tflm", "kernel_set": kernels}
    made = generate(model, **options, out=tmp_path / "p")  # type: ignore[arg-type]
    found = computed(model.read_bytes(), kernels, "qemu-cortex-m4")
    (measured,) = (n for n in made.notes if "with TFLM's own" in n)
    smallest = int(measured.rpartition("own ")[2].removesuffix(" bytes").replace(",", ""))
    assert smallest <= found.bytes <= smallest + FEW + SHARE * smallest


def test_our_own_plan_is_counted() -> None:
    content = GOLDEN_MODEL.read_bytes()
    graph = tflite.read(content, "digits")
    planned = offline.with_plan(content, graph)
    known = Kernels(KernelSet.REFERENCE, ())
    far = [at if at < 0 else at + 4096 for at in planned.offsets]
    file = tflite.parse(content, "digits")
    ours, off = (starting(file, graph, known, at) for at in (planned.offsets, far))
    assert off.used == ours.used + 4096


def test_every_operator_that_tflm_has_is_known(tree: TflmTree) -> None:
    """Else its model needs a compiler for an arena."""
    there = {op.kind for op in ops.OPERATORS} & set(Upstream(tree).operators)
    assert there <= set(operator_memory._SIZES)


def test_an_esp32_needs_no_arm_compiler(
    tmp_path: Path,
    pools: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    stand_in_tree: object,  # noqa: F811, ARG001
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made = generate(pools, board="esp32", out=tmp_path / "p")
    assert made.engine == "tflm"
    found = computed(pools.read_bytes(), "esp_nn", "esp32").bytes
    assert made.arena_bytes == aligned(found + int(found * COMPUTED_SHARE) + OTHER_COMPILER_BYTES)
    assert made.arena_minimum_bytes is None
    (note,) = (note for note in made.notes if "COMPUTED" in note)
    assert f"{found:,} bytes COMPUTED, not measured, margin" in note
    assert "the compiler arm-none-eabi-gcc is not installed" in note
    assert f"MODEL_ARENA_BYTES {made.arena_bytes}u" in "".join(
        path.read_text("utf-8") for path in (tmp_path / "p").rglob("model.h")
    )


def test_what_cannot_be_computed_names_the_ways_out(
    tmp_path: Path,
    pools: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    stand_in_tree: object,  # noqa: F811, ARG001
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sizes = {k: v for k, v in operator_memory._SIZES.items() if "POOL" not in k}
    monkeypatch.setattr(operator_memory, "_SIZES", sizes)
    with pytest.raises(UnknownOperator, match="POOL_2D"):
        computed(pools.read_bytes(), "esp_nn", "esp32")
    with pytest.raises(ToolchainError) as caught:
        generate(pools, board="esp32", out=tmp_path / "p")
    assert "the compiler arm-none-eabi-gcc is not installed" in caught.value.what
    assert "--engine aot" in caught.value.next_step
    assert "--arena BYTES" in caught.value.next_step
    assert probe.missing(get_board("qemu-cortex-m3")) is not None
