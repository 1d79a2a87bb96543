"""The runner of PlatformIO, without building: its core folder, and what its failures mean."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tinygen.boards import get_board
from tinygen.errors import DeviceError, DoesNotFit, InputError, ToolchainError
from tinygen.pio import core
from tinygen.pio import log as pio_log
from tinygen.pio import run as pio
from tinygen.pio.network import any_answers

BOARD = get_board("qemu-cortex-m4")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TINYGEN_CACHE", str(folder))
    return folder


def _prepare(_: int) -> str:
    return str(core.core_dir())


def test_two_processes_may_prepare_the_core_at_once(cache: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        (core,) = {Path(text) for text in pool.map(_prepare, range(8))}
    assert core.parent == cache
    package = core / "packages" / "tool-scons"
    assert json.loads((package / ".piopm").read_text())["spec"]["owner"] == "platformio"
    version = json.loads((package / "package.json").read_text())["version"]
    assert version.split(".")[0] == "4"
    # No process left what it had prepared for nothing.
    assert sorted(path.name for path in core.iterdir()) == ["appstate.json", "packages"]


def test_an_older_build_tool_is_replaced() -> None:
    scons = core.core_dir() / "packages" / "tool-scons" / "scons.py"
    now = scons.read_text()
    scons.write_text("from SCons.Script import main\n\nmain()\n")
    core.core_dir()
    assert scons.read_text() == now


@pytest.mark.invariant("S15")
def test_the_users_platformio_settings_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORMIO_BUILD_FLAGS", "-O0")
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", "/elsewhere")
    environment = core.environment()
    assert "PLATFORMIO_BUILD_FLAGS" not in environment
    assert environment["PLATFORMIO_CORE_DIR"] == str(core.core_dir())


def test_a_missing_compiler_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    started = time.monotonic()
    with pytest.raises(ToolchainError) as caught:
        pio.build(tmp_path, BOARD)
    assert time.monotonic() - started < 0.5
    assert caught.value.exit_code == 5
    assert caught.value.next_step == (
        "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"
    )


def test_a_missing_c_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "arm-none-eabi-gcc"
    compiler.write_text("#!/bin/sh\necho no string.h >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolchainError, match="C library") as caught:
        pio.build(tmp_path, BOARD)
    assert "libnewlib-arm-none-eabi" in caught.value.next_step


def test_an_overflow_of_both_memories() -> None:
    log = [
        "ld: region `FLASH' overflowed by 37884 bytes",
        "ld: region `RAM' overflowed by 16 bytes",
    ]
    error = pio_log.failure(log, BOARD, Path("project"))
    assert isinstance(error, DoesNotFit)
    assert error.why.splitlines() == [
        "flash: needs 4,232,188 bytes, has 4,194,304, 37,884 too many",
        "RAM: needs 4,194,320 bytes, has 4,194,304, 16 too many",
    ]


@pytest.mark.parametrize(
    ("region", "memory"),
    [
        ("dram0_0_seg", "RAM"),
        ("iram0_0_seg", "flash"),
        ("rom", "flash"),
        ("FLASH", "flash"),
        ("RAM_D1", "RAM"),
        ("DTCM", "RAM"),
        ("data", "RAM"),
        ("text", "flash"),
    ],
)
def test_regions_of_other_platforms(region: str, memory: str) -> None:
    error = pio_log.failure([f"region `{region}' overflowed by 8 bytes"], BOARD, Path("project"))
    assert error.why.startswith(memory)


def test_freedom_metals_linker_counts_the_stack() -> None:
    log = ["ld: region `ram' overflowed by 2064 bytes"]
    error = pio_log.failure(log, get_board("hifive1_revb"), Path("project"))
    assert error.why == "RAM: needs 18,448 bytes, has 16,384, 2,064 too many"
    error = pio_log.failure(log, get_board("microbit"), Path("project"))
    assert "not counting all of the 2,048 bytes for the stack" in error.why


def test_some_linkers_tell_where_a_section_ends() -> None:
    line = "ld: address 0x800919 of .pio/f.elf section `.bss' is not within region `data'"
    error = pio_log.failure([line, line], get_board("uno"), Path("project"))
    assert isinstance(error, DoesNotFit)
    needs, stack = error.why.splitlines()
    assert needs == "RAM: needs 2,073 bytes, has 2,048, 25 too many"
    assert "384 bytes for the stack" in stack
    line = "ld: address 0x20080040 of f.elf section `.bss' is not within region `DTCM'"
    error = pio_log.failure([line], get_board("teensy41"), Path("project"))
    assert error.why.splitlines()[0] == "RAM: needs 524,352 bytes, has 524,288, 64 too many"
    error = pio_log.failure([line], get_board("esp32"), Path("project"))  # where RAM starts unknown
    assert isinstance(error, ToolchainError)


def test_a_heap_that_cannot_start_tells_where_the_variables_end() -> None:
    line = "ld:memmap.ld:254 cannot move location counter backwards (from 200814c8 to 20080000)"
    error = pio_log.failure([line], get_board("pico2"), Path("project"))
    assert isinstance(error, DoesNotFit)
    assert error.why.splitlines()[0] == "RAM: needs 529,608 bytes, has 524,288, 5,320 too many"


def test_a_number_that_cannot_be_is_not_told() -> None:
    board = get_board("feather_nrf52840")
    absurd = "/bin/ld: region `RAM' overflowed by 537128960 bytes"
    log = ["/bin/ld: region RAM overflowed with stack", absurd]
    error = pio_log.failure(log, board, Path("project"))
    assert isinstance(error, DoesNotFit)
    assert error.why == "region RAM overflowed with stack"
    outside = "/bin/ld: address 0x20043490 of f.elf section `.bss' is not within region `RAM'"
    error = pio_log.failure([outside, *log], board, Path("project"))
    assert error.why.splitlines()[0] == "RAM: needs 251,024 bytes, has 237,568, 13,456 too many"


def test_no_network_names_what_was_wanted() -> None:
    log = ["Platform Manager: Installing espressif32 @ 6.13.0", "HTTPClientError: "]
    error = pio_log.failure(log, BOARD, Path("project"))
    assert isinstance(error, ToolchainError)
    assert "espressif32 @ 6.13.0" in error.what


def test_other_failures_keep_platformios_words() -> None:
    log = ["Compiling a.o", "a.c:1:1: error: no", *["noise"] * 100, "*** [a.o] Error 1", "FAILED"]
    why = pio_log.failure(log, BOARD, Path("project")).why.splitlines()
    assert why[0] == "a.c:1:1: error: no"
    assert why[-2:] == ["*** [a.o] Error 1", "FAILED"]
    assert len(why) < 40


def _no_answer(hosts: Sequence[str], _: float) -> bool:
    assert hosts
    assert all("." in host for host in hosts)
    return False


def test_no_network_is_told_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PlatformIO itself tries for a minute."""
    monkeypatch.setattr(pio, "any_answers", _no_answer)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.cpp").write_text("void setup() {}\nvoid loop() {}\n")
    (tmp_path / "platformio.ini").write_text(
        # A port nobody listens on, so that the test asks nothing of any registry.
        "[env:nucleo_f446re]\nplatform = http://127.0.0.1:9/none.git\nboard = nucleo_f446re\n"
    )
    started = time.monotonic()
    with pytest.raises(ToolchainError, match=r"could not download .*none\.git") as caught:
        pio.build(tmp_path, get_board("nucleo_f446re"))
    assert time.monotonic() - started < 10
    assert caught.value.why == "127.0.0.1 did not answer"
    assert "complete" in caught.value.next_step


def test_a_host_that_answers_anything_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        silent = f"127.0.0.1:{nobody.getsockname()[1]}"
        started = time.monotonic()
        assert not any_answers([silent], 0.3)
        assert time.monotonic() - started < 2
    assert not any_answers([silent], 1.0)  # refused


def _recorded(monkeypatch: pytest.MonkeyPatch, code: int, log: list[str]) -> list[Sequence[str]]:
    calls: list[Sequence[str]] = []

    def run(arguments: Sequence[str], _: object) -> tuple[int, list[str]]:
        calls.append(arguments)
        return code, log

    monkeypatch.setattr(pio, "_run", run)
    return calls


def test_an_upload_through_the_serial_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _recorded(monkeypatch, 0, ["Uploading .pio/build/uno/firmware.hex"])
    assert pio.upload(tmp_path, get_board("uno"), "/dev/ttyACM0").log_tail
    (command,) = calls
    assert list(command[:3]) == ["run", "-d", str(tmp_path)]
    assert list(command[3:]) == ["-e", "uno", "-t", "upload", "--upload-port", "/dev/ttyACM0"]
    with pytest.raises(InputError, match="needs its serial port"):
        pio.upload(tmp_path, get_board("uno"))


def test_an_upload_through_a_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _recorded(monkeypatch, 0, [])
    pio.upload(tmp_path, get_board("nucleo_f446re"), "/dev/ttyACM0")
    assert "--upload-port" not in calls[0]
    with pytest.raises(InputError, match="not a board that firmware is uploaded to"):
        pio.upload(tmp_path, BOARD)


def test_a_failed_upload_is_the_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = ["PACKAGES:", "Uploading x.hex", "avrdude: stk500_getsync(): not in sync"]
    _recorded(monkeypatch, 1, log)
    with pytest.raises(DeviceError, match="uno on /dev/ttyACM0") as caught:
        pio.upload(tmp_path, get_board("uno"), "/dev/ttyACM0")
    assert caught.value.why.splitlines() == log[1:]
    told = ["Uploading x.elf", "Error: open failed", "*** [upload] Error 1"]
    header = ["Processing uno (platform: a)", "PLATFORM: A (1.0) > B", "PACKAGES:", " - x-y @ 1.0"]
    sizes = ["Linking a.elf", "RAM:   [=  ]  13.7% (used 1 bytes from 2 bytes)", "AVAILABLE: a, b"]
    _recorded(monkeypatch, 1, [*header, *sizes, *told])
    with pytest.raises(DeviceError) as caught:
        pio.upload(tmp_path, get_board("nucleo_f446re"))
    assert caught.value.why.splitlines() == told
    _recorded(monkeypatch, 1, ["src/main.cpp:1:1: error: no"])
    with pytest.raises(ToolchainError):
        pio.upload(tmp_path, get_board("uno"), "/dev/ttyACM0")


def test_an_upload_by_an_unknown_protocol_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PlatformIO warns, uploads nothing and ends with 0."""
    log = [
        "AVAILABLE: blackmagic, jlink, stlink",
        "CURRENT: upload_protocol = jlnk",
        "Warning! Unknown upload protocol jlnk",
    ]
    _recorded(monkeypatch, 0, log)
    with pytest.raises(InputError, match="nothing was uploaded") as caught:
        pio.upload(tmp_path, get_board("nucleo_f446re"))
    assert caught.value.why.splitlines() == [log[0], log[2]]


def test_projects_share_objects_by_the_compiler_that_platformio_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    board = get_board("nucleo_f446re")
    elf = tmp_path / ".pio" / "build" / board.id / "firmware.elf"
    elf.parent.mkdir(parents=True)
    elf.touch()
    ran: list[tuple[str, str]] = []

    def run(
        arguments: Sequence[str], _: object, settings: Mapping[str, str] | None = None
    ) -> tuple[int, list[str]]:
        ran.append((arguments[0], (settings or {}).get("PLATFORMIO_BUILD_CACHE_DIR", "")))
        elf.touch()
        return 0, []

    monkeypatch.setattr(pio, "_run", run)
    pio.build(tmp_path, board)
    pio.build(tmp_path, board)
    assert [command for command, _ in ran] == ["pkg", "run", "run"], "installed first, once"
    assert ran[1][1] == ran[2][1] != ""
    package = core.core_dir() / "packages" / "toolchain-x" / "package.json"
    package.parent.mkdir()
    package.write_text('{"version": "1.2.3"}')
    pio.build(tmp_path, board)
    assert ran[3][1] != ran[2][1], "another compiler, other objects"
