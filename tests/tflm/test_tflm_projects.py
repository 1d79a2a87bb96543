"""Every board's project with TensorFlow Lite Micro (its stand-in), rendered: what the board's file
asks for."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

import tinygen.boards
from tests.tflm.stand_in.fixtures import pools, stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.api.build import generate
from tinygen.boards import Port, Serial, TflmFrom, all_boards, get_board
from tinygen.engines.tflm import kernel_set
from tinygen.engines.tflm.arena import OTHER_COMPILER_BYTES
from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.errors import InputError

pytestmark = pytest.mark.usefixtures("stand_in_tree")

SCRATCH = {KernelSet.CMSIS_NN: 16, KernelSet.ESP_NN_S3: 160}
HARDWARE = [
    board.id
    for board in all_boards()
    if isinstance(board.device, Serial) and "tflm" in board.engines.available
]


@pytest.mark.parametrize("board_id", HARDWARE)
def test_a_boards_project(board_id: str, pools: Path, tmp_path: Path) -> None:  # noqa: F811
    board = get_board(board_id)
    made = generate(pools, board=board_id, out=tmp_path / "p")
    assert made.engine == "tflm"
    kernels = KernelSet(made.kernel_set)
    assert kernels is kernel_set(board)
    # As measured on an emulated core, scratch of the kernels included, and a margin for another
    # compiler; the stand-in's functions for the ESP32-S3 ask for 160 bytes of scratch.
    margin = 0 if board.toolchain else OTHER_COMPILER_BYTES
    assert made.arena_bytes == 1456 + SCRATCH.get(kernels, 0) + margin
    files = {p.relative_to(made.project).as_posix() for p in made.project.rglob("*")}
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(made.project / "platformio.ini")
    env = ini[f"env:{board_id}"]
    flags = env["build_flags"].split()
    assert "-DTF_LITE_STATIC_MEMORY" in flags
    assert "src/tflm/tg_tflm.cc" in files
    # Freedom E SDK links no C++ library.
    assert ("src/hal/cxx_bare.c" in files) == (board.port is Port.METAL)
    if board.engines.tflm_from is not TflmFrom.SOURCES:
        assert not any(name.startswith("lib/tflm") for name in files), "no second library"
        assert env["extra_scripts"] == "pre:src/protocol/build_id.py"
        assert ("src/idf_component.yml" in files) == (board.port.value == "esp_idf")
        return
    assert env["extra_scripts"] == "pre:src/protocol/build_id.py, pre:lib/tflm/build.py"
    assert {"lib/tflm/build.py", "src/tflm/core.cc"} <= files
    vendor = VENDORS.get(kernels)
    assert {f"-D{define}" for define in (vendor.defines if vendor else ())} <= set(flags)
    includes = [flag[2:] for flag in flags if flag.startswith("-Ilib/")]
    assert all((made.project / folder).is_dir() for folder in includes)


def test_the_frameworks_own_library_has_no_other_kernels() -> None:
    board = get_board("esp32c6")
    assert kernel_set(board) is KernelSet.ESP_NN
    with pytest.raises(InputError, match="no kernel set reference"):
        kernel_set(board, "reference")


def test_an_arduino_core_that_brings_the_library_along(
    pools: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    """As pioarduino's does: a board file of the user's own says so."""
    text = (Path(tinygen.boards.__file__).parent / "esp32s3.toml").read_text("utf-8")
    for old, new in (
        ('id = "esp32s3"', 'id = "mine"'),
        ('["esp_nn_s3", "esp_nn", "reference"]', '["esp_nn_s3"]\ntflm_from = "arduino_core"'),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    made = generate(pools, board=str(tmp_path / "mine.toml"), out=tmp_path / "p")
    assert made.kernel_set == "esp_nn_s3"
    files = {p.relative_to(made.project).as_posix() for p in made.project.rglob("*")}
    assert "src/tflm/tg_tflm.cc" in files
    assert not files & {"lib/tflm", "src/tflm/core.cc", "src/tflm/tg_tflm_log.cc"}
    ini = (made.project / "platformio.ini").read_text("utf-8")
    assert "extra_scripts = pre:src/protocol/build_id.py\n" in ini
    assert "TF_LITE_STATIC_MEMORY" in ini
