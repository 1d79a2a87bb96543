"""The figures of a result as CSV, for a spreadsheet: a row an output, engine, layer or build."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from tinygen.api.bench import BenchResult
from tinygen.api.build import BuildResult
from tinygen.api.compare import CompareResult
from tinygen.api.inspect import InspectResult
from tinygen.api.profile import ProfileResult
from tinygen.api.verify import VerifyResult
from tinygen.report.json import to_json

Row = Mapping[str, object]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, also in a cell of a file."""


def write_csv(file: Path, result: object) -> None:
    """The rows of `csv_rows`, in UTF-8, with a header (RFC 4180)."""
    rows = csv_rows(result)
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def csv_rows(result: object) -> Sequence[Row]:
    """A row for each output of a verdict, each engine of a bench, or the one build."""
    if isinstance(result, VerifyResult):
        return [row for one in result.models or (result,) for row in _verify_rows(one)]
    if isinstance(result, BenchResult):
        return [{"vectors": result.vectors, **to_json(row)} for row in result.rows]
    if isinstance(result, ProfileResult):
        known = {"model": result.model, "board": result.board, "engine": result.engine}
        known |= {"vectors": str(result.vectors), "unit": result.unit}
        return [{**known, **_flat(to_json(layer))} for layer in result.layers]
    if isinstance(result, CompareResult):
        return _compare_rows(result)
    if isinstance(result, InspectResult):
        asked = result.fidelity
        layers = result.layers if asked is None else asked.layers
        return [{"model": result.model, **_flat(to_json(layer))} for layer in layers]
    if isinstance(result, BuildResult):
        made = result.generated
        return [
            {
                **{"model": made.model, "board": made.board, "engine": made.engine},
                **{"kernel_set": made.kernel_set, "build_id": result.build_id},
                **{f"{name}_bytes": value for name, value in to_json(result.sizes).items()},
                **{"constant_bytes": made.constant_bytes, "macs": made.macs},
                **{"vectors": made.vectors, "oracle": made.oracle, "seconds": result.seconds},
            }
        ]
    raise TypeError(type(result).__name__)


def _flat(row: Row) -> Row:
    """Lists as one cell."""
    return {k: " + ".join(map(str, v)) if isinstance(v, list) else v for k, v in row.items()}


def _compare_rows(result: CompareResult) -> Sequence[Row]:
    """A row for each figure, then for each layer."""
    none = {"kernel_a": "", "kernel_b": ""}
    head = {"model": result.b.model}
    rows: list[Row] = []
    for figure in result.figures:
        numbers = {"a": figure.a, "b": figure.b, "change": figure.change}
        rows.append({**head, "name": figure.name, "of": figure.of, **none, **numbers})
    for layer in result.layers:
        kernels = {"kernel_a": layer.kernel_a, "kernel_b": layer.kernel_b}
        numbers = {"a": layer.a, "b": layer.b, "change": layer.change}
        rows.append({**head, "name": "layer", "of": layer.output, **kernels, **numbers})
    return rows


def _verify_rows(result: VerifyResult) -> Sequence[Row]:
    rated = result.accuracy
    head = {
        **{"model": result.model, "board": result.board, "engine": result.engine},
        **{"build_id": result.build_id, "verdict": result.verdict.value, "oracle": result.oracle},
        **{"samples": result.samples, "vectors": result.vectors},
        "cost_unit": None if result.cost is None else result.cost.unit,
        "cost_mean": None if result.cost is None else result.cost.mean,
        **{"arena_bytes": result.arena_bytes, "stack_used_bytes": result.stack_used_bytes},
    }
    rows = []
    for output in result.outputs:
        own = rated if rated is not None and rated.output == output.name else None
        rows.append(
            {
                **head,
                **{"output": output.name, "elements": output.elements},
                **to_json(output.device),
                "labelled_samples": None if own is None else own.vectors,
                "accuracy": None if own is None else own.device,
                "f1": None if own is None else own.f1,
                "auc": None if own is None else own.auc,
            }
        )
    return rows or [head]


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
