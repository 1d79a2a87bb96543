"""Results as strict JSON, for programs."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from tinygen.boards import Board
from tinygen.engines import kernel_sets

SCHEMA_VERSION = 1
"""Of what is printed: it rises with every key that goes or means something else (CHANGELOG.md), and
`tinygen --json-schema` says what there is."""


def print_json(result: object) -> None:
    """To standard output, as strict JSON, in which every control character is an escape; a result
    says which version of the schema it is in."""
    print_text(versioned(to_json(result)))


def versioned(made: object) -> object:
    """What is JSON already, with the version of the schema that it is in."""
    return {"schema_version": SCHEMA_VERSION, **made} if isinstance(made, dict) else made


def print_text(made: object) -> None:
    """What is JSON already, to standard output."""
    text = json.dumps(made, indent=2, allow_nan=False)
    sys.stdout.write(text.replace("\x7f", "\\u007f") + "\n")  # the one that JSON lets pass


def board_facts(board: Board) -> dict[str, Any]:
    """Everything that is known of a board, and the kernel sets there are on it."""
    return {**to_json(board), "kernel_sets": to_json(kernel_sets(board))}


def to_json(value: object) -> Any:
    """Dataclasses as objects with their properties, enums as values, infinities as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value)]
        names += [n for n, v in vars(type(value)).items() if isinstance(v, property)]
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
