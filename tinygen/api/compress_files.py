"""What compress() leaves beside the model: data, a table of all candidates, and a picture."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.api.candidates import Outcome, Plan, Workshop
from tinygen.api.compress_result import CompressRow
from tinygen.compression.picture import Point, draw, drawable
from tinygen.compression.train import Samples
from tinygen.quantize import CALIBRATION_SAMPLES

Tried = Sequence[tuple[Plan, Outcome]]


def write_data(folder: Path, shop: Workshop) -> tuple[Path, Path]:
    """The samples that quantize a candidate, the very ones, and those of the last word."""
    train = shop.split.train
    count = min(len(train), CALIBRATION_SAMPLES)
    places = np.arange(count) * len(train) // count
    files = (folder / "calibration.npz", folder / "test.npz")
    for path, samples in zip(files, (train.at(places), shop.split.test), strict=True):
        _save(path, shop, samples)
    return files


def _save(path: Path, shop: Workshop, samples: Samples) -> None:
    edges = shop.loaded.inputs
    names = ["x"] if len(edges) == 1 else [edge.name for edge in edges]
    arrays = dict(zip(names, samples.inputs, strict=True))
    if shop.task.classes:
        arrays["y"] = samples.answers
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def write_table(folder: Path, tried: Tried) -> Path:
    """Every candidate, one a line."""
    path = folder / "candidates.csv"
    groups = list(tried[0][0].widths) if tried else []
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(
            [
                *("method", "seed", *(f"channels of {name}" for name in groups), "parameters"),
                *("validation", "test (float)", "test (int8)"),
                *("layers' flash, estimated", "arena", "instructions, estimated"),
                *("epochs", "seconds"),
            ]
        )
        for plan, one in tried:
            table.writerow(
                [
                    *(plan.method, plan.seed, *(plan.widths[n] for n in groups), one.parameters),
                    *(f"{v:.6g}" for v in (one.validation, one.float_test, one.int8_test)),
                    *(one.flash, one.arena, one.instructions, one.epochs, f"{one.seconds:.1f}"),
                ]
            )
    return path


def write_picture(
    folder: Path, rows: Sequence[CompressRow], tried: Tried, shop: Workshop, title: str
) -> Path | None:
    """None where there is nothing to draw with."""
    if not drawable():
        return None
    unit = 100.0 if shop.task.classes else -1.0
    points = []
    final = {(row.method, *((w.layer, w.channels) for w in row.widths)) for row in rows}
    for plan, one in tried:
        if (plan.method, *plan.widths.items()) in final:
            continue
        score = unit * one.int8_test
        points.append(Point(plan.method, one.instructions / 1e6, score, score, score, tried=True))
    for row in rows:
        low, high = sorted((unit * row.low, unit * row.high))
        points.append(
            Point(
                method=row.method,
                millions=row.instructions / 1e6,
                score=unit * row.score,
                low=low,
                high=high,
                tried=False,
                on_front=row.on_front,
                chosen=row.chosen,
            )
        )
    path = folder / "pareto.png"
    measure = "accuracy, %" if shop.task.classes else shop.task.measure
    draw(points, path, title=title, measure=measure)
    return path
