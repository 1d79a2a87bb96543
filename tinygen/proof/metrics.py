"""How far numbers are from reference numbers. Pure NumPy.

Every function takes (reference, actual) of the same shape and not empty, and raises ValueError
otherwise. Integers are widened before they are subtracted: in int8, -128 - 127 would be 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mismatched_elements(reference: ArrayLike, actual: ArrayLike) -> int:
    """How many elements differ. Two NaN are equal here, as are 0.0 and -0.0."""
    same = equal(reference, actual)
    return int(same.size - np.count_nonzero(same))


def equal(reference: ArrayLike, actual: ArrayLike) -> NDArray[np.bool_]:
    """Which elements are equal. Two NaN are, as are 0.0 and -0.0."""
    ref, act = _pair(reference, actual)
    same = np.asarray(ref == act)
    if ref.dtype.kind == "f":
        same |= np.isnan(ref) & np.isnan(act)
    return same


def max_abs_diff(reference: ArrayLike, actual: ArrayLike) -> int | float:
    """The largest difference: an int (LSB) for integers, a float otherwise; NaN if one is."""
    ref, act = _pair(reference, actual)
    with np.errstate(invalid="ignore"):
        diff = np.where(ref == act, 0, np.abs(np.subtract(act, ref)))  # inf - inf would be NaN
    return int(diff.max()) if ref.dtype.kind == "i" else float(diff.max())


def rmse(reference: ArrayLike, actual: ArrayLike) -> float:
    """Root of the mean squared difference, in the unit of the values."""
    return float(np.sqrt(np.mean(np.square(_diff(reference, actual)))))


def mae(reference: ArrayLike, actual: ArrayLike) -> float:
    """Mean absolute difference, in the unit of the values."""
    return float(np.mean(np.abs(_diff(reference, actual))))


def mean_error(reference: ArrayLike, actual: ArrayLike) -> float:
    """Mean of actual minus reference, in the unit of the values: the bias."""
    return float(np.mean(_diff(reference, actual)))


def std_error(reference: ArrayLike, actual: ArrayLike) -> float:
    """Standard deviation of the difference over all values (not of a sample of them), in the unit
    of the values: the RMSE without the bias."""
    return float(np.std(_diff(reference, actual)))


def nash_sutcliffe(reference: ArrayLike, actual: ArrayLike) -> float:
    """Nash-Sutcliffe efficiency: 1 less the squared error over the reference's own variation.

    1 for equal arrays, 0 for what is no better than the reference's mean, -inf where the reference
    is constant and the other differs. Over all values at once it is the coefficient of
    determination, R^2 (Nash and Sutcliffe, Journal of Hydrology 10, 1970).
    """
    error = float(np.sum(np.square(_diff(reference, actual))))
    values = _floats(reference)
    spread = float(np.sum(np.square(values - np.mean(values))))
    if error == 0:
        return 1.0
    return 1.0 - error / spread if spread else -math.inf


def relative_l2(reference: ArrayLike, actual: ArrayLike) -> float:
    """Norm of the difference over the norm of the reference: 0 for equal arrays, inf when the
    reference is all zeros and the other is not."""
    error = float(np.linalg.norm(_diff(reference, actual)))
    scale = float(np.linalg.norm(_floats(reference)))
    if error == 0:
        return 0.0
    return error / scale if scale else math.inf


def sqnr_db(reference: ArrayLike, actual: ArrayLike) -> float:
    """Signal to quantization noise ratio in dB: inf for equal arrays, -inf for a zero signal."""
    noise = float(np.sum(np.square(_diff(reference, actual))))
    return decibel(float(np.sum(np.square(_floats(reference)))), noise)


def decibel(signal: float, noise: float) -> float:
    """The ratio of two powers in dB: inf without noise, -inf without signal, NaN for no numbers."""
    if noise == 0:
        return math.inf
    if not math.isfinite(signal) or not math.isfinite(noise):
        return math.nan
    return 10 * math.log10(signal / noise) if signal else -math.inf


def cosine(reference: ArrayLike, actual: ArrayLike) -> float:
    """Cosine of the angle between the arrays, in -1..1: 1 for two zero arrays, 0 for one."""
    _pair(reference, actual)
    ref, act = _floats(reference), _floats(actual)
    norms = float(np.linalg.norm(ref)) * float(np.linalg.norm(act))
    if norms == 0:
        return 1.0 if not ref.any() and not act.any() else 0.0
    value = float(np.dot(ref, act)) / norms
    return value if math.isnan(value) else max(-1.0, min(1.0, value))


def argmax_agreement(reference: ArrayLike, actual: ArrayLike) -> float:
    """Share (0..1) of samples, along the first axis, with the same largest element.

    Of equally large elements the first counts, as for a classifier on the device.
    """
    ref, act = _pair(reference, actual)
    rows = ref.shape[0] if ref.ndim else 1
    left = np.argmax(ref.reshape(rows, -1), axis=1)
    right = np.argmax(act.reshape(rows, -1), axis=1)
    return float(np.mean(left == right))


def _pair(reference: ArrayLike, actual: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both arrays as int64 when both are integers that fit, else as float64."""
    ref, act = np.asarray(reference), np.asarray(actual)
    if ref.shape != act.shape:
        raise ValueError(f"shapes differ: {ref.shape} and {act.shape}")
    if ref.size == 0:
        raise ValueError("arrays are empty")
    fits = all(array.dtype.kind in "bui" and array.dtype != np.uint64 for array in (ref, act))
    wide = np.int64 if fits else np.float64
    return ref.astype(wide), act.astype(wide)


def _diff(reference: ArrayLike, actual: ArrayLike) -> NDArray[np.float64]:
    ref, act = _pair(reference, actual)
    return np.asarray(np.subtract(act, ref), dtype=np.float64)


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).reshape(-1)
