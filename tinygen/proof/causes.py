"""Why a layer loses accuracy, in words, and what to do about it. The rules of a person who looks:
each needs a sign of its own, and a layer that loses little has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygen.ir import DType
from tinygen.proof.tensor_meter import TensorMeter

GOOD_DB = 40.0
"""Where the outputs keep so much with this layer alone in int8, there is nothing to mend."""
_SATURATED = 0.001
_RANGE_USED = 0.25
"""A tensor that uses less of its codes is rounded four times as coarsely as need be."""
_OUTLIER = 4.0
"""A sample whose largest value is so many times that of nine others of ten."""
_OF_WEIGHTS_DB = 12.0
"""What a layer loses beyond the rounding of its output, it loses by its weights."""

MORE_DATA = "calibrate with more data, which have such values: --data"
FEWER_OUTLIERS = (
    "leave the few samples that are far out away from --data, scale the data, or clip in the "
    "model: ReLU(max_value=6)"
)
EVEN_CHANNELS = (
    "put BatchNormalization behind the layer and train on, or divide the wide channel and multiply "
    "the weights that read it"
)
SMALLER_WEIGHTS = "train on with a constraint on the weights: kernel_constraint=MaxNorm"
AWARE = "train with the rounding in the model: tinygen compress --qat"
WIDER = "give activations 16 bits: tinygen build --activations int16"
PRUNE = "tinygen compress leaves out channels that do nothing"


@dataclass(frozen=True)
class Reading:
    """What the rules are told of a layer, in dB; None is not known."""

    meter: TensorMeter
    alone_db: float | None
    has_weights: bool
    samples: Sequence[int]
    """Which of the data each sample is."""


def causes(reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is in the way, and what to do: both empty for a layer that loses little."""
    found = list(_found(reading))
    remedies = dict.fromkeys(remedy for _, remedy in found if remedy)
    return tuple(why for why, _ in found), tuple(remedies)


def _found(reading: Reading) -> Iterator[tuple[str, str]]:
    meter = reading.meter
    if meter.saturated > _SATURATED:
        yield f"{meter.saturated:.2%} of the elements are beyond its codes", MORE_DATA
    dead, lost = meter.still_channels
    if dead:
        yield f"{_channels(dead)} never changed", PRUNE
    narrow = meter.range_used < _RANGE_USED
    said = f"999 of 1000 elements use {meter.range_used:.1%} of the codes"
    if reading.alone_db is None:
        if narrow:
            yield said, FEWER_OUTLIERS
        return
    if reading.alone_db >= GOOD_DB:
        return
    if lost:
        yield f"{_channels(lost)} are one code, and are not in float", ""
    if outlier := _outlier(reading):
        yield outlier, FEWER_OUTLIERS
    elif (widest := meter.widest) is not None:
        wide = f"channel {widest.channel} is {widest.times:,.0f} times as wide as the others"
        yield f"{wide}, which share its codes", EVEN_CHANNELS
    elif narrow:
        yield said, FEWER_OUTLIERS
    own, rounding = meter.own_sqnr_db, meter.rounding_sqnr_db
    if reading.has_weights and own < rounding - _OF_WEIGHTS_DB:
        yield (
            f"its weights lose the most: it keeps {own:.1f} dB, its output's codes alone would "
            f"keep {rounding:.1f} dB",
            SMALLER_WEIGHTS,
        )
    elif meter.tensor.dtype is DType.INT8:
        yield "", WIDER
    yield "", AWARE


def _outlier(reading: Reading) -> str:
    """The sample that is far out, where it is one of those seen."""
    largest = reading.meter.largest
    if len(largest) < 2:
        return ""
    ordered = sorted(largest)
    top, usual = ordered[-1], ordered[-max(2, len(ordered) // 10)]
    if not usual or top < _OUTLIER * usual:
        return ""
    sample = reading.samples[largest.index(top)]
    return f"sample {sample} reaches {top:.4g}, nine of ten others no more than {usual:.4g}"


def _channels(which: Sequence[int]) -> str:
    """The first few by number."""
    shown = ", ".join(map(str, which[:_SHOWN]))
    more = f" and {len(which) - _SHOWN} more" if len(which) > _SHOWN else ""
    return f"channel{'s' if len(which) > 1 else ''} {shown}{more}"


_SHOWN = 4
