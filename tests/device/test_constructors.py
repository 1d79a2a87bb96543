"""Objects of C++ in a user's program, on boards whose start-up is ours: constructed before it
runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen.api.build import build, generate
from tinygen.api.flash import flash
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.errors import ToolchainError
from tinygen.proof.verdict import Verdict

PROGRAM = """
#include "model.h"
#include "tg_app.h"

static volatile int seven = 7;
static int order;

struct Sensor {
  virtual ~Sensor() {
    order = -1;
  }
  virtual int read() const = 0;
};

struct Fixed : Sensor {
  const int value;
  const int place;
  explicit Fixed(int factor) : value(factor * seven), place(order++) {
  }
  int read() const override {
    return value;
  }
};

static Fixed second(6);
__attribute__((init_priority(200))) Fixed first(3);

static const Sensor &third() {
  static Fixed made(5);
  return made;
}

extern "C" void app_setup(void) {
  const Sensor *const all[] = {&first, &second};
  const bool right = all[0]->read() == 21 && all[1]->read() == 42 && third().read() == 35;
  if (!right || first.place != 0 || second.place != 1 || order != 3) {
    __builtin_trap();
  }
}

extern "C" void app_loop(void) {
}
"""
TRIPLES = {
    "qemu-cortex-m0": "arm-none-eabi",
    "qemu-cortex-m4": "arm-none-eabi",
    "qemu-hifive1": "riscv64-unknown-elf",
    "qemu-xtensa": "xtensa-lx106-elf",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A project's, whose emulator is ended."""
    yield tmp_path / "p"
    qemu.stop(tmp_path / "p" / ".tinygen")


def built(folder: Path, board: str, program: str) -> str:
    """The symbols of its firmware."""
    generate(GOLDEN_MODEL, board=board, engine="aot", out=folder)
    (folder / "src/app.c").unlink()
    (folder / "src/app.cpp").write_text(program)
    elf = build(GOLDEN_MODEL, board=board, engine="aot", out=folder).elf
    command = [f"{TRIPLES[board]}-nm", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return str(done.stdout)


@pytest.mark.parametrize("board", TRIPLES)
def test_they_are_constructed_in_order_before_the_program(board: str, folder: Path) -> None:
    symbols = built(folder, board, PROGRAM)
    assert " tg_construct_main\n" in symbols
    flash(folder)
    assert verify(folder, vectors=3).verdict is Verdict.MATCH


def test_a_program_without_any_has_no_code_for_them(folder: Path) -> None:
    plain = 'extern "C" void app_setup(void) {}\nextern "C" void app_loop(void) {}\n'
    symbols = built(folder, "qemu-cortex-m4", plain)
    assert "construct" not in symbols.replace("tg_constructors_start", "").replace(
        "tg_constructors_end", ""
    )
    assert "__cxa" not in symbols


@pytest.mark.parametrize("board", ["qemu-cortex-m4", "qemu-xtensa"])
def test_a_heap_is_missed_by_name(board: str, folder: Path) -> None:
    program = PROGRAM.replace("static Fixed second(6);", "static Fixed &second = *new Fixed(6);")
    with pytest.raises(ToolchainError) as caught:
        built(folder, board, program)
    assert caught.value.what == f"the program asks for memory at run time, and {board} has no heap"
    assert "operator new(unsigned int)" in caught.value.why
