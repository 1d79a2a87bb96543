"""The names of classes: from the data they are found in, to the output they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinygen.data import Dataset
from tinygen.ir import Edge
from tinygen.proof.vectors import Samples


def agreed(data: Dataset | None, test: Dataset | None) -> tuple[tuple[str, ...], list[str]]:
    """The names of the classes from 0 on, and what to tell.

    Where calibration and test data name classes and one has all of the other's, its order counts:
    a folder that lacks a class numbers the others differently.
    """
    sets = [found.class_names for found in (data, test) if found is not None and found.class_names]
    if not sets:
        return (), []
    longest = max(sets, key=len)
    if all(set(names) <= set(longest) for names in sets):
        return longest, []
    return sets[0], [
        "the test data name other classes than the calibration data: their labels are left out"
    ]


def numbered_by(names: Sequence[str], data: Dataset) -> np.ndarray | None:
    """The labels of `data` as numbers in this order of names; None where one has no number."""
    if data.labels is None or not data.class_names or data.class_names == tuple(names):
        return data.labels
    if not set(data.class_names) <= set(names):
        return None
    order = np.array([names.index(name) for name in data.class_names], np.int64)
    numbers: np.ndarray = order[data.labels]
    return numbers


def with_labels(
    outputs: Sequence[Edge], names: Sequence[str], samples: Sequence[Samples]
) -> tuple[tuple[Edge, ...], list[str]]:
    """The outputs, the one that has an element per class with their names; and what to tell."""
    said = _too_high(outputs, samples)
    if not names:
        return tuple(outputs), said
    fitting = [edge for edge in outputs if edge.elements == len(names)]
    if len(fitting) != 1:
        sizes = ", ".join(str(edge.elements) for edge in outputs)
        said.append(
            f"the data name {len(names)} classes, the model's outputs have {sizes} elements: the"
            " names are not kept"
        )
        return tuple(outputs), said
    return tuple(
        replace(edge, labels=tuple(names)) if edge is fitting[0] else edge for edge in outputs
    ), said


def _too_high(outputs: Sequence[Edge], samples: Sequence[Samples]) -> list[str]:
    """A sentence for labels that no element of the first output, which is rated, stands for."""
    elements = outputs[0].elements
    highest = max((int(s.labels.max()) for s in samples if s.labels is not None), default=-1)
    if elements < 2 or highest < elements:
        return []
    counted = "; classes count from 0" if highest == elements else ""
    return [
        f"labels go up to {highest}, and the output {outputs[0].name} has {elements} elements:"
        f" the accuracy counts such samples as wrong{counted}"
    ]
