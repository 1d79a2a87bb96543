"""Data held against the model's inputs: what cannot be used is an error, what is odd is said."""

from __future__ import annotations

import math

import numpy as np

from tinygen.errors import InputError
from tinygen.ir import DType, Edge, Shape, format_shape

FEW_SAMPLES = 100
_UNSCALED = 10.0
_HUGE = 1e4
_TINY = 1e-3
_OUTLIER = 50.0
_LOOKED_AT = 1 << 22
"""About so many values, spread evenly, tell what is typical: sorting all of them takes memory."""


def fit(
    array: np.ndarray, edge: Edge, source: str, order: Shape = ()
) -> tuple[np.ndarray, list[str]]:
    """The array as float32 of the shape (samples, *input shape), and what to tell.

    Axes of size 1 may be missing or too many, and a sample may be flat. `order` is that of the
    input's axes in the file that the model was converted from, the samples' among them, as
    numpy.transpose takes them: data may lie as they do there. Raises InputError for
    other shapes, for types that are no numbers, for no samples, and for NaN and infinity.
    """
    if array.dtype.kind not in "buif":
        raise InputError(
            f"the data '{source}' for the input {edge.name} is not numeric",
            why=f"its type is {array.dtype}",
            next_step="save it as float32: x.astype(np.float32)",
        )
    turned, said = _turned(array, edge, order)
    shaped, warnings = _shaped(turned, edge, source)
    warnings = said + warnings
    if len(shaped) == 0:
        raise InputError(
            f"the data '{source}' holds no samples",
            why=f"the array for the input {edge.name} has the shape {array.shape}",
            next_step=f"give {FEW_SAMPLES} samples or more",
        )
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(shaped, dtype=np.float32)
    _check_finite(values, edge, source)
    _check_numbers(values, edge, source)
    return values, warnings


def _turned(array: np.ndarray, edge: Edge, order: Shape) -> tuple[np.ndarray, list[str]]:
    """The array with its axes as the input has them, where it has those of the original model."""
    own = tuple(size for _, size in sorted(zip(order, edge.shape, strict=False)))[1:]
    if list(order) == sorted(order) or array.shape[1:] != own:
        return array, []
    turned = np.transpose(array, order)
    if own != edge.sample or _essential(own) != own:
        return turned, []
    return turned, [
        f"the shape {format_shape(own)} fits the input {edge.name} with channels first and last:"
        " first is taken, as in the original model"
    ]


def _shaped(array: np.ndarray, edge: Edge, source: str) -> tuple[np.ndarray, list[str]]:
    sample = array.shape[1:]
    if array.ndim and sample == edge.sample:
        return array, []
    wanted = (len(array) if array.ndim else 0, *edge.sample)
    if array.ndim and _essential(sample) == _essential(edge.sample):
        return array.reshape(wanted), []
    if array.ndim == 2 and sample == (edge.elements,):
        shape = format_shape(edge.sample)
        return array.reshape(wanted), [
            f"each row of {edge.elements} values is taken for {shape} in C order"
        ]
    next_step = "give an array of the shape (samples, " + ", ".join(map(str, edge.sample)) + ")"
    if array.shape == edge.sample or _essential(array.shape) == _essential(edge.sample):
        next_step = "this looks like one sample: add the samples' axis with x[np.newaxis]"
    elif len(edge.sample) == 3 and sample == (edge.sample[2], *edge.sample[:2]):
        next_step = "the channels come first: give np.moveaxis(x, 1, -1)"
    raise InputError(
        f"the data '{source}' does not fit the model's input {edge.name}",
        why=f"the model takes (samples, {', '.join(map(str, edge.sample))}); the data has the"
        f" shape {array.shape}",
        next_step=next_step,
    )


def fits(shape: tuple[int, ...], edge: Edge) -> bool:
    """Whether an array of this shape can hold samples of the input, perhaps with its axes in
    another order."""
    if not shape:
        return False
    sizes = sorted(_essential(shape[1:]))
    return sizes == sorted(_essential(edge.sample)) or shape[1:] == (edge.elements,)


def _essential(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in shape if axis != 1)


def _check_finite(values: np.ndarray, edge: Edge, source: str) -> None:
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    rows = np.flatnonzero(bad.reshape(len(values), -1).any(axis=1))
    raise InputError(
        f"the data '{source}' holds values that are not finite",
        why=f"{np.count_nonzero(bad)} values for the input {edge.name} are NaN or infinite as"
        f" float32, in {len(rows)} of {len(values)} samples; the first is sample {rows[0]}",
        next_step="remove or repair these samples",
    )


def _check_numbers(values: np.ndarray, edge: Edge, source: str) -> None:
    """Refuses what picks nothing."""
    if edge.dtype is not DType.INT32:
        return
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.round(values)).all())
    if whole and low >= 0 and (edge.limit is None or high < edge.limit):
        return
    most = "" if edge.limit is None else f" to {edge.limit - 1}"
    raise InputError(
        f"the data '{source}' does not fit the input {edge.name}, which takes whole numbers",
        why=f"it picks by them, from 0{most}; the data reaches from {low:g} to {high:g}"
        + ("" if whole else ", with fractions"),
        next_step="give the numbers that the model was trained with, not text or scaled values",
    )


def oddities(values: np.ndarray, edge: Edge) -> list[str]:
    """What is suspicious about the values of one input, in sentences."""
    said: list[str] = []
    if edge.dtype is DType.INT32:
        return said
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    name = f"the data for the input {edge.name}"
    if low == high:
        return [f"{name} is constant (all {low:g}): the quantization means nothing"]
    if len(values) > 1 and bool((values == values[:1]).all()):
        said.append(f"all samples for the input {edge.name} are the same")
    if size > _HUGE:
        said.append(f"{name} reaches {size:g}, which is unusually large")
    elif low >= 0 and _UNSCALED < high <= 255:
        said.append(
            f"{name} lies in {low:g}..{high:g} and looks unscaled: right only if the model was"
            " trained on such values"
        )
    elif size < _TINY:
        said.append(f"{name} stays below {size:g}, which is unusually small")
    looked_at = values.reshape(-1)[:: max(1, values.size // _LOOKED_AT)]
    typical = float(np.quantile(np.abs(looked_at), 0.999))
    if math.isfinite(typical) and size > _OUTLIER * max(typical, _TINY):
        said.append(
            f"{name} has outliers: {size:g}, where 99.9% stay within {typical:g}; int8 steps"
            " become that much coarser"
        )
    return said


def few_samples(count: int) -> list[str]:
    """A sentence when there are too few samples for reliable ranges."""
    if count >= FEW_SAMPLES:
        return []
    plural = "sample is" if count == 1 else "samples are"
    return [f"only {count} {plural} given: {FEW_SAMPLES} or more make reliable ranges"]
