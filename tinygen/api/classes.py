"""The names of classes: from where they are found, to the outputs they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tinygen.data import Dataset
from tinygen.data.labels import numbered
from tinygen.errors import InputError
from tinygen.ir import Edge
from tinygen.printable import shell_word
from tinygen.proof.vectors import Samples


@dataclass(frozen=True)
class Classes:
    """`names` are those of the classes from 0 on by which labels are numbered, empty where nobody
    says them. `file` is where they were given; `stated` are those that the model's own file has, by
    an output's position."""

    names: tuple[str, ...] = ()
    file: str | None = None
    stated: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def agreed(
    data: Dataset | None,
    test: Dataset | None,
    *,
    given: tuple[str, ...] = (),
    stated: Mapping[int, tuple[str, ...]] | None = None,
) -> tuple[tuple[str, ...], list[str]]:
    """The names of the classes from 0 on, and what to tell.

    What a person gives counts, then what the model's file states, then what the data name. Where
    calibration and test data name classes and one has all of the other's, its order counts: a
    folder that lacks a class numbers the others differently.
    """
    named = {"data": data, "test data": test}
    sets = {
        origin: found.class_names
        for origin, found in named.items()
        if found is not None and found.class_names
    }
    own = given or (stated[min(stated)] if stated else ())
    if own:
        return own, [
            f"the {origin} name classes that the labels have not"
            f" ({_listed(set(names) - set(own))}): their labels are left out"
            for origin, names in sets.items()
            if not set(names) <= set(own)
        ]
    if not sets:
        return (), []
    longest = max(sets.values(), key=len)
    if all(set(names) <= set(longest) for names in sets.values()):
        return longest, []
    return next(iter(sets.values())), [
        "the test data name other classes than the calibration data: their labels are left out"
    ]


def _listed(names: set[str]) -> str:
    first = ", ".join(f"'{name[:40]}'" for name in sorted(names)[:3])
    return first + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def numbered_by(names: Sequence[str], data: Dataset) -> np.ndarray | None:
    """The labels of `data` as numbers in this order of names; None where one has no number, or a
    name stands for two classes."""
    if data.labels is None or not data.class_names or data.class_names == tuple(names):
        return data.labels
    if any(names.count(name) != 1 for name in data.class_names):
        return None
    order = np.array([names.index(name) for name in data.class_names], np.int64)
    numbers: np.ndarray = order[data.labels]
    return numbers


def told(data: Dataset, names: Sequence[str]) -> tuple[str, ...]:
    """The data's warnings, without how their classes would be numbered where `names` do that."""
    if not names or data.class_names == tuple(names):
        return data.warnings
    how = f"by name: {numbered(data.class_names)}"
    return tuple(text for text in data.warnings if not text.endswith(how))


def with_labels(
    outputs: Sequence[Edge], classes: Classes, samples: Sequence[Samples]
) -> tuple[tuple[Edge, ...], list[str]]:
    """The outputs, those that have an element per class with their names; and what to tell.

    InputError where names were given that no output has the elements for.
    """
    said = _too_high(outputs, samples)
    stated = {
        i: names
        for i, names in classes.stated.items()
        if i < len(outputs) and outputs[i].elements == len(names)
    }
    labelled = [replace(edge, labels=stated.get(i, ())) for i, edge in enumerate(outputs)]
    names = classes.names
    if not names or (stated and classes.file is None):
        return tuple(labelled), said
    fitting = [i for i, edge in enumerate(outputs) if edge.elements == len(names)]
    # Of several the first is the one that is rated, and who gives names means that.
    if len(fitting) == 1 or (fitting[:1] == [0] and classes.file is not None):
        labelled[fitting[0]] = replace(outputs[fitting[0]], labels=names)
        return tuple(labelled), said
    sizes = ", ".join(str(edge.elements) for edge in outputs)
    if classes.file is not None:
        raise InputError(
            f"'{classes.file}' names {len(names)} classes, the model's outputs have {sizes}"
            " elements",
            why="one line names one element; the labels of samples belong into the data, as y",
            next_step=f"give a file of as many lines: wc -l {shell_word(classes.file)}",
        )
    said.append(
        f"the data name {len(names)} classes, the model's outputs have {sizes} elements: the"
        " names are not kept"
    )
    return tuple(labelled), said


def _too_high(outputs: Sequence[Edge], samples: Sequence[Samples]) -> list[str]:
    """A sentence for labels that no element of the first output, which is rated, stands for."""
    elements = outputs[0].elements
    widths = {s.targets.shape[1] for s in samples if s.targets is not None}
    if widths - {elements}:
        values = " or ".join(map(str, sorted(widths)))
        return [
            f"the labels are no class numbers but {values} values a sample, and the output"
            f" {outputs[0].name} has {elements} elements: they are left out"
        ]
    highest = max((int(s.labels.max()) for s in samples if s.labels is not None), default=-1)
    if elements < 2 or highest < elements:
        return []
    counted = "; classes count from 0" if highest == elements else ""
    return [
        f"labels go up to {highest}, and the output {outputs[0].name} has {elements} elements:"
        f" the accuracy counts such samples as wrong{counted}"
    ]
