"""Every board's project, rendered: what PlatformIO reads in it is what the board file says."""

from __future__ import annotations

import configparser
from dataclasses import replace

import pytest
from platformio.project.config import ProjectConfig

from tinygen.boards import BOARD_IDS, Board, Port, Serial, get_board
from tinygen.project import sources
from tinygen.project.platformio import platformio_files
from tinygen.templates import Identity

IDENTITY = Identity(name="m", engine="aot", board="b", sha256="0" * 64, version="1")


def _environment(board: Board) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(platformio_files(board, IDENTITY)["platformio.ini"])
    assert parser["platformio"]["default_envs"] == board.id
    assert ("platforms_dir" in parser["platformio"]) == board.platformio.local
    return parser[f"env:{board.id}"]


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_platformio_ini(board_id: str) -> None:
    board = get_board(board_id)
    env = _environment(board)
    assert env["platform"] == board.platformio.platform
    assert env["board"] == board.platformio.board
    assert env.get("framework", "") == board.platformio.framework
    assert env.get("build_unflags", "").split() == list(board.platformio.build_unflags)
    flags = env["build_flags"].split()
    assert set(board.platformio.build_flags) <= set(flags)
    for name, value in board.platformio.options.items():
        assert env[name] == value
    if isinstance(board.device, Serial):
        assert "@" in env["platform"] or "#" in env["platform"], "the platform is not pinned"
        assert f"-DTG_PAYLOAD_BYTES={board.protocol_payload}U" in flags
        assert f"-DTG_WINDOW={board.serial.window}U" in flags


def test_every_script_runs_in_one_line_of_the_options() -> None:
    """An engine's, a user's own board file's and ours: PlatformIO knows no option twice."""
    board = get_board("pico")
    scripts = ("src/protocol/build_id.py", "lib/tflm/build.py")
    ini = platformio_files(board, IDENTITY, scripts=scripts)["platformio.ini"]
    assert "extra_scripts = pre:src/protocol/build_id.py, pre:lib/tflm/build.py\n" in ini
    own = {**board.platformio.options, "extra_scripts": "post:mine.py"}
    board = replace(board, platformio=replace(board.platformio, options=own))
    ini = platformio_files(board, IDENTITY, scripts=scripts)["platformio.ini"]
    assert ini.count("extra_scripts") == 1
    line = ini[ini.index("extra_scripts") :].splitlines()[0]
    assert ProjectConfig.parse_multi_values(line.partition("=")[2]) == [
        "pre:src/protocol/build_id.py",
        "pre:lib/tflm/build.py",
        "post:mine.py",
    ]
    assert "extra_scripts = post:mine.py\n" in platformio_files(board, IDENTITY)["platformio.ini"]


@pytest.mark.parametrize(
    ("board_id", "name", "value"),
    [
        ("esp32", "board_build.partitions", "huge_app.csv"),
        ("esp32s3", "board_build.partitions", "default_8MB.csv"),
        ("teensy41", "upload_protocol", "teensy-cli"),  # the default opens a window
        ("feather_nrf52840", "lib_archive", "no"),
        ("feather_nrf52840", "lib_ldf_mode", "chain"),
        ("portenta_h7", "board_build.arduino.flash_layout", "50_50"),
        ("hifive1_revb", "board_build.freedom-e-sdk.heap_size", "0"),
    ],
)
def test_quirks(board_id: str, name: str, value: str) -> None:
    assert _environment(get_board(board_id))[name] == value


def test_freedom_metal_keeps_the_boards_stack() -> None:
    board = get_board("hifive1_revb")
    stack = _environment(board)["board_build.freedom-e-sdk.stack_size"]
    assert int(stack) == board.stack_bytes


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_every_source_finds_its_headers(board_id: str) -> None:
    """Of our own headers, that is: each is in one of the folders the flags name."""
    board = get_board(board_id)
    files = sources.project_files(board)
    include = [flag[2:] for flag in _environment(board)["build_flags"].split() if flag[:2] == "-I"]
    generated = {"model.h", "tg_mlperf.h"}  # the latter with --protocol mlperf alone
    for path, content in files.items():
        if not path.startswith("src/") or not path.endswith((".c", ".h", ".cpp")):
            continue
        for line in content.decode().splitlines():
            if line.startswith('#include "') and ("tg_" in line or "model" in line):
                name = line.split('"')[1]
                places = [f"{folder}/{name}" for folder in include]
                assert name in generated or any(place in files for place in places), (path, name)
    if board.port is Port.ESP_IDF:
        assert {"CMakeLists.txt", "src/CMakeLists.txt", "sdkconfig.defaults"} <= set(files)
