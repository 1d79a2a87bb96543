"""What quantizing loses, layer by layer, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

from tinygen.api.facts import Facts
from tinygen.proof.layer_fidelity import FidelityResult, LayerFidelity
from tinygen.report.page.charts import ACCENT, WIDE, Spec, figure, named
from tinygen.report.page.parts import Figure, Grid, Missing, Part, Words
from tinygen.report.page.words import when
from tinygen.report.text.tables import decibel, share

_MOST = 30
"""Layers of the chart: those that cost most."""
_TOLD = 3


def layer_parts(facts: Facts) -> Iterator[Part]:
    """The layers, the one that costs the outputs most first."""
    if facts.fidelity is None:
        yield Missing(
            "Which layer loses it was not measured.",
            f"tinygen build MODEL --board {facts.board.id} --data SAMPLES.npz --fidelity",
        )
        return
    result = facts.fidelity.result
    ranked = sorted((one for one in result.layers if one.rank), key=lambda one: one.rank or 0)
    if ranked:
        yield _chart(result, ranked[:_MOST])
    for one in (ranked or list(result.layers))[:_TOLD]:
        for cause in one.causes:
            help = f" What to do: {'; '.join(one.remedies)}." if one.remedies else ""
            yield Words(f"{one.operator} {one.name}: {cause}.{help}", "warn")
    yield Grid(
        f"SQNR of each layer over {result.samples} samples, {when(facts.fidelity)}",
        ("layer", "of the loss", "alone", "itself", "running", "saturated", "dead channels"),
        tuple(
            (
                f"{one.operator} {one.name}",
                share(one.share),
                _decibel(one.alone_sqnr_db),
                _decibel(one.own_sqnr_db),
                _decibel(one.sqnr_db),
                share(one.saturated),
                f"{len(one.dead_channels)} of {one.channels}",
            )
            for one in ranked or result.layers
        ),
        (False, *[True] * 6),
        fold="Every layer as a table",
    )


def _decibel(value: float | None) -> str:
    return "" if value is None else decibel(value)


def _chart(result: FidelityResult, layers: list[LayerFidelity]) -> Figure:
    rows = [
        {
            "name": f"{one.operator} {one.name}",
            "value": 100 * (one.share or 0.0),
            "text": f"{100 * (one.share or 0.0):.1f} %, {_decibel(one.alone_sqnr_db)}",
            "told": f"{one.operator} {one.name}: {_decibel(one.alone_sqnr_db)} at the outputs",
        }
        for one in layers
    ]
    most = max(float(str(row["value"])) for row in rows) or 1.0

    def draw(width: int) -> Spec:
        x: Spec = {"field": "value", "type": "quantitative"}
        x |= {"title": "share of what is lost at the outputs, %"}
        x |= {"scale": {"domain": [0, (1.9 if width < WIDE else 1.3) * most]}}
        x |= {"axis": {"tickCount": 3 if width < WIDE else 8}}
        return {
            **{"width": width, "height": {"step": 24}, "data": {"values": rows}},
            "encoding": {"y": named(width, 118, 250), "x": x},
            "layer": [
                {
                    "mark": {"type": "bar", "fill": ACCENT},
                    "encoding": {"description": {"field": "told"}},
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
                    "encoding": {"text": {"field": "text"}},
                },
            ],
        }

    rest = len([one for one in result.layers if one.rank]) - len(layers)
    return figure(
        f"What {len(layers)} layers cost the outputs, each alone quantized",
        draw,
        "Each layer alone quantized, the others in float: its share of all errors at the outputs, "
        "and the SQNR that it leaves there." + (f" {rest} more are in the table." if rest else ""),
    )
