"""What the board files say about a core, held against what the compiler makes of its flags."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tinygen.boards import Extension, Fpu, Port, all_boards, get_board

CORTEX_M = [board.id for board in all_boards() if board.port is Port.CORTEX_M]


def _macros(board_id: str, include: str | None = None) -> dict[str, str]:
    """The compiler's macros for a board, with one of its headers included if asked for."""
    toolchain = get_board(board_id).toolchain
    assert toolchain is not None
    compiler = shutil.which(f"{toolchain.prefix}-gcc")
    if compiler is None:
        pytest.skip(f"{toolchain.prefix}-gcc is not installed")
    source = f"#include <{include}>\n" if include else ""
    done = subprocess.run(
        [compiler, *toolchain.core_flags, "-dM", "-E", "-x", "c", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(re.findall(r"^#define (\w+) (.*)$", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("board_id", CORTEX_M)
def test_the_extensions_are_what_the_core_has(board_id: str) -> None:
    macros = _macros(board_id, include="arm_acle.h")
    features = {Extension.DSP: "__ARM_FEATURE_DSP", Extension.MVE: "__ARM_FEATURE_MVE"}
    expected = {extension for extension, macro in features.items() if macro in macros}
    assert set(get_board(board_id).extensions) == expected


def test_the_extensions_of_a_risc_v_are_in_its_name() -> None:
    assert "__riscv_muldiv" in _macros("qemu-hifive1")
    for board in all_boards():
        if board.core.startswith("rv32i"):
            assert (Extension.M in board.extensions) == ("m" in board.core)


def test_boards_of_one_core_have_the_same_extensions() -> None:
    """Armv8-M leaves DSP open on the Cortex-M33; every one of ours has it."""
    found: dict[str, set[tuple[Extension, ...]]] = {}
    for board in all_boards():
        found.setdefault(board.core, set()).add(board.extensions)
    assert all(len(extensions) == 1 for extensions in found.values())


@pytest.mark.parametrize("board_id", CORTEX_M)
def test_the_fpu_is_what_the_core_has(board_id: str) -> None:
    macros = _macros(board_id)
    widths = int(macros.get("__ARM_FP", "0"), 0)
    expected = {Fpu.NONE: (False, False), Fpu.SINGLE: (True, False), Fpu.DOUBLE: (True, True)}
    assert (bool(widths & 4), bool(widths & 8)) == expected[get_board(board_id).fpu]


def test_helium_has_its_header() -> None:
    assert "_GCC_ARM_MVE_H" in _macros("qemu-cortex-m55", include="arm_mve.h")
