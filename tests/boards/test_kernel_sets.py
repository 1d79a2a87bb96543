"""Which kernel sets there are on a board: those that exist and whose needs its core meets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from tinygen.boards import BOARD_IDS, Extension, all_boards, get_board
from tinygen.engines import ENGINES, kernel_sets, tflm
from tinygen.engines.aot import kernel_sets as aot_sets
from tinygen.engines.aot.kernel_sets import KernelSet, Portable
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.errors import InputError

TFLM = {
    "qemu-cortex-m0": ("cmsis_nn", "reference"),
    "qemu-cortex-m3": ("cmsis_nn", "esp_nn", "reference"),
    "qemu-cortex-m4": ("cmsis_nn", "esp_nn", "reference"),
    "qemu-cortex-m7": ("cmsis_nn", "reference"),
    "qemu-cortex-m33": ("cmsis_nn", "reference"),
    "qemu-cortex-m55": ("cmsis_nn", "reference"),
    "qemu-hifive1": ("reference",),
    "qemu-mega2560": ("reference",),
    "qemu-xtensa": ("reference",),
    "qemu-aarch64": ("reference",),
    "qemu-armhf": ("reference",),
    "linux-x86_64": ("reference",),
    "linux-aarch64": ("reference",),
    "linux-armhf": ("reference",),
    "raspberrypi3": ("reference",),
    "raspberrypi3_32": ("reference",),
    "raspberrypi4": ("reference",),
    "raspberrypi5": ("reference",),
    "raspberrypi_zero2w": ("reference",),
    "esp32": ("esp_nn", "reference"),
    "esp32s3": ("esp_nn_s3", "esp_nn", "reference"),
    "esp32c3": ("esp_nn", "reference"),
    "esp32c6": ("esp_nn",),
    "xiao_esp32s3": ("esp_nn_s3", "esp_nn", "reference"),
    "pico": ("reference",),
    "pico2": ("cmsis_nn", "reference"),
    "nano33ble": ("reference",),
    "portenta_h7": ("reference",),
    "nucleo_f446re": ("cmsis_nn", "reference"),
    "nucleo_h743zi": ("cmsis_nn", "reference"),
    "disco_l475vg_iot01a": ("cmsis_nn", "reference"),
    "teensy41": ("cmsis_nn", "reference"),
    "nrf52840_dk": ("reference",),
    "feather_nrf52840": ("reference",),
    "hifive1_revb": ("reference",),
    "microbit": ("reference",),
    "uno": ("reference",),
    "mega2560": ("reference",),
}


class Helium(KernelSet):
    """A set that wants more of a core than portable does."""

    name = "helium"
    requires = frozenset({Extension.DSP, Extension.MVE})

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        yield Declined(f"{site.node.op.kind} is not written")


def test_the_sets_of_tflm() -> None:
    assert {board.id: tflm.kernel_sets(board) for board in all_boards()} == TFLM


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_portable_is_everywhere_and_last(board_id: str) -> None:
    assert ENGINES["aot"].kernel_sets(get_board(board_id))[-1] == "portable"


def test_a_set_is_where_its_needs_are_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aot_sets, "KERNEL_SETS", (Helium(), Portable()))
    there = [b.id for b in all_boards() if "helium" in ENGINES["aot"].kernel_sets(b)]
    assert there == ["qemu-cortex-m55"]


def test_a_core_without_them_has_no_kernels_with_vectors() -> None:
    board = get_board("esp32s3")
    assert tflm.kernel_sets(board)[0] == "esp_nn_s3"
    plain = dataclasses.replace(board, extensions=(Extension.MAC16,))
    with pytest.raises(InputError, match="esp_nn_s3") as raised:
        tflm.kernel_sets(plain)
    assert "it requires pie; the board's extensions: mac16" in raised.value.why


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_boards_own_engine_comes_first(board_id: str) -> None:
    board = get_board(board_id)
    assert next(iter(kernel_sets(board))) == board.engines.default
    assert sorted(kernel_sets(board)) == sorted(board.engines.available)
