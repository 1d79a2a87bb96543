"""Labels as a data file has them -> class numbers, and the names of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.data.dialect import POINT
from tinygen.errors import InputError

_MAX_CLASS = 1 << 31


@dataclass(frozen=True, eq=False)
class Labels:
    """Class numbers (int64, one per sample) or None, the classes' names from 0 on where the data
    says them, and what to tell. `targets` are labels that are no classes but values that an output
    should have, float64 (samples, values)."""

    numbers: np.ndarray | None = None
    names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    targets: np.ndarray | None = None


_NO_CLASSES = Labels(
    said=("the labels are no class numbers and are left out: accuracy is not computed",)
)


def class_labels(labels: np.ndarray | None, count: int, source: str) -> Labels:
    """The class of each of `count` samples.

    One-hot rows become class numbers, and so do texts, by the order of their names. Raises
    InputError when their number differs from `count`.
    """
    if labels is None:
        return Labels()
    if labels.ndim == 0 or len(labels) != count:
        raise InputError(
            f"the data '{source}' has {count} samples, but"
            f" {len(labels) if labels.ndim else 'no list of'} labels",
            why="each sample needs one label",
            next_step="save samples and labels together again",
        )
    rows = labels.reshape(count, -1) if count else labels
    if rows.ndim != 2:
        return _NO_CLASSES
    if labels.dtype.kind in "US" and rows.shape[1] == 1:
        texts = [_text(label) for label in rows[:, 0]]
        numbers = [POINT.parse(text) for text in texts]
        if any(number is None for number in numbers):
            return _by_name(texts)
        rows = np.array(numbers, np.float64)[:, np.newaxis]
    if rows.dtype.kind not in "buif":
        return _NO_CLASSES
    if rows.shape[1] > 1 and _is_one_hot(rows):
        return Labels(np.argmax(rows, axis=1).astype(np.int64))
    if rows.shape[1] == 1 and _are_classes(rows):
        return _said(rows[:, 0].astype(np.int64))
    targets = rows.astype(np.float64)
    return Labels(targets=targets) if np.isfinite(targets).all() else _NO_CLASSES


def _text(label: str | bytes) -> str:
    text = label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label)
    return text.strip()


def _by_name(texts: Sequence[str]) -> Labels:
    names = sorted(set(texts))
    order = {name: number for number, name in enumerate(names)}
    found = _said(np.array([order[text] for text in texts], np.int64))
    said = (f"class numbers are given to the labels by name: {numbered(names)}",)
    return Labels(found.numbers, tuple(names), said + found.said)


def _said(numbers: np.ndarray) -> Labels:
    if len(numbers) > 1 and bool((numbers == numbers[0]).all()):
        return Labels(numbers, said=(f"all samples have the same label ({numbers[0]})",))
    return Labels(numbers)


def _is_one_hot(rows: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())


def _are_classes(rows: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(((rows == np.floor(rows)) & (rows >= 0) & (rows < _MAX_CLASS)).all())


def numbered(names: Sequence[str]) -> str:
    """Class names with their numbers, shortened: `0 cat, 1 dog`; `;` where names have commas."""
    mark = ";" if any("," in name for name in names) else ","
    shown = f"{mark} ".join(f"{number} {name[:40]}" for number, name in enumerate(names[:10]))
    return shown + (f"{mark} ... {len(names) - 1} {names[-1][:40]}" if len(names) > 10 else "")
