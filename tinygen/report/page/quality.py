"""How good the model is: against the float model, and on labelled samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygen.api.facts import Facts
from tinygen.api.results import Kept
from tinygen.api.verify import VerifyResult
from tinygen.proof.rating import Accuracy, Regression
from tinygen.proof.verdict import RealDistance
from tinygen.report.page.charts import WIDE, Spec, figure
from tinygen.report.page.loss import layer_parts
from tinygen.report.page.parts import Figure, Grid, Missing, Part, Rows, Section, Words
from tinygen.report.page.words import command, when
from tinygen.report.text.tables import decibel, number, share

_CLASSES = 24
"""Of more classes no matrix is drawn: the pairs are listed."""
_PAIRS = 20


def fidelity_section(facts: Facts) -> Section:
    """The quantized model against the float model."""
    return Section(
        "fidelity",
        "Fidelity",
        "How far the quantized model is from the float model that it was made of, on samples of "
        "the data. SQNR is the signal against the noise of quantization, in decibels.",
        tuple(_fidelity(facts)),
    )


def _fidelity(facts: Facts) -> Iterator[Part]:
    manifest = facts.project.manifest
    outputs = [] if facts.verify is None else list(facts.verify.result.outputs)
    compared = [(o.name, o.float_vectors, o.float_model) for o in outputs]
    rows = [_distance(name, count, d) for name, count, d in compared if d is not None]
    if rows:
        yield Grid(
            "The device against the float model",
            ("output", "samples", "SQNR", "RMSE", "max", "cosine", "same argmax"),
            tuple(rows),
            (False, *[True] * 6),
        )
    elif manifest.fidelity:
        yield Grid(
            "The host's quantized model against the float model",
            ("output", "samples", "SQNR", "RMSE", "max", "same argmax"),
            tuple(
                (
                    f.output,
                    f"{f.samples}",
                    "exact" if f.sqnr_db is None else decibel(f.sqnr_db),
                    f"{f.rmse:.4g}",
                    f"{f.max_abs_diff:.4g}",
                    share(f.argmax_agreement),
                )
                for f in manifest.fidelity
            ),
            (False, *[True] * 5),
        )
    if not rows and not manifest.fidelity and facts.fidelity is None:
        yield Missing(
            "There is nothing to compare with: the project was made of a model that was int8 "
            "already, or without samples of data.",
            f"tinygen build MODEL.keras --board {facts.board.id} --data SAMPLES.npz --fidelity",
        )
    else:
        yield from layer_parts(facts)


def _distance(name: str, samples: int, d: RealDistance) -> tuple[str, ...]:
    return (
        name,
        f"{samples}",
        decibel(d.sqnr_db),
        f"{d.rmse:.4g}",
        f"{d.max_abs_diff:.4g}",
        f"{d.cosine:.5f}",
        share(d.argmax_agreement),
    )


def accuracy_section(facts: Facts) -> Section:
    """Labelled samples, as the device computes them."""
    return Section(
        "accuracy",
        "Accuracy",
        "Of labelled samples, by what the device computed, not by what the host thinks.",
        tuple(_accuracy(facts)),
    )


def rated(facts: Facts) -> Kept[VerifyResult] | None:
    """The result whose labels count: a data set of one's own before the project's vectors."""
    for found in (facts.samples, facts.verify):
        if found and (found.result.accuracy or found.result.regression):
            return found
    return None


def _accuracy(facts: Facts) -> Iterator[Part]:
    found = rated(facts)
    if found is None:
        yield Missing(
            "No labelled sample was run on the device.",
            command(facts, "verify --data SAMPLES --labels LABELS.csv"),
        )
        return
    if found.result.samples is not None:
        yield Words(f"Samples of {found.result.samples}, {when(found)}.")
    if found.result.accuracy is not None:
        yield from _classes(found.result.accuracy, facts.board.id)
    if found.result.regression is not None:
        yield _regression(found.result.regression, facts.board.id)


def _classes(accuracy: Accuracy, board: str) -> Iterator[Part]:
    known = f"{share(accuracy.low)} to {share(accuracy.high)}"
    rows = [
        (f"{board} (device)", share(accuracy.device, digits=2)),
        ("host, int8", share(accuracy.host_int8, digits=2)),
    ]
    if accuracy.host_float is not None:
        rows.append(("host, float", share(accuracy.host_float, digits=2)))
    rows += [
        ("known to", f"{known}, with 95 % confidence, by {accuracy.vectors:,} samples"),
        *((f"among the {t.k} highest", share(t.device, digits=2)) for t in accuracy.top),
        ("balanced accuracy", share(accuracy.balanced)),
        ("F1, mean of the classes", f"{accuracy.f1:.3f}"),
    ]
    if accuracy.auc is not None:
        rows.append(("AUC, mean of the classes", f"{accuracy.auc:.4f}"))
    yield Rows(tuple(rows))
    numbers = sorted({n for c in accuracy.confusion for n in (c.label, c.computed)})
    if len(numbers) <= _CLASSES:
        yield _matrix(accuracy, numbers)
    else:
        yield _confused(accuracy)
    yield Grid(
        "Class by class",
        ("class", "samples", "computed", "precision", "recall", "F1", "AUC"),
        tuple(
            (
                c.label or f"{c.number}",
                f"{c.samples:,}",
                f"{c.computed:,}",
                share(c.precision),
                share(c.recall),
                "" if c.f1 is None else f"{c.f1:.3f}",
                "" if c.auc is None else f"{c.auc:.4f}",
            )
            for c in accuracy.classes
        ),
        (False, *[True] * 6),
        fold="Every class as a table",
    )


def _names(accuracy: Accuracy) -> dict[int, str]:
    return {c.number: c.label or f"{c.number}" for c in accuracy.classes}


def _matrix(accuracy: Accuracy, numbers: list[int]) -> Figure:
    names = _names(accuracy)
    of_class = {c.number: c.samples for c in accuracy.classes}
    counted = {(c.label, c.computed): c.samples for c in accuracy.confusion}
    rows: list[dict[str, Any]] = []
    for label in numbers:
        for guess in numbers:
            count = counted.get((label, guess), 0)
            part = count / max(1, of_class.get(label, 0))
            said = (
                f"{count} samples of {names.get(label, label)} taken for {names.get(guess, guess)}"
            )
            rows.append(
                {
                    **{
                        "label": f"{names.get(label, label)}",
                        "guess": f"{names.get(guess, guess)}",
                    },
                    **{"part": part, "count": f"{count}" if count else "", "told": said},
                    "colour": "var(--good)" if label == guess else "var(--bad)",
                }
            )
    order = [f"{names.get(n, n)}" for n in numbers]

    def draw(width: int) -> Spec:
        side = min(width - (70 if width < WIDE else 130), 46 * len(numbers))
        axis = {"ticks": False, "domain": False, "labelLimit": 60 if width < WIDE else 120}
        x = {"field": "guess", "type": "nominal", "sort": order, "title": "taken for"}
        y = {"field": "label", "type": "nominal", "sort": order, "title": "label"}
        turned = max(map(len, order)) > 3
        return {
            **{"width": side, "height": side * 0.8, "data": {"values": rows}},
            "autosize": {"type": "pad"},
            "encoding": {
                "x": x | {"axis": axis | {"labelAngle": -45 if turned else 0, "orient": "top"}},
                "y": y | {"axis": axis},
            },
            "layer": [
                {
                    "mark": {"type": "rect", "stroke": "var(--line)", "strokeWidth": 1},
                    "encoding": {
                        "fill": {"field": "colour", "type": "nominal", "scale": None},
                        "fillOpacity": {
                            "field": "part",
                            "type": "quantitative",
                            "scale": {"domain": [0, 1], "range": [0, 0.45]},
                            "legend": None,
                        },
                        "description": {"field": "told"},
                    },
                },
                {
                    "mark": {"type": "text", "aria": False, "fontSize": 10 if width < WIDE else 12},
                    "encoding": {"text": {"field": "count"}},
                },
            ],
        }

    return figure(
        f"Confusion matrix of {len(numbers)} classes, {accuracy.vectors:,} samples",
        draw,
        "Each row is a class, each column what the device takes its samples for.",
    )


def _confused(accuracy: Accuracy) -> Grid:
    names = _names(accuracy)
    wrong = [c for c in accuracy.confusion if c.label != c.computed]
    wrong.sort(key=lambda c: -c.samples)
    return Grid(
        "The classes that are confused most",
        ("label", "taken for", "samples"),
        tuple(
            (
                names.get(c.label, f"{c.label}"),
                names.get(c.computed, f"{c.computed}"),
                f"{c.samples}",
            )
            for c in wrong[:_PAIRS]
        ),
        (False, False, True),
    )


def _regression(found: Regression, board: str) -> Grid:
    rows = [(f"{board} (device)", found.device), ("host, int8", found.host_int8)]
    if found.host_float is not None:
        rows.append(("host, float", found.host_float))
    return Grid(
        f"{found.output} against what {found.vectors} samples say it should be",
        ("by", "RMSE", "MAE", "mean error", "max", "Nash–Sutcliffe"),
        tuple(
            (
                name,
                f"{d.rmse:.4g}",
                f"{d.mae:.4g}",
                f"{d.mean_error:.3g}",
                f"{d.max_abs_diff:.4g}",
                number(d.nash_sutcliffe),
            )
            for name, d in rows
        ),
        (False, *[True] * 5),
    )
