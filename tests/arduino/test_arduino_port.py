"""The Arduino port under C++11 and C++17, and running as a sketch over a fake core."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tinygen import passes, tflite
from tinygen.boards import Port, all_boards
from tinygen.devices.link import ProcessTransport, Session, frames
from tinygen.proof import interpret
from tinygen.resources import firmware_dir

FAKE = Path(__file__).with_name("fake")
HEADERS = Path(__file__).with_name("qemu_core") / "cores" / "arduino"
FIRMWARE = firmware_dir()
MODEL = Path(__file__).parents[1] / "golden" / "digits.tflite"
STACKS = sorted({b.stack_mark.value for b in all_boards() if b.port is Port.ARDUINO})
TICKS = sorted({b.ticks.value for b in all_boards() if b.port is Port.ARDUINO and b.ticks})
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
INCLUDES = tuple(
    f"-I{FIRMWARE / name}"
    for name in ("hal", "hal/arduino", "protocol", "example_model", "kernels", "kernels/portable")
)
AVR_CORE = Path("/usr/share/arduino/hardware/arduino/avr")
STANDARDS = ("c++11", "c++17")


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_counter_and_every_mark_has_its_file() -> None:
    folder = FIRMWARE / "hal" / "arduino"
    assert {p.name for p in folder.glob("ticks_*.cpp")} == {f"ticks_{name}.cpp" for name in TICKS}
    assert {p.name for p in folder.glob("stack_*.cpp")} == {f"stack_{name}.cpp" for name in STACKS}


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize(
    "name",
    [
        "main",
        "tg_hal_arduino",
        *(f"ticks_{name}" for name in TICKS),
        *(f"stack_{name}" for name in STACKS),
    ],
)
def test_it_compiles(name: str, standard: str) -> None:
    flags = [f"-std={standard}", "-fsyntax-only", *WARNINGS, *INCLUDES]
    source = FIRMWARE / "hal" / "arduino" / f"{name}.cpp"
    if "avr" in name:
        if shutil.which("avr-g++") is None or not AVR_CORE.is_dir():
            pytest.skip("avr-g++ or the Arduino core is not installed")
        # Arduino and avr-libc are not as strict; GCC 5 knows C++17 by its working title.
        core = [f"-I{AVR_CORE}/{d}" for d in ("cores/arduino", "variants/mega")]
        flags[0] = flags[0].replace("17", "1z")
        flags.remove("-Wconversion")
        avr = ["avr-g++", "-mmcu=atmega2560", "-Os", "-DARDUINO=10819", "-DF_CPU=16000000L"]
        _run([*avr, *flags, *core, source])
        return
    _run(["g++", *flags, f"-I{HEADERS}", source])


@pytest.fixture(scope="module", params=STANDARDS)
def sketch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example model's firmware as a sketch, the C part as C11."""
    folder = tmp_path_factory.mktemp("sketch")
    c = [*sorted((FIRMWARE / "protocol").glob("*.c"))]
    c += sorted((FIRMWARE / "example_model").glob("*.c"))
    rates = ["-DTG_SERIAL_BAUD=115200UL", "-DTG_SERIAL_FASTEST=921600UL"]
    flags = ["-O1", "-g", "-DTG_PAYLOAD_BYTES=32U", *rates, *WARNINGS, *SANITIZE, *INCLUDES]
    for path in c:
        _run(["gcc", "-std=c11", *flags, "-c", path, "-o", folder / f"{path.stem}.o"])
    port = FIRMWARE / "hal" / "arduino"
    names = ("main", "tg_hal_arduino", "reset_esp", "ticks_esp_cycles", "stack_esp")
    cpp = [port / f"{name}.cpp" for name in names]
    target = folder / "sketch"
    port_flags = ["-DTG_SERIAL_FLUSH", "-DTG_SERIAL_RX_BYTES=2048U"]
    flags = [f"-std={request.param}", *flags, *port_flags, f"-I{HEADERS}"]
    _run(["g++", *flags, *cpp, FAKE / "fake_core.cpp", *folder.glob("*.o"), "-o", target])
    return target


def test_the_sketch_answers_and_computes(sketch: Path) -> None:
    graph = passes.simplify(tflite.read(MODEL.read_bytes(), "digits"))
    inputs = np.random.default_rng(0).integers(-128, 128, (20, 1, 8, 8, 1)).astype(np.int8)
    transport = ProcessTransport([str(sketch)])
    with Session(transport) as session:
        hello = session.hello()
        assert hello.model == "digits"
        assert hello.tick_hz == 240_000_000
        assert (hello.reset, hello.fault) == ("its watchdog", "")
        for sample in inputs:
            answer = session.infer([sample.tobytes()])
            expected = interpret.run(graph, [sample])[graph.outputs[0]]
            assert answer.outputs[0] == expected.tobytes()
            assert answer.ticks > 0
            assert answer.stack_used == 8192 - 7000
        assert session.retries == 0
    assert transport.process.returncode == 0


class RatedProcess(ProcessTransport):
    """A process that is told to change the rate of a line which it does not have."""

    baud = 115_200

    def change_baud(self, baud: int) -> None:
        self.baud = baud


def test_the_sketch_changes_its_rate(sketch: Path) -> None:
    """By the core's serial port: ended, and begun anew."""
    transport = RatedProcess([str(sketch)], env={**os.environ, "TEST_BAUD": "921600"})
    with Session(transport) as session:
        session.speed_up(2_000_000)
        assert session.baud == 921_600
        sample = bytes(64)
        assert len(session.infer([sample]).outputs[0]) == 10
    assert transport.process.returncode == 0


def test_a_port_that_takes_nothing_does_not_hang_the_sketch(sketch: Path) -> None:
    """Its time passes quickly; after a second of it the answer is dropped, and it still reads."""
    request = frames.request(frames.Kind.HELLO, 1, 1, bytes(4))
    done = subprocess.run(
        [str(sketch)],
        input=request * 3,
        capture_output=True,
        env={**os.environ, "TEST_DEAF": "1"},
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_ticks_go_on_when_the_counter_wraps(tmp_path: Path) -> None:
    folder = FIRMWARE / "hal" / "arduino"
    port = (
        folder / "tg_hal_arduino.cpp",
        folder / "stack_unknown.cpp",
        folder / "reset_unknown.cpp",
    )
    target = tmp_path / "wrapping"
    flags = ["-std=c++11", *WARNINGS, *SANITIZE, *INCLUDES, f"-I{HEADERS}"]
    _run(["g++", *flags, *port, FAKE / "wrapping.cpp", "-o", target])
    done = subprocess.run([str(target)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mhz", [180, 64, 600, 0])
def test_the_cycle_counter_finds_its_own_rate(mhz: int, tmp_path: Path) -> None:
    target = tmp_path / "dwt"
    flags = ["-std=c++11", *WARNINGS, *INCLUDES, f"-I{HEADERS}"]
    fake = ["-DTG_REGISTER=fake_register", "-include", str(tmp_path / "register.h")]
    (tmp_path / "register.h").write_text(
        "#include <stdint.h>\nvolatile uint32_t &fake_register(uint32_t address);\n"
    )
    port = FIRMWARE / "hal" / "arduino" / "ticks_dwt.cpp"
    _run(["g++", *flags, *fake, port, FAKE / "dwt.cpp", "-o", target])
    done = subprocess.run([str(target), str(mhz)], capture_output=True, text=True, check=True)
    hz, ticks = (int(word) for word in done.stdout.split())
    assert hz == (mhz or 1) * 1_000_000
    assert ticks == pytest.approx(1000 * (mhz or 1), rel=0.01)
