"""An Arduino project with TensorFlow Lite Micro, built by PlatformIO and run.

No Arduino core for a board that can run it is on this machine: one of the tests' own takes its
place, for the Cortex-M4 that QEMU emulates, with what an ESP32's firmware asks of Espressif's. So
all of an ESP32's project runs but its compiler: the sketch, the port, the counter of cycles, the
kernels, the arena from the heap.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tflm import stand_in
from tests.tflm.stand_in.fixtures import stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.api.build import BuildResult, build
from tinygen.api.verify import VerifyResult, verify
from tinygen.boards import ArenaPlace
from tinygen.devices import qemu
from tinygen.errors import DoesNotFit
from tinygen.proof.verdict import Verdict

CORE = Path(__file__).resolve().parent / "qemu_core"
DIGITS = Path(__file__).parents[1] / "golden" / "digits.tflite"
BOARD = """
id = "arduino-m4"
name = "An Arduino board in QEMU"
core = "cortex-m4"
fpu = "single"
port = "arduino"
ticks = "esp_cycles"
stack_mark = "esp"
stack_bytes = 8192
protocol_payload = 1024
proven = "in the tests"

[platformio]
platform = "tinygen-emulated"
board = "arduino-m4"
framework = "arduino"
build_flags = ["-DTEST_HEAP_BYTES={heap}U"]

[toolchain]
prefix = "arm-none-eabi"
core_flags = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
link_flags = ["-nostartfiles", "-T{core}/link.ld"]
arduino_core = "{core}"
arduino_variant = "mps2"

[memory]
flash = {{ bytes = 0x400000 }}
ram = {{ bytes = 0x400000 }}
heap = {{ allocator = "esp_heap_caps", static_bytes = {static}, bytes = 60000, \
external_bytes = 8000000 }}

[engines]
available = ["tflm", "aot"]
default = "tflm"
tflm_kernel_sets = ["esp_nn", "reference"]

[serial]
baud = 115200
window = 1

[device]
type = "qemu"
program = "qemu-system-arm"
machine = "mps2-an386"
cpu = "cortex-m4"
clock_hz = 25_000_000
icount_shift = 5
"""

Run = Callable[..., tuple[BuildResult, VerifyResult]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Builds for the board and verifies; what was started is ended."""
    for tool in ("arm-none-eabi-g++", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    projects: list[Path] = []

    def build_and_verify(
        model: Path, static: int = 65536, heap: int = 60032, **options: object
    ) -> tuple[BuildResult, VerifyResult]:
        board = tmp_path / "arduino-m4.toml"
        board.write_text(BOARD.format(core=CORE, static=static, heap=heap), "utf-8")
        projects.append(tmp_path / f"project-{len(projects)}")
        options["trust_project"] = True  # its toolchain names a folder of ours
        built = build(model, board=str(board), out=projects[-1], **options)  # type: ignore[arg-type]
        return built, verify(projects[-1], vectors=10)

    yield build_and_verify
    for project in projects:
        qemu.stop(project / ".tinygen")


@pytest.mark.parametrize(
    ("static", "place"),
    [(65536, ArenaPlace.STATIC), (1024, ArenaPlace.HEAP)],
)
def test_aot(run: Run, static: int, place: ArenaPlace) -> None:
    built, result = run(DIGITS, static=static, engine="aot")
    assert built.generated.arena_place is place
    assert bool(built.sizes.arena) == (place is ArenaPlace.STATIC)
    assert result.verdict is Verdict.MATCH, result.reason


def test_a_heap_without_the_room_is_told_in_numbers(run: Run) -> None:
    with pytest.raises(DoesNotFit, match=r"needs an arena of 1,848 bytes.*has 8\d\d bytes"):
        run(DIGITS, static=1024, heap=896, engine="aot")


@pytest.mark.usefixtures("tree")
def test_tflm_with_espressifs_kernels(run: Run, models: Path) -> None:
    built, result = run(models / "kws_ref_model.tflite")
    assert (built.generated.engine, built.generated.kernel_set) == ("tflm", "esp_nn")
    assert built.generated.arena_place is ArenaPlace.STATIC
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.instructions is not None
    assert result.stack_used_bytes is not None
    assert 500 < result.stack_used_bytes < 4000


@pytest.mark.usefixtures("stand_in_tree")
def test_tflm_in_ram_outside_of_the_chip(run: Run, tmp_path: Path) -> None:
    """It is larger than the heap's largest block in the chip."""
    model = tmp_path / "large.tflite"
    model.write_bytes(stand_in.pools((96, 96, 4), (48, 48, 4), (24, 24, 4)))
    exact, result = run(model, static=1024)
    assert exact.generated.arena_place is ArenaPlace.HEAP
    assert result.verdict is Verdict.MATCH, result.reason
    least = exact.generated.arena_minimum_bytes
    assert least is not None
    assert result.arena_enough_bytes == least, "the margin for another compiler is not needed"
    roomy, result = run(model, static=1024, arena=64000)
    assert roomy.generated.arena_place is ArenaPlace.EXTERNAL
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.arena_enough_bytes == least
    with pytest.raises(DoesNotFit, match="needs an arena of"):
        run(model, static=1024, arena=least - 16)
