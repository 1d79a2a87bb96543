"""What the page is made of: sections of parts, plain values that the template writes as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True)
class Rows:
    """Names and facts."""

    kind: ClassVar[str] = "rows"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table; `right` says which columns hold numbers. A long one is folded away under `fold`."""

    kind: ClassVar[str] = "grid"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    fold: str = ""


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    kind: ClassVar[str] = "words"
    text: str
    tone: str = ""
    """`good`, `bad` or `warn`, or none."""


@dataclass(frozen=True)
class Missing:
    """What was not measured, and the command that measures it."""

    kind: ClassVar[str] = "missing"
    text: str
    command: str


@dataclass(frozen=True)
class Figure:
    """A chart, drawn for a wide and for a narrow window."""

    kind: ClassVar[str] = "figure"
    label: str
    wide: Markup
    narrow: Markup
    caption: str = ""


@dataclass(frozen=True)
class Drawing:
    """The graph, which is larger than its window."""

    kind: ClassVar[str] = "drawing"
    label: str
    svg: Markup
    legend: tuple[tuple[str, str], ...] = ()
    """Classes of style and what they mean."""


@dataclass(frozen=True)
class Value:
    """One element of an output: what it is called and its real value, by who computed it."""

    name: str
    device: str
    share: float
    """Of the largest absolute value, 0 to 1."""
    oracle: str
    real: str
    wrong: bool


@dataclass(frozen=True)
class Case:
    """A vector: its inputs to look at, and what became of them."""

    title: str
    said: tuple[str, ...]
    tone: str
    pictures: tuple[tuple[str, Markup], ...]
    """What each is, and its markup."""
    values: tuple[Value, ...]
    more: str
    """Which elements those are."""


@dataclass(frozen=True)
class Cases:
    """Vectors beside each other."""

    kind: ClassVar[str] = "cases"
    cases: tuple[Case, ...]


Part = Rows | Grid | Words | Missing | Figure | Drawing | Cases


@dataclass(frozen=True)
class Section:
    """A title, what it is about, and its parts."""

    id: str
    title: str
    about: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Card:
    """One figure at the top: what it is, how much, beside what, and how full that is, 0 to 1."""

    name: str
    value: str
    unit: str
    note: str = ""
    full: float | None = None


@dataclass(frozen=True)
class Head:
    """The verdict and what it rests on."""

    word: str
    tone: str
    mark: str
    sentence: str
    rests: tuple[str, ...]
    cards: tuple[Card, ...]
