"""One side of a comparison: a project, or a result that a command saved as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen import project
from tinygen.api.again import again
from tinygen.api.bench import BenchResult
from tinygen.api.build import BuildResult
from tinygen.api.gates import NAMES
from tinygen.api.inspect import InspectResult
from tinygen.api.profile import ProfileResult, profile
from tinygen.api.verify import VerifyResult
from tinygen.errors import InputError, TinygenError
from tinygen.printable import printable, shell_word
from tinygen.progress import Progress

_KINDS: Mapping[type, tuple[str, str]] = {
    BuildResult: ("build", "generated"),
    VerifyResult: ("verify", "first_mismatch"),
    ProfileResult: ("profile", "between"),
    BenchResult: ("bench", "rows"),
    InspectResult: ("inspect", "arena_peak"),
}
"""The results that are compared, and a key that no other one has."""
_MOST_BYTES = 64 << 20
_ESTIMATED = "estimated instructions"


@dataclass(frozen=True)
class Figure:
    """A number of a result: its short name as `--fail-if` has it, and of what it is where there are
    several."""

    name: str
    of: str
    value: float


@dataclass(frozen=True)
class SideLayer:
    """A layer of a program, with the kernel that computes it and what that takes."""

    output: str
    operators: str
    kernel: str
    amount: float | None


@dataclass(frozen=True)
class Side:
    """What is known of one side. `unit` is what a layer's amount is in, empty where unknown."""

    source: str
    kind: str
    model: str
    board: str
    engine: str
    figures: tuple[Figure, ...]
    layers: tuple[SideLayer, ...]
    unit: str
    notes: tuple[str, ...]


def side(path: Path, *, measure: bool, trust_project: bool, progress: Progress) -> Side:
    """What the project or the saved result `path` says. With `measure` a project's layers are
    counted on its device. InputError for anything else."""
    if path.is_dir():
        return _of_project(path, measure, trust_project, progress)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        made = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"'{path}' is neither a project nor a saved result",
            why=str(error),
            next_step="save one: tinygen build MODEL --board BOARD --json-file FILE",
        ) from error
    kind = _kind(made)
    if kind is None:
        raise InputError(
            f"'{path}' is no result that can be compared",
            why=f"it is JSON, but of none of {', '.join(name for name, _ in _KINDS.values())}",
            next_step="give what one of these wrote with --json-file",
        )
    return _of_result(path, kind, made)


def _kind(made: object) -> type | None:
    if not isinstance(made, dict):
        return None
    return next((kind for kind, (_, key) in _KINDS.items() if key in made), None)


def _of_result(path: Path, kind: type, made: dict[str, Any]) -> Side:
    about = made.get("generated") if kind is BuildResult else made
    about = about if isinstance(about, dict) else {}
    figures = [
        Figure(name, of, value)
        for name, where in NAMES[kind].items()
        if not where.startswith("layers.")
        for of, value in _numbers(made, where.split("."), ())
    ]
    sets = about.get("kernel_set")
    return Side(
        source=printable(str(path)),
        kind=_KINDS[kind][0],
        model=_text(about, "model"),
        board=_text(about, "board"),
        engine=_text(about, "engine") + (f" ({printable(str(sets))})" if sets else ""),
        figures=tuple(figures),
        layers=tuple(_layers(kind, about)),
        unit=_unit(kind, about),
        notes=(),
    )


def _unit(kind: type, about: Mapping[str, Any]) -> str:
    if kind is BuildResult:
        return "estimated cycles"
    return _text(about, "unit") if kind is ProfileResult else ""


def _layers(kind: type, about: Mapping[str, Any]) -> Iterator[SideLayer]:
    rows = about.get({BuildResult: "choices", ProfileResult: "layers"}.get(kind, ""))
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        amount = row.get("amount" if kind is ProfileResult else "estimated_cycles")
        operators = row.get("operators")
        yield SideLayer(
            output=_text(row, "output"),
            operators=" + ".join(printable(str(o)) for o in operators)
            if isinstance(operators, list)
            else "",
            kernel=f"{_text(row, 'kernel_set')}/{_text(row, 'kernel')}",
            amount=float(amount) if isinstance(amount, int | float) else None,
        )


def _numbers(
    value: object, path: Sequence[str], of: tuple[str, ...]
) -> Iterator[tuple[str, float]]:
    """The numbers at a gate's path, each with what it is of where there are several."""
    if not path:
        known = isinstance(value, int | float) and not isinstance(value, bool)
        if known and math.isfinite(value):  # type: ignore[arg-type]
            yield " ".join(of), float(value)  # type: ignore[arg-type]
        return
    head, *rest = path
    if isinstance(value, list):
        if head != "*":
            value = value[int(head) : int(head) + 1] if head.isdecimal() else []
        for index, one in enumerate(value):
            named = (*of, _named(one, index)) if len(value) > 1 else of
            yield from _numbers(one, rest, named)
    elif isinstance(value, dict) and head in value:
        yield from _numbers(value[head], rest, of)


def _named(row: object, index: int) -> str:
    """What a row of several is of."""
    if not isinstance(row, dict):
        return f"{index}"
    words = [row.get(key) for key in ("model", "board", "engine", "kernel_set")]
    words = words if any(words) else [row.get("output") or row.get("name")]
    return printable(" ".join(str(word) for word in words if word)) or f"{index}"


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return printable(value) if isinstance(value, str) else ""


def _of_project(path: Path, measure: bool, trust_project: bool, progress: Progress) -> Side:
    found = project.open_project(path)
    manifest, firmware = found.manifest, found.manifest.firmware
    sizes = {}
    if firmware is not None:
        sizes = {"flash": float(firmware.bytes.flash), "ram": float(firmware.bytes.ram)}
    known = {**sizes, "arena": manifest.arena.bytes, "macs": manifest.model.macs}
    figures = [Figure(name, "", value) for name, value in known.items()]
    several = len(manifest.fidelity) > 1
    for one in manifest.fidelity:
        if one.sqnr_db is not None:
            figures.append(Figure("sqnr", one.output if several else "", one.sqnr_db))
    notes = []
    if firmware is None:
        notes.append(f"{shell_word(path)} is not built: its sizes are not known")
    layers: list[SideLayer] = []
    unit = ""
    if measure:
        result = profile(path, trust_project=trust_project, progress=progress)
        unit = result.unit
        figures.append(Figure(unit, "", result.inference))
        layers = [
            SideLayer(
                one.output, " + ".join(one.operators), f"{one.kernel_set}/{one.kernel}", one.amount
            )
            for one in result.layers
        ]
    else:
        progress.stage(f"Compiling {found.model} for {found.board} again")
        try:
            made = again(found, progress)
            traced = made.engine.follow(made.job)
        except TinygenError as error:
            notes.append(f"the layers of {shell_word(path)} are not known: {error.what}")
        else:
            layers = [
                SideLayer(
                    one.name,
                    " + ".join(one.operators),
                    f"{one.kernel_set}/{one.kernel}",
                    one.estimated_instructions,
                )
                for one in traced.layers
            ]
            unit = _ESTIMATED if any(one.amount is not None for one in layers) else ""
    return Side(
        source=str(path),
        kind="project",
        model=found.model,
        board=found.board,
        engine=f"{manifest.engine} ({manifest.kernel_set})",
        figures=tuple(figures),
        layers=tuple(layers),
        unit=unit,
        notes=tuple(notes),
    )
