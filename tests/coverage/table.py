"""coverage.json: what became of each model, and the tables that are shown of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.coverage import layers, networks, operators
from tests.coverage.kinds import Kind
from tests.runner import ROOT

TABLE = ROOT / "coverage.json"
KINDS: tuple[Kind, ...] = (*layers.KINDS, *networks.KINDS, *operators.KINDS)
ENGINES = ("aot", "tflm")
BOARD = "qemu-cortex-m4"
MATCH = "MATCH"
TITLES = {"tf_keras": "Keras 2", "keras": "Keras 3", "file": ".tflite"}


@dataclass(frozen=True)
class Row:
    """A model, made with a Keras package or as a file, and what each engine made of it.

    `operators` are those of the int8 file, none where it does not come to one. `aot` and `tflm`
    are the verdict, or why there is none.
    """

    group: str
    name: str
    package: str
    operators: tuple[str, ...]
    aot: str
    tflm: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.group, self.name, self.package

    @property
    def refused(self) -> str:
        """Why an engine does not build it; empty where both do."""
        return next((said for said in (self.aot, self.tflm) if said != MATCH), "")


def keys() -> list[tuple[str, str, str]]:
    """Every row that there has to be, in order."""
    return [(kind.group, kind.name, package) for kind in KINDS for package in kind.packages]


def load(path: Path = TABLE) -> dict[tuple[str, str, str], Row]:
    """The tracked file, a row for each key."""
    rows = (
        Row(**row | {"operators": tuple(row["operators"])})
        for row in json.loads(path.read_text("utf-8"))
    )
    return {row.key: row for row in rows}


def save(rows: Iterable[Row], path: Path = TABLE) -> None:
    """A row per line, in the order of the models."""
    order = {key: number for number, key in enumerate(keys())}
    kept = sorted((row for row in rows if row.key in order), key=lambda row: order[row.key])
    lines = ",\n".join(json.dumps(asdict(row)) for row in kept)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


def summary(rows: Sequence[Row]) -> str:
    """A line for each group: how many of its models MATCH."""
    lines = [
        "| models of our own | "
        + " | ".join(f"{t}, `{e}`" for t in TITLES.values() for e in ENGINES)
        + " |",
        f"|---|{'--:|' * len(TITLES) * len(ENGINES)}",
    ]
    groups = list(dict.fromkeys(row.group for row in rows))
    for group in (*groups, ""):
        cells = [
            _share(
                [
                    getattr(row, engine)
                    for row in rows
                    if row.package == package and row.group in (group or row.group,)
                ]
            )
            for package in TITLES
            for engine in ENGINES
        ]
        lines.append(f"| {group or 'all'} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(said: Sequence[str]) -> str:
    return f"{said.count(MATCH)} of {len(said)}" if said else ""


def by_operator(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each operator: how many models have it, and how many of those MATCH."""
    yield "| operator | models | `aot` MATCH | `tflm` MATCH |"
    yield "|---|--:|--:|--:|"
    for kind in sorted({kind for row in rows for kind in row.operators}):
        having = [row for row in rows if kind in row.operators]
        counts = (sum(getattr(row, engine) == MATCH for row in having) for engine in ENGINES)
        yield f"| {kind} | {len(having)} | {' | '.join(map(str, counts))} |"


def not_built(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each model that an engine refuses, and why."""
    yield "| model | of | `aot` | `tflm` |"
    yield "|---|---|---|---|"
    for row in rows:
        if row.refused:
            yield f"| {row.group}: {row.name} | {TITLES[row.package]} | {row.aot} | {row.tflm} |"


def every_model(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each model, with the operators of its int8 file."""
    yield "| model | of | operators |"
    yield "|---|---|---|"
    for row in rows:
        yield f"| {row.group}: {row.name} | {TITLES[row.package]} | {', '.join(row.operators)} |"


Choose = Callable[[Kind, str], bool]
