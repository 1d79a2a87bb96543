"""The board files, and what becomes of a wrong one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import tinygen.boards
from tinygen.boards import (
    BOARD_IDS,
    LOCAL_PLATFORM,
    Connection,
    Linux,
    Port,
    Qemu,
    Serial,
    all_boards,
    get_board,
    parse_board,
)
from tinygen.devices.link.reset import find_reset
from tinygen.errors import InputError
from tinygen.project.firmware import (
    hal_files,
    main_file,
    platform_files,
    platformio_board,
    port_flags,
    root_files,
)
from tinygen.resources import firmware_dir

FOLDER = Path(tinygen.boards.__file__).parent
EMULATED = [board.id for board in all_boards() if isinstance(board.device, Qemu)]
LOCAL = [board.id for board in all_boards() if board.platformio.local]
TEXT = (FOLDER / "qemu-cortex-m4.toml").read_text()


def test_every_board_file_is_listed_once() -> None:
    assert sorted(BOARD_IDS) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert tuple(board.id for board in all_boards()) == BOARD_IDS


@pytest.mark.parametrize("board_id", EMULATED)
def test_the_emulated_boards(board_id: str) -> None:
    board = get_board(board_id)
    assert isinstance(board.device, Qemu)
    assert board.toolchain is not None
    assert board.engines.default == "aot"
    assert board.platformio.board == board_id
    if board.port is Port.CORTEX_M:
        assert f"-mcpu={board.core}" in board.toolchain.core_flags
        assert board.device.cpu == board.core
    with pytest.raises(dataclasses.FrozenInstanceError):
        board.id = "other"  # type: ignore[misc]


def test_a_program_of_linux_has_an_operating_systems_port() -> None:
    """And none of what a chip has: no linker script of ours, no mark of its stack."""
    board = get_board("linux-x86_64")
    assert isinstance(board.device, Linux)
    assert (board.port.bare, board.port.framework, board.memory.heap) == (False, "", None)
    assert "memory" not in json.loads(platformio_board(board))["build"]
    text = (FOLDER / "linux-x86_64.toml").read_text()
    for wrong in (
        text.replace('port = "posix"', 'port = "xtensa_sim"'),
        TEXT.replace('port = "cortex_m"', 'port = "posix"').replace("uart = {", "# uart = {"),
    ):
        with pytest.raises(InputError, match="not valid") as caught:
            parse_board(wrong, "mine.toml")
        assert "device.type linux, and only that" in caught.value.why


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_what_holds_for_every_board(board_id: str) -> None:
    board = get_board(board_id)
    assert set(board.engines.available) <= {"aot", "tflm"}
    assert ("tflm" in board.engines.available) <= bool(board.engines.tflm_kernel_sets)
    assert set(board.engines.tflm_kernel_sets) <= {"reference", "cmsis_nn", "esp_nn", "esp_nn_s3"}
    if isinstance(board.device, Serial):
        # A polled or interrupt-driven port may lose what comes during a computation.
        assert board.device.connection is not Connection.UART or board.serial.window == 1
        find_reset(board.device.reset)
        assert board.device.usb_ids
        assert "not run" in board.proven or "hardware" in board.proven
    if board.memory.constants_bytes is not None:
        assert board.memory.constants_bytes <= min(64 * 1024, board.memory.flash.bytes)


def test_sizes_of_the_micro_bit() -> None:
    board = get_board("qemu-cortex-m0")
    assert (board.memory.flash.bytes, board.memory.ram.bytes) == (256 * 1024, 16 * 1024)


def test_instructions_from_ticks() -> None:
    emulator = get_board("qemu-cortex-m4").device
    assert isinstance(emulator, Qemu)
    # 25 MHz: a tick is 40 ns; an instruction is 2^5 = 32 ns.
    assert emulator.instructions(4) == 5
    assert emulator.instructions(25_000_000) == 1_000_000_000 // 32


def test_a_wrong_id_gets_suggestions() -> None:
    with pytest.raises(InputError) as caught:
        get_board("qemu-cortex-m5")
    assert "qemu-cortex-m55" in caught.value.why
    assert caught.value.next_step == "tinygen boards"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["", "qemu-cortex-m", "qemu.cortex.m4", "no", "../etc/passwd"])
def test_another_name_is_no_board(name: str) -> None:
    with pytest.raises(InputError):
        get_board(name)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('core = "cortex-m4"', 'core = "cortex-m4"\ncolour = "red"', "unknown key colour"),
        ("clock_hz =", "clock =", "unknown key device.clock"),
        ("clock_hz = 25_000_000", "", "key device.clock_hz is missing"),
        ('type = "qemu"', 'type = "qmeu"', "device.type is 'qmeu'; did you mean qemu?"),
        (
            'type = "qemu"',
            "",
            "the key device.type is missing; it must be one of qemu, serial, linux",
        ),
        ('type = "qemu"', "type = []", "device.type is []"),
        ('type = "qemu"', 'type = "serial"', "unknown key device.program"),
        ("[device]\n", "[[device]]\n", "device is [{"),
        ("[device]\n", "[emulator]\n", "the key emulator is of an older tinygen: [device] with"),
        ('type = "cmsdk"', 'type = "16550"', "serial.uart.type is '16550'"),
        ('extensions = ["dsp"]', 'extensions = ["mve"]', "'mve', which no cortex-m4 has"),
        (
            'board = "qemu-cortex-m4"',
            'board = "x"\nframework = "arduino"',
            "port cortex_m wants it",
        ),
        ('platform = "tinygen-emulated"', 'platform = "tinygen-emulatd"', "has [toolchain]"),
        ('board = "qemu-cortex-m4"', 'board = "x"\noptions = { board = "y" }', "platformio.board"),
        (
            'board = "qemu-cortex-m4"',
            'board = "x"\noptions = { upload_protcol = "jlink" }',
            "did you mean upload_protocol?",
        ),
        ("bytes = 0x400000 }\n\n", "bytes = 0xFFFFFFFF }\n\n", "memory.ram: origin and bytes"),
        ("stack_bytes = 8192", 'stack_bytes = "8192"', "stack_bytes is '8192'"),
        ("stack_bytes = 8192", "stack_bytes = true", "stack_bytes is True"),
        ("stack_bytes = 8192", "stack_bytes = -1", "stack_bytes is -1"),
        ("stack_bytes = 8192", "stack_bytes = 0x400000", "leaves no RAM"),
        (
            'available = ["aot", "tflm"]',
            'available = "aot"',
            "engines.available is 'aot'; it must be a list",
        ),
        (
            'available = ["aot", "tflm"]',
            "available = [1]",
            "engines.available is 1; it must be one of aot",
        ),
        ('default = "aot"', 'default = "other"', "engines.default"),
        ('extensions = ["dsp"]', 'extensions = ["dps"]', "extensions is 'dps'"),
        ('extensions = ["dsp"]', 'extensions = ["dsp", "dsp"]', "extensions"),
        ('default = "aot"', 'default = "aot"\nkernel_sets = ["dsp"]', "engines.kernel_sets"),
        ("baud = 115200", "baud = 0", "serial.baud"),
        ("baud = 115200", 'baud = 115200\nusb_ids = ["2341:005a"]', "it is device.usb_ids"),
        ("baud = 115200", "baud = 115200\nwindow = 0", "serial.window"),
        ('port = "cortex_m"', 'port = "arduino"', "the port arduino"),
        ('port = "cortex_m"', 'port = "cortex_m"\nticks = "dwt"', "ticks"),
        ('board = "qemu-cortex-m4"', 'board = "x"\nframework = "arduino"', "the port cortex_m"),
        (
            'board = "qemu-cortex-m4"',
            'board = "x"\noptions = ["a"]',
            "platformio.options is ['a']; it must be a table",
        ),
        ('board = "qemu-cortex-m4"', 'board = "x"\noptions = { a = 1 }', "platformio.options.a"),
        ("[memory]", "[memory", "line"),
    ],
)
def test_a_wrong_board_file(old: str, new: str, told: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        parse_board(TEXT.replace(old, new), "mine.toml")
    assert "mine.toml" in caught.value.what
    assert told in caught.value.why


def test_a_board_file_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "my-board.toml"
    path.write_text(TEXT.replace('id = "qemu-cortex-m4"', 'id = "my-board"'))
    assert get_board(path).id == "my-board"
    assert get_board(str(path)).memory == get_board("qemu-cortex-m4").memory
    path.write_text(TEXT)
    with pytest.raises(InputError, match=r"my-board\.toml"):
        get_board(path)
    with pytest.raises(InputError, match="cannot be read"):
        get_board(tmp_path / "absent.toml")


@pytest.mark.parametrize("board_id", LOCAL)
def test_the_checkouts_platform_follows_the_board_files(board_id: str) -> None:
    """If not: python -m tinygen.project.firmware"""
    path = firmware_dir() / "platform" / LOCAL_PLATFORM / "boards" / f"{board_id}.json"
    assert path.read_bytes() == platformio_board(get_board(board_id))


@pytest.mark.parametrize("board_id", [i for i in LOCAL if get_board(i).port.bare])
def test_the_linkers_numbers(board_id: str) -> None:
    board = get_board(board_id)
    content = json.loads(platformio_board(board))
    memory = content["build"]["memory"]
    assert memory["TG_RAM_ORIGIN"] == board.memory.ram.origin
    vectors = memory["TG_VECTORS_SIZE"] if board.memory.vectors_origin is None else 0
    assert memory["TG_FLASH_SIZE"] + vectors == board.memory.flash.bytes


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_files_of_a_project(board_id: str) -> None:
    board = get_board(board_id)
    hal, root, platform = hal_files(board), root_files(board), platform_files(board)
    assert "src/hal/tg_hal.h" in hal
    assert [name for name in root if name.startswith("src/main.")] == [main_file(board)]
    assert bool(platform) == board.platformio.local
    if board.port is Port.CORTEX_M:
        assert board.serial.uart is not None
        uarts = {name for name in hal if "/uart_" in name}
        assert uarts == {f"src/hal/uart_{board.serial.uart.type.value}.c"}
    if board.ticks is not None:
        ticks = {name for name in hal if "/ticks_" in name}
        assert ticks == {f"src/hal/ticks_{board.ticks.value}.cpp"}
    # What a board's own flags say, the flags of its port do not say again.
    flags = port_flags(board)
    assert bool(flags) == bool(board.platformio.framework)
    assert not {f.split("=")[0] for f in flags} & {
        f.split("=")[0] for f in board.platformio.build_flags
    }
    for name, data in (hal | root | platform).items():
        assert not name.startswith("/")
        assert str(Path.home()).encode() not in data


NUCLEO = (FOLDER / "nucleo_f446re.toml").read_text()


def _with_protocol(protocol: str, *options: str) -> str:
    table = "".join(f"\n{option}" for option in ("[platformio.options]", *options) if options)
    return NUCLEO.replace('"stlink"', f'"{protocol}"').replace("\n[memory]", f"{table}\n\n[memory]")


def test_another_probe_than_the_boards_own() -> None:
    """A J-Link at a Nucleo: PlatformIO has to be asked for it, and then is."""
    board = parse_board(_with_protocol("jlink", 'upload_protocol = "jlink"'), "mine.toml")
    assert isinstance(board.device, Serial)
    assert board.device.upload.protocol == board.platformio.options["upload_protocol"] == "jlink"
    # What tinygen has not heard of, PlatformIO may know: it is asked by name.
    parse_board(_with_protocol("new-probe", 'upload_protocol = "new-probe"'), "mine.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_with_protocol("stlnk"), "upload.protocol is 'stlnk'; did you mean stlink?"),
        (_with_protocol("stlink", 'upload_protocol = "jlink"'), "asks PlatformIO for 'jlink'"),
        (_with_protocol("new-probe"), "set platformio.options.upload_protocol to it as well"),
    ],
)
def test_a_protocol_that_would_not_be_taken(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_board(text, "mine.toml")
    assert told in caught.value.why
