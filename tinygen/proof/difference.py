"""How a tensor on the device differs from what it should be: how much, where, and what that is
like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.ir import Array, DType

_ROUNDING = 3
"""Steps that roundings in another order explain."""
_NEARLY = 0.98
"""The share of elements that has to be explained where a few at an end cannot be."""
_RELATED = 0.9
"""A correlation of numbers that are not by chance alike."""
_LISTED = 4


class Like(Enum):
    """What a difference is like."""

    OFF_BY_ONE = "off by one"
    ROUNDING = "rounding"
    SATURATED = "saturated"
    OFFSET = "shifted in value"
    SHIFTED = "shifted in memory"
    REORDERED = "in another order"
    NOT_WRITTEN = "not computed"
    SCALED = "scaled"
    GARBAGE = "garbage"


SUGGESTS = {
    Like.OFF_BY_ONE: "the rounding of the requantization: a rounding constant, a shift by one bit, "
    "halves rounded the other way; or a compiler that computes it otherwise",
    Like.ROUNDING: "requantization: sums are rounded once where it should be twice, or the other "
    "way round, or a multiplier differs in its last bits",
    Like.SATURATED: "sums that overflow, a multiplier or a shift that is too large, or bounds of "
    "an activation that are others",
    Like.OFFSET: "a zero point or a bias that is added twice or not at all",
    Like.SHIFTED: "addresses: padding, a stride or an offset that is wrong by so many elements",
    Like.REORDERED: "the layout: dimensions are gone through in another order",
    Like.NOT_WRITTEN: "the layer did not write here: a loop that ends too early, a pointer to "
    "another place, or an operator that does nothing on this device",
    Like.SCALED: "a multiplier or a shift of the requantization, or weights of another layer",
    Like.GARBAGE: "weights, inputs or a place in memory that are not this layer's, or a register "
    "that the kernel does not keep",
}
"""What each of them points to."""


@dataclass(frozen=True)
class Difference:
    """One tensor against its reference. `largest` and `mean` are of device less expected, in steps
    of integers or in real values."""

    elements: int
    wrong: int
    shape: tuple[int, ...]
    dtype: str
    where: str
    """Which of its dimensions the wrong elements are confined to, in words."""
    first: tuple[int, ...]
    """The place of the first wrong element."""
    expected: float
    """Its value."""
    device: float | None
    """What the device has there; None where that is no number."""
    largest: float | None
    mean: float | None
    like: Like
    detail: str
    """How far it is shifted, and such; empty where there is no more to say."""
    suggests: str


def difference(expected: Array, device: Array) -> Difference | None:
    """How `device` differs from `expected`, of the same shape and type; None where it does not."""
    wrong = _bits(expected) != _bits(device)
    if not wrong.any():
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        off = device.astype(np.float64) - expected.astype(np.float64)
    first = tuple(int(axis[0]) for axis in np.nonzero(wrong))
    like, detail = _like(expected, device, wrong, off)
    largest, mean = float(np.abs(off).max()), float(off[wrong].mean())
    there = float(device[first])
    return Difference(
        elements=expected.size,
        wrong=int(wrong.sum()),
        shape=expected.shape,
        dtype=expected.dtype.name,
        where=_where(wrong),
        first=first,
        expected=float(expected[first]),
        device=there if math.isfinite(there) else None,
        largest=largest if math.isfinite(largest) else None,
        mean=mean if math.isfinite(mean) else None,
        like=like,
        detail=detail,
        suggests=SUGGESTS[like],
    )


def _bits(values: Array) -> Array:
    """Floats by their bits: a NaN equals itself."""
    return values.view(np.uint32) if values.dtype == np.float32 else values


def _like(expected: Array, device: Array, wrong: Array, off: Array) -> tuple[Like, str]:
    flat, there = expected.reshape(-1), device.reshape(-1)
    varied = bool((flat != flat[0]).any())
    if flat.size > 1 and varied and bool((there == there[0]).all()):
        return Like.NOT_WRITTEN, f"all of it is {there[0]}"
    steps = float(np.abs(off).max())
    if expected.dtype.kind != "f" and steps <= 1:
        return Like.OFF_BY_ONE, _direction(off[wrong])
    if varied and (by := _shift(flat, there)):
        return Like.SHIFTED, f"by {by:+,} elements"
    if varied and (np.sort(flat) == np.sort(there)).all():
        return Like.REORDERED, "every value is there, elsewhere"
    if expected.dtype.kind != "f" and steps <= _ROUNDING:
        return Like.ROUNDING, _direction(off[wrong])
    if (rest := _unwritten(there, wrong.reshape(-1))) is not None:
        return Like.NOT_WRITTEN, rest
    if expected.dtype.kind in "iu":
        dtype = DType(expected.dtype.name)
        ends = (device == dtype.low) | (device == dtype.high)
        if float(ends[wrong].mean()) > _NEARLY:
            return Like.SATURATED, f"at {dtype.low} or {dtype.high} where it should not be"
    values = np.unique(off[wrong])
    if values.size == 1 and wrong.sum() > 1:
        return Like.OFFSET, f"by {values[0]:+g} wherever it is wrong"
    if _related(flat[wrong.reshape(-1)], there[wrong.reshape(-1)]):
        return Like.SCALED, "it goes up and down with what it should be"
    return Like.GARBAGE, ""


def _direction(off: Array) -> str:
    if (off > 0).all():
        return "too high wherever it is wrong"
    if (off < 0).all():
        return "too low wherever it is wrong"
    return f"too high {int((off > 0).sum()):,} times, too low {int((off < 0).sum()):,} times"


def _shift(expected: Array, device: Array) -> int | None:
    """By how many elements it is shifted, of those that are likely; None for none."""
    size = expected.size
    if float((expected == device).mean()) > 1 - (1 - _NEARLY) * 4:
        return None
    for distance in range(1, min(size // 4, 4096) + 1):
        ends = size - distance
        for by, mine, other in (
            (distance, device[distance:], expected[:ends]),
            (-distance, device[:ends], expected[distance:]),
        ):
            if float((mine == other).mean()) >= _NEARLY and bool((other != other[0]).any()):
                return by
    return None


def _unwritten(device: Array, wrong: Array) -> str | None:
    """In words, where all that is wrong is one value, from some element on to the end."""
    places = np.flatnonzero(wrong)
    tail = device[places[0] :]
    if places.size > 1 and places[0] and bool((tail == tail[0]).all()):
        return f"from element {int(places[0]):,} on, all of it is {tail[0]}"
    return None


def _related(expected: Array, device: Array) -> bool:
    if expected.size < 8 or (expected == expected[0]).all() or (device == device[0]).all():
        return False
    with np.errstate(invalid="ignore"):
        found = float(np.corrcoef(expected.astype(np.float64), device.astype(np.float64))[0, 1])
    return found > _RELATED


def _where(wrong: Array) -> str:
    """What the wrong elements are confined to, dimension by dimension, the channel last."""
    names = _names(wrong.ndim)
    told = []
    for name, indices, size in zip(names, np.nonzero(wrong), wrong.shape, strict=True):
        found = np.unique(indices)
        if found.size < size:
            told.append(f"{name} {_listed(found)} of {size}")
    return ", ".join(told) or "everywhere"


def _names(rank: int) -> tuple[str, ...]:
    if rank == 4:
        return ("batch", "row", "column", "channel")
    return (*(f"dimension {i}" for i in range(rank - 1)), "element")[-rank:] if rank else ()


def _listed(found: Array) -> str:
    if found.size > 1 and found[-1] - found[0] + 1 == found.size:
        return f"{found[0]} to {found[-1]}"
    if found.size <= _LISTED:
        return ", ".join(str(i) for i in found)
    step = np.unique(np.diff(found))
    if step.size == 1:
        return f"{found[0]}, {found[1]} … {found[-1]} (every {int(step[0])})"
    return f"{', '.join(str(i) for i in found[:_LISTED])} and {found.size - _LISTED} more"
