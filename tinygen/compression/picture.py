"""The picture of the candidates: what each costs, and how right it is."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Point:
    """A candidate: its method, instructions in millions, its mean score and the scores' range, in
    percent or as the task has it; `tried` is one that was trained once only."""

    method: str
    millions: float
    score: float
    low: float
    high: float
    tried: bool
    on_front: bool = False
    chosen: bool = False


_MARKS = "osD^vPX*"


def drawable() -> bool:
    """Whether there is something to draw with."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(points: Sequence[Point], path: Path, *, title: str, measure: str) -> None:
    """Write the picture as PNG. Candidates that were trained once are pale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for mark, method in zip(_MARKS, dict.fromkeys(p.method for p in points), strict=False):
        own = [p for p in points if p.method == method]
        tried = [p for p in own if p.tried]
        final = [p for p in own if not p.tried]
        axes.scatter(
            [p.millions for p in tried], [p.score for p in tried], marker=mark, alpha=0.25, c="gray"
        )
        if final:
            axes.errorbar(
                [p.millions for p in final],
                [p.score for p in final],
                yerr=(
                    [p.score - p.low for p in final],
                    [p.high - p.score for p in final],
                ),
                fmt=mark,
                capsize=3,
                label=method,
            )
    front = sorted((p.millions, p.score) for p in points if p.on_front)
    axes.plot([x for x, _ in front], [y for _, y in front], "k--", linewidth=1, label="front")
    for point in points:
        if point.chosen:
            axes.scatter(
                [point.millions], [point.score], s=220, facecolors="none", edgecolors="red"
            )
    axes.set_xlabel("million instructions of one inference")
    axes.set_ylabel(f"{measure}, int8, on samples that nothing was chosen by")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)
