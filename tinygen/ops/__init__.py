"""The operators, one file each, and the explicit list of them."""

from __future__ import annotations

from tinygen.ops.parse import Parsed, Parser

OPERATORS: tuple[type[Parsed], ...] = ()
"""Every operator that is read from a .tflite file."""

BY_KIND = {operator.kind: operator for operator in OPERATORS}

__all__ = ["BY_KIND", "OPERATORS", "Parsed", "Parser"]
