"""The schema of all that `--json` prints, in the words of json-schema.org."""

from __future__ import annotations

import dataclasses
import inspect
import json
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tinygen.api.bench import BenchResult
from tinygen.api.build import BuildResult, GenerateResult
from tinygen.api.cache import CacheResult
from tinygen.api.catalogue import OperatorsResult
from tinygen.api.compare import CompareResult
from tinygen.api.compress_result import CompressResult
from tinygen.api.doctor import DoctorResult
from tinygen.api.export import ExportResult
from tinygen.api.flash import FlashResult, StopResult
from tinygen.api.gates import NAMES, GateOutcome
from tinygen.api.inspect import InspectResult
from tinygen.api.layers import LayersResult
from tinygen.api.power import PowerResult
from tinygen.api.profile import ProfileResult
from tinygen.api.run import RunResult
from tinygen.api.setup import SetupResult
from tinygen.api.stream import StreamResult
from tinygen.api.verify import VerifyResult
from tinygen.boards.json_schema import board_schema
from tinygen.boards.schema import Board
from tinygen.report.json import SCHEMA_VERSION
from tinygen.report.page import PageResult

_REFERENCE = "#/$defs/{name}"


@dataclasses.dataclass(frozen=True)
class Error:
    """What a command says that did not do what it was asked for, a usage error too."""

    error: str
    exit_code: int
    what: str
    why: str
    next_step: str


RESULTS: Mapping[str, type] = {
    "bench": BenchResult,
    "build": BuildResult,
    "cache": CacheResult,
    "compare": CompareResult,
    "compress": CompressResult,
    "doctor": DoctorResult,
    "error": Error,
    "export": ExportResult,
    "flash": FlashResult,
    "generate": GenerateResult,
    "inspect": InspectResult,
    "layers": LayersResult,
    "ops": OperatorsResult,
    "power": PowerResult,
    "profile": ProfileResult,
    "report": PageResult,
    "run": RunResult,
    "setup": SetupResult,
    "stop": StopResult,
    "stream": StreamResult,
    "verify": VerifyResult,
}
"""What each command prints. `boards` prints all of them, or one: `board`; `verify --layers` prints
`layers`, `profile --power` `power`."""


def results_schema_text() -> str:
    """The schema as the file that is published, docs/results.schema.json."""
    return json.dumps(results_schema(), indent=1) + "\n"


def results_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12: `$defs` has an entry for each command, and one for errors."""
    _, parts = msgspec.json.schema_components(
        [*RESULTS.values(), GateOutcome], schema_hook=_other, ref_template=_REFERENCE
    )
    records = {one.__name__: one for kind in RESULTS.values() for one in _records(kind)}
    for name, record in records.items():
        if name in parts:
            _add_properties(parts[name], record)
    parts |= _boards()
    version = {"properties": {"schema_version": {"const": SCHEMA_VERSION}}}
    for command, name in (
        *((command, kind.__name__) for command, kind in RESULTS.items()),
        ("boards", "BoardsResult"),
        ("board", "BoardInFull"),
    ):
        whole = {"$ref": _REFERENCE.format(name=name)}
        said: dict[str, Any] = version
        if RESULTS.get(command) in NAMES:
            listed = {"type": "array", "items": {"$ref": _REFERENCE.format(name="GateOutcome")}}
            said = {"properties": {**version["properties"], "gates": listed}}
        parts[command] = {"allOf": [whole, {**said, "required": ["schema_version"]}]}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What tinygen's commands print with --json, version {SCHEMA_VERSION}",
        "$defs": dict(sorted(parts.items())),
    }
    return typing.cast(dict[str, Any], _plain(schema))


def _boards() -> dict[str, Any]:
    parts: dict[str, Any] = board_schema()["$defs"]
    for part in parts.values():
        part.pop("additionalProperties", None)  # beside its keys a board says what follows of them
    board = parts["Board"]
    _add_properties(board, Board)
    listed = {"type": "array", "items": {"$ref": _REFERENCE.format(name="Board")}}
    parts["BoardsResult"] = {"type": "object", "properties": {"boards": listed}}
    words = {"type": "array", "items": {"type": "string"}}
    sets = {"type": "object", "additionalProperties": words}
    parts["BoardInFull"] = {
        "allOf": [
            {"$ref": _REFERENCE.format(name="Board")},
            {"properties": {"kernel_sets": sets}, "required": ["kernel_sets"]},
        ]
    }
    return parts


def _other(kind: type) -> dict[str, Any]:
    """What JSON has of types that the library does not know."""
    if issubclass(kind, Path):
        return {"type": "string"}
    if issubclass(kind, np.ndarray):
        return {"type": "array"}
    raise NotImplementedError(kind)


def _records(kind: Any, above: tuple[Any, ...] = ()) -> Iterator[Any]:
    """The dataclass and those in it, but `above`: one may hold results of its own kind."""
    if kind in above:
        return
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        for inner in typing.get_args(kind):
            yield from _records(inner, above)
        return
    yield kind
    for hint in typing.get_type_hints(kind).values():
        yield from _records(hint, (*above, kind))


def _add_properties(part: dict[str, Any], record: type) -> None:
    """Those that `to_json` shows beside the fields."""
    for name, value in vars(record).items():
        if isinstance(value, property) and value.fget is not None:
            hint = typing.get_type_hints(value.fget)["return"]
            part["properties"][name] = msgspec.json.schema(
                hint, schema_hook=_other, ref_template=_REFERENCE
            )
            part["properties"][name].pop("$defs", None)
            part["required"] = [*part.get("required", []), name]


def _plain(value: Any) -> Any:
    """Descriptions in one line; a number that is not finite is null in JSON."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _plain(item) for key, item in value.items()}
    if made.get("type") == "number":
        made["type"] = ["number", "null"]
    if isinstance(made.get("description"), str):
        made["description"] = " ".join(inspect.cleandoc(made["description"]).split())
    if made.get("type") == "object" and "properties" in made:
        made["required"] = sorted({*made.get("required", []), *made["properties"]})
    return made
