"""The smallest arena that allocates and computes correctly, by trying. Pure but for the trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinygen.errors import ToolchainError

STEP = 16
"""Bytes: arenas are multiples of this, as TFLM aligns them."""

INVOKES = 2
"""Runs of a trial that computes; their inputs differ."""

OTHER_COMPILER_BYTES = 128
"""Added where the device's compiler is not the one measured with."""


@dataclass(frozen=True)
class Trial:
    """What came of running in an arena of so many bytes. Not `ok`: failed, faulted or hung."""

    ok: bool
    used: int = 0
    """Bytes of the arena, as TFLM counts them."""
    outputs: int = 0
    """CRC-32 of all outputs."""
    start_ticks: int = 0


Try = Callable[[int, int], Trial]
"""`attempt(bytes, invokes)`; with 0 invokes it only allocates."""


@dataclass(frozen=True)
class Need:
    """`bytes` is the smallest multiple of 16 that works; `used` is what TFLM says it uses."""

    bytes: int
    used: int
    start_ticks: int


def smallest(attempt: Try, ceiling: int) -> Need:
    """The smallest arena of at most `ceiling` bytes. ToolchainError when that is too small."""
    truth = attempt(ceiling, INVOKES)
    if not truth.ok:
        raise ToolchainError(
            f"the model does not run on the emulated core in an arena of {ceiling:,} bytes",
            why="the arena is sized by running the model there",
            next_step="--arena BYTES sets a size without measuring",
        )

    def allocates(size: int) -> bool:
        return attempt(size, 0).ok

    def computes(size: int) -> bool:
        trial = attempt(size, INVOKES)
        return trial.ok and trial.outputs == truth.outputs

    size = _lowest(allocates, _aligned(truth.used), ceiling)
    # What allocates nearly always computes; where not, look above with the costlier question.
    if not computes(size):
        size = _lowest(computes, size + STEP, ceiling)
    return Need(size, truth.used, truth.start_ticks)


def _lowest(works: Callable[[int], bool], guess: int, ceiling: int) -> int:
    """The lowest multiple of STEP that works, looked for outwards from `guess`."""
    ceiling = ceiling // STEP * STEP
    guess = max(STEP, min(guess, ceiling))
    low, high = 0, ceiling  # low fails, high works
    step = STEP
    if works(guess):
        high = guess
        while high - step > 0 and works(high - step):
            high -= step
            step *= 2
        low = max(0, high - step)
    else:
        low = guess
        while low + step < ceiling and not works(low + step):
            low += step
            step *= 2
        high = min(ceiling, low + step)
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        if works(middle):
            high = middle
        else:
            low = middle
    return high


def _aligned(size: int) -> int:
    return -(-size // STEP) * STEP
