"""Which array of an `.npz` file is what: by its key, else by its shape, and then it is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tinygen.data.checks import fits
from tinygen.data.npy import Header
from tinygen.errors import InputError
from tinygen.ir import Edge

Split = Literal["train", "test"]
"""Which part of a data set is wanted: what calibrates, or what tests."""

_INPUT_WORDS = ("x", "inputs", "input", "data", "images", "image", "features", "samples")
_LABEL_WORDS = ("y", "labels", "label", "targets", "target", "classes")
_SPLIT_WORDS = ("train", "training", "calibration", "val", "valid", "validation", "test", "testing")
_WORDS = "|".join((*_INPUT_WORDS, *_LABEL_WORDS))
_SPLITS = "|".join(_SPLIT_WORDS)
_KEY = re.compile(
    rf"((?P<before>{_SPLITS})[ _.-]?)?(?P<word>{_WORDS})([ _.-]?(?P<after>{_SPLITS}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """Keys of the inputs in order, the key of the labels or none, and what to tell."""

    inputs: tuple[str, ...]
    labels: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Meaning:
    """What a key says: its word, and the part of a data set (empty for the whole)."""

    key: str
    word: str
    split: str


def choose(
    path: Path,
    keys: Sequence[str],
    headers: Mapping[str, Header],
    inputs: Sequence[Edge],
    split: Split,
) -> Choice:
    """The arrays to use. `headers` are those of sound arrays. InputError where it is not clear."""
    meanings = [meaning for key in keys if (meaning := _meaning(key)) is not None]
    named = [key for edge in inputs if (key := _key_of(edge.name, keys)) is not None]
    if len(named) == len(inputs):
        return Choice(tuple(named), _labels(meanings, "", named))
    if len(inputs) == 1:
        choice = _by_word(meanings, split) or _only_one(keys, meanings)
        if choice is not None:
            return choice
    choice = _by_number(keys, headers, inputs, meanings) or _by_shape(
        keys, headers, inputs, meanings
    )
    if choice is not None:
        return choice
    wanted = "x" if len(inputs) == 1 else "the model's inputs: " + ", ".join(s.name for s in inputs)
    shapes = ", ".join(str(headers[key].shape) for key in sorted(keys) if key in headers)
    raise InputError(
        f"'{path}' does not say which array is the model's input",
        why=f"its keys are: {', '.join(key[:60] for key in sorted(keys)[:20]) or 'none'}"
        + (f"; their shapes: {shapes[:200]}" if shapes else ""),
        next_step=f"name the array {wanted} (labels, if any: y)",
    )


def _meaning(key: str) -> _Meaning | None:
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return _Meaning(key, found["word"].lower(), (found["before"] or found["after"] or "").lower())


def _key_of(name: str, keys: Sequence[str]) -> str | None:
    """The key that means this input: its name, or its name as an identifier."""
    layer = name.split(":", 1)[0].removeprefix("serving_default_")  # which converters put in front
    plain = re.sub(r"[^A-Za-z0-9]+", "_", layer).strip("_")
    return next((key for key in (name, layer, plain) if key in keys), None)


def _by_word(meanings: Sequence[_Meaning], split: Split) -> Choice | None:
    """The array whose key is a word for an input: of all samples, else of the wanted part."""
    found = [meaning for meaning in meanings if meaning.word in _INPUT_WORDS]
    if not found:
        return None
    order = ("", *(_SPLIT_WORDS if split == "train" else reversed(_SPLIT_WORDS)))
    best = min(found, key=lambda m: (order.index(m.split), _INPUT_WORDS.index(m.word)))
    labels = _labels(meanings, best.split, [best.key])
    said = []
    if len(found) > 1:
        with_labels = f", with the labels '{labels[0]}'" if labels else ""
        said.append(f"of several arrays, '{best.key}' is used{with_labels}")
    return Choice((best.key,), labels, tuple(said))


def _labels(meanings: Sequence[_Meaning], split: str, taken: Sequence[str]) -> tuple[str, ...]:
    """The key of the labels for a part of a data set: those of that part, else the only ones."""
    found = [m for m in meanings if m.word in _LABEL_WORDS and m.key not in taken]
    same = sorted((m for m in found if m.split == split), key=lambda m: _LABEL_WORDS.index(m.word))
    if same:
        return (same[0].key,)
    return (found[0].key,) if len(found) == 1 and not (found[0].split and split) else ()


def label_key(keys: Sequence[str]) -> str | None:
    """The key of the labels of a test: by its word, else the only one there is."""
    found = [m for key in keys if (m := _meaning(key)) is not None and m.word in _LABEL_WORDS]
    order = ("", *reversed(_SPLIT_WORDS))
    found.sort(key=lambda m: (order.index(m.split), _LABEL_WORDS.index(m.word)))
    if found:
        return found[0].key
    return keys[0] if len(keys) == 1 else None


def _only_one(keys: Sequence[str], meanings: Sequence[_Meaning]) -> Choice | None:
    """The one array that is named as no labels."""
    labels = {meaning.key for meaning in meanings if meaning.word in _LABEL_WORDS}
    rest = [key for key in keys if key not in labels]
    return Choice((rest[0],), _labels(meanings, "", rest)) if len(rest) == 1 else None


def _by_number(
    keys: Sequence[str],
    headers: Mapping[str, Header],
    inputs: Sequence[Edge],
    meanings: Sequence[_Meaning],
) -> Choice | None:
    """Inputs by number, then labels, as `np.savez(file, x, y)` names arrays."""
    for pattern in ("x{}", "x_{}", "input_{}", "arr_{}"):
        *numbered, following = [pattern.format(index) for index in range(len(inputs) + 1)]
        if not set(numbered) <= set(keys):
            continue
        first = headers.get(numbered[0])
        labels = _labels(meanings, "", numbered)
        if not labels and first is not None and fits(first.shape, inputs[0]):
            after = headers.get(following)
            labels = (following,) if after and _may_be_labels(after, first.shape[0]) else ()
        if len(inputs) > 1 or labels:
            said = _said(inputs, numbered, labels) if following in labels else ()
            return Choice(tuple(numbered), labels, said)
    return None


def _by_shape(
    keys: Sequence[str],
    headers: Mapping[str, Header],
    inputs: Sequence[Edge],
    meanings: Sequence[_Meaning],
) -> Choice | None:
    """The only arrays whose shapes fit the inputs."""
    chosen: list[str] = []
    for edge in inputs:
        found = [key for key, head in headers.items() if head.numeric and fits(head.shape, edge)]
        if len(found) != 1 or found[0] in chosen:
            return None
        chosen += found
    samples = headers[chosen[0]].shape[0]
    rest = [
        key
        for key in keys
        if key not in chosen and key in headers and _may_be_labels(headers[key], samples)
    ]
    labels = _labels(meanings, "", chosen) or (tuple(rest) if len(rest) == 1 else ())
    return Choice(tuple(chosen), labels, _said(inputs, chosen, labels))


def _may_be_labels(header: Header, samples: int) -> bool:
    """Whether there is one label per sample: a number or a text, or a one-hot row."""
    return len(header.shape) in (1, 2) and header.shape[0] == samples


def _said(inputs: Sequence[Edge], keys: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    taken = ", ".join(
        f"'{key}' is taken for the input {edge.name}"
        for key, edge in zip(keys, inputs, strict=False)
    )
    also = f", '{labels[0]}' for the labels" if labels else ""
    return (f"the arrays are known by order and shape: {taken}{also}",)
