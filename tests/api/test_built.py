"""Whether a device runs the project's own firmware: what differs is named for both sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tinygen.api.built import Built
from tinygen.boards import get_board
from tinygen.devices.link import Hello
from tinygen.devices.link.frames import Feature
from tinygen.errors import DeviceError, InputError
from tinygen.pio.elf import Stamp

BOARD = get_board("qemu-cortex-m3")
MINE, OTHER = "1a" * 16, "2b" * 16
PROJECT = SimpleNamespace(
    path=Path("build/p"),
    model="kws",
    model_sha256="c3" * 32,
    manifest=SimpleNamespace(engine="aot"),
)
BUILT = Built(cast(Any, PROJECT), BOARD, MINE, Path("firmware.elf"), Stamp(MINE, "12.2.1"))
HELLO = Hello(
    protocol=2,
    build_id=MINE,
    model_sha256="c3" * 32,
    model="kws",
    engine="aot",
    board=BOARD.id,
    compiler="12.2.1",
    features=Feature(0),
    layers=0,
    inputs=(),
    outputs=(),
    arena_bytes=0,
    arena_used=0,
    tick_hz=1,
    init_ticks=0,
    payload=64,
    window=1,
    model_status=0,
    reset="",
    fault="",
    fastest=0,
)


def test_the_same_firmware() -> None:
    BUILT.require_on(HELLO)
    assert BUILT.require_current() == Path("firmware.elf")
    # Without an ELF file, as in a checkout of a project, the sources still tell.
    replace(BUILT, elf=None, stamp=None).require_on(HELLO)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model_sha256": "d4" * 32, "model": "vww"}, ("vww", "kws", "d4" * 6, "c3" * 6)),
        ({"board": "pico"}, ("pico", BOARD.id)),
        ({"engine": "tflm"}, ("tflm", "aot")),
        ({}, (OTHER[:12], MINE[:12])),
    ],
    ids=["model", "board", "engine", "build"],
)
def test_other_firmware_is_named_with_ours(change: dict[str, Any], named: tuple[str, ...]) -> None:
    with pytest.raises(DeviceError) as caught:
        BUILT.require_on(replace(HELLO, build_id=OTHER, **change))
    assert all(name in caught.value.what for name in named), caught.value.what
    assert caught.value.next_step == "tinygen flash build/p"


def test_an_edit_after_the_build_has_to_be_built() -> None:
    edited = replace(BUILT, stamp=Stamp(OTHER, "12.2.1"))
    with pytest.raises(DeviceError) as caught:
        edited.require_on(replace(HELLO, build_id=OTHER))
    assert "changed since it was built" in caught.value.why
    assert "pio run -d build/p" in caught.value.next_step
    with pytest.raises(InputError, match="has changed since it was built") as stale:
        edited.require_current()
    assert OTHER[:12] in stale.value.why
    assert MINE[:12] in stale.value.why


def test_the_same_sources_by_another_compiler_are_other_firmware() -> None:
    with pytest.raises(DeviceError, match=r"version 13\.1\.0, the project's by 12\.2\.1"):
        BUILT.require_on(replace(HELLO, compiler="13.1.0"))
    # Of an ELF file that is not the project's any more, nothing follows.
    replace(BUILT, stamp=Stamp(OTHER, "9")).require_on(HELLO)


def test_what_was_not_built_or_by_an_older_tinygen() -> None:
    with pytest.raises(InputError, match="has not been built"):
        replace(BUILT, elf=None, stamp=None).require_current()
    with pytest.raises(InputError, match="has changed since it was built") as caught:
        replace(BUILT, stamp=None).require_current()
    assert "an older tinygen" in caught.value.why
