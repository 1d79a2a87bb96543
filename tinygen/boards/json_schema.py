"""The schema of a board file in the words of json-schema.org, for editors that check TOML by it."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, cast

import msgspec

from tinygen.boards.hints import hints_of, is_needed
from tinygen.boards.schema import Board, Linux, Qemu, Serial

_REFERENCE = "#/$defs/{name}"


def board_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12: every key, its type, its range or pattern, which are needed.

    What concerns several keys at once (a heap's sizes, say) is not in it: a build checks that.
    """
    # The library takes no sum of dataclasses: the device is put in by hand.
    others = [field for field in dataclasses.fields(Board) if field.name != "device"]
    record = msgspec.defstruct("Board", [_field(f) for f in others], module=Board.__module__)
    (board, *devices), parts = msgspec.json.schema_components(
        [record, Qemu, Serial, Linux], ref_template=_REFERENCE
    )
    parts["Board"]["properties"]["device"] = {"oneOf": devices}
    parts["Board"]["required"] = [f.name for f in dataclasses.fields(Board) if is_needed(f)]
    parts["Board"]["description"] = _in_one_line(Board.__doc__ or "")
    for part in parts.values():
        if part.get("type") == "object":
            part["additionalProperties"] = False
            part["description"] = _in_one_line(part.get("description", ""))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A board of tinygen",
        **board,
        "$defs": parts,
    }
    # Where a text ends, Python has a word of its own for.
    text = json.dumps(schema).replace(json.dumps("\\Z").strip('"'), "$")
    return cast(dict[str, Any], json.loads(text))


def _field(field: dataclasses.Field[Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
    hint = hints_of(Board)[field.name]
    return (field.name, hint) if is_needed(field) else (field.name, hint, field.default)


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
