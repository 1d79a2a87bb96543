"""What executed blocks would take on a Cortex-M4, by the timings of its Technical Reference Manual.

A model, not a measurement: memory without wait states, and of the pipeline only what stands in the
manual's table "Instruction set summary" and its "Load/store timings".

    data processing, multiplication, multiply-accumulate   1
    load                                                   2; 1 behind another that it does not need
    store                                                  1
    LDRD, STRD, LDM, STM, PUSH, POP                        1 and 1 for each register
    division                                               7, of 2 to 12
    what is taken of branches, and loads of the PC         2 more
    floating point: division and root; VMLA                14; 3
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.counting.blocks import Block, Instruction, Program

TAKEN = 2
"""Refilling the pipeline takes 1 to 3."""

_SEVERAL = re.compile(r"(ldm|stm|push|pop|vldm|vstm|vpush|vpop)")
_SLOW = {"sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14, "vmla": 3, "vmls": 3, "vfma": 3, "tbb": 2,
         "tbh": 2, "ldrd": 3, "strd": 3}  # fmt: skip
_REGISTER = re.compile(r"\b(?:[rsd]\d+|sl|fp|ip|sp|lr|pc)\b")
_RANGE = re.compile(r"\b([rsd])(\d+)\s*-\s*[rsd]?(\d+)")


def cycles(program: Program, blocks: Iterable[Block]) -> int:
    """Of all that was executed of the blocks."""
    return sum(
        one.times * _straight(program.between(one.first, one.last)) + TAKEN * one.taken
        for one in blocks
    )


def _straight(instructions: tuple[Instruction, ...]) -> int:
    total = 0
    loaded = ""  # by the instruction before, if it was a load of one register
    for one in instructions:
        several = _SEVERAL.match(one.mnemonic)
        slow = next((n for stem, n in _SLOW.items() if one.mnemonic.startswith(stem)), None)
        if several:
            total += 1 + _registers(one.operands)
        elif slow is not None:
            total += slow
        elif one.mnemonic.startswith(("ldr", "vldr")):
            target, _, address = one.operands.partition(",")
            needed = set(_REGISTER.findall(address))
            total += 1 if loaded and loaded not in needed else 2
            loaded = target.strip()
            continue
        else:
            total += 1
        loaded = ""
    return total


def _registers(operands: str) -> int:
    inside = operands[operands.find("{") + 1 : operands.rfind("}")]
    several = sum(int(last) - int(first) for _, first, last in _RANGE.findall(inside))
    words = 2 if inside.startswith("d") else 1
    return words * (len(inside.split(",")) + several)
