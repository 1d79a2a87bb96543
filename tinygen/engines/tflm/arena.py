"""The arena: the smallest that allocates and computes correctly, by trying, and what is built of
that. Pure but for the trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinygen.boards import ArenaPlace, Board, Port
from tinygen.boards.fit import place_arena
from tinygen.errors import TinygenError, ToolchainError, UnsupportedModel

STEP = 16
"""Bytes: arenas are multiples of this, as TFLM aligns them."""

INVOKES = 2
"""Runs of a trial that computes; their inputs differ."""

OTHER_COMPILER_BYTES = 128
"""Added where the device's compiler is not the one measured with."""

COMPUTED_SHARE = 0.02
"""Added to what was computed, beside those bytes: what is computed was never less than was measured
(`tests/tflm`), on the compilers that are here."""


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


@dataclass(frozen=True)
class Measured:
    """What is needed with our memory plan and with TFLM's own, measured on the board `board`, or
    computed where nothing could be measured: then `not_measured` says why."""

    planned: Need
    greedy: Need
    board: str
    not_measured: str = ""

    @property
    def best(self) -> Need:
        """The smaller of the two: that plan is built."""
        return self.planned if self.offline_plan else self.greedy

    @property
    def offline_plan(self) -> bool:
        """Whether our memory plan is the better one."""
        return self.planned.bytes < self.greedy.bytes


@dataclass(frozen=True)
class Arena:
    """The tensor arena of a firmware: its size in bytes, where it lies, what is known of it.

    `measured` is None where the size was asked for and nothing was measured before.
    """

    bytes: int
    place: ArenaPlace
    measured: Measured | None
    asked: bool
    """Whether the user chose the size."""
    estimated: bool
    """Whether the device's core is another one than was measured on, or nothing was measured."""

    @property
    def needed(self) -> int | None:
        """The least that worked where it was measured."""
        if self.measured is None or self.measured.not_measured:
            return None
        return self.measured.best.bytes

    @property
    def offline_plan(self) -> bool:
        """Whether the model carries our memory plan."""
        return self.measured is None or self.measured.offline_plan


def choose(board: Board, core: Board, measured: Measured | None, asked: int | None) -> Arena:
    """The arena of `board`, of which `core` is the emulated one; `asked` is the user's size.

    DoesNotFit when the board has no room for it.
    """
    size = asked
    if size is None:
        assert measured is not None  # it is measured unless a size was asked for
        size = measured.best.bytes
        if measured.not_measured:
            size = with_margin(size)
        elif board.toolchain != core.toolchain:
            size += OTHER_COMPILER_BYTES
    return Arena(
        bytes=size,
        place=place_arena(board, size),
        measured=measured,
        asked=asked is not None,
        estimated=(board.core != core.core and not _alike(board, core))
        or (measured is not None and bool(measured.not_measured)),
    )


def _alike(board: Board, core: Board) -> bool:
    """Whether the arenas of two cores are the same nevertheless: those of programs of one Linux,
    whose kernels and pointers are, and the Cortex-M0's and Cortex-M3's."""
    return board.core.startswith("cortex-m0") or (
        board.port is core.port is Port.POSIX
        and board.toolchain is not None
        and core.toolchain is not None
        and board.toolchain.prefix == core.toolchain.prefix
    )


class DoesNotRun(ToolchainError):
    """The model does not run in the largest arena that is tried."""

    def because(self, words: str, other_kernels: str = "") -> TinygenError:
        """The error with what TensorFlow Lite Micro said: it is seldom for want of memory, and of
        `other_kernels`, where there are some, may not be so."""
        hint = f"; or --kernel-set {other_kernels}" if other_kernels else ""
        hint += "; --arena BYTES skips the run on the emulated core that found it"
        return not_run(words, hint) if words else self


def not_run(words: str, hint: str = "") -> UnsupportedModel:
    """The error for a model that TensorFlow Lite Micro refuses with these words."""
    return UnsupportedModel(
        "TensorFlow Lite Micro does not run the model",
        why=words,
        next_step=f"--engine aot, or change the model{hint}",
    )


def smallest(attempt: Try, ceiling: int, invokes: int = INVOKES) -> Need:
    """The smallest arena of at most `ceiling` bytes. DoesNotRun when that is too small. Without
    `invokes` the smallest that allocates."""
    truth = attempt(ceiling, invokes)
    if not truth.ok:
        raise DoesNotRun(
            f"the model does not run on the emulated core in an arena of {ceiling:,} bytes",
            why="the arena is sized by running the model there",
            next_step="--arena BYTES sets a size without measuring",
        )

    def allocates(size: int) -> bool:
        return attempt(size, 0).ok

    def computes(size: int) -> bool:
        trial = attempt(size, invokes)
        return trial.ok and trial.outputs == truth.outputs

    size = _lowest(allocates, aligned(truth.used), ceiling)
    # What allocates nearly always computes; where not, look above with the costlier question.
    if invokes and not computes(size):
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


def most_trials(ceiling: int) -> int:
    """At most so many attempts `smallest` makes: to and fro in steps that double, for each of its
    two questions."""
    return 2 + 2 * 2 * (ceiling // STEP).bit_length()


def with_margin(computed: int) -> int:
    """What is built where the arena was computed: no compiler that was tried needed as much."""
    return aligned(computed + int(computed * COMPUTED_SHARE) + OTHER_COMPILER_BYTES)


def aligned(size: int) -> int:
    """The next multiple of STEP, in bytes."""
    return -(-size // STEP) * STEP
