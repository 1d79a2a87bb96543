"""The model layer by layer: its graph, what each layer takes, and which is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygen.api.facts import Facts
from tinygen.api.layers import GuiltyLayer
from tinygen.api.profile import LayerProfile, ProfileResult
from tinygen.report.page import graph
from tinygen.report.page.charts import ACCENT, WIDE, Spec, figure, named
from tinygen.report.page.parts import Drawing, Grid, Missing, Part, Rows, Section, Words
from tinygen.report.page.words import command, elsewhere, when

_MOST = 40
"""Layers of a chart: those that take most."""
_TOLD = 22


def graph_section(facts: Facts) -> Section:
    """The graph that is compiled."""
    return Section(
        "model",
        "The model",
        "The graph as it is compiled, from top to bottom. Drag it, scroll it or use the arrow keys "
        "to move, the buttons to see more or less of it.",
        tuple(_graph(facts)),
    )


def _graph(facts: Facts) -> Iterator[Part]:
    if facts.traced is None:
        yield Missing(
            "The model could not be compiled again: " + "; ".join(facts.troubles),
            f"tinygen build MODEL --board {facts.board.id}",
        )
        return
    profiled = {} if facts.profile is None else {p.layer: p for p in facts.profile.result.layers}
    guilty = None if facts.layers is None else facts.layers.result.guilty
    shares = {layer: one.share for layer, one in profiled.items()}
    drawn = graph.boxes(facts.traced, shares, None if guilty is None else guilty.layer)
    legend = [("plain", "a plain kernel"), ("tuned", "a kernel made for this core")]
    if any(box.style == "aside" for box in drawn.boxes):
        legend.append(("aside", "no work of its own"))
    if guilty is not None:
        legend.append(("guilty", "the layer that is wrong"))
    layers = len(facts.traced.layers)
    yield Drawing(f"The model's graph, {layers} layers", graph.draw(drawn), tuple(legend))
    if drawn.left_out:
        yield Words(f"The last {drawn.left_out:,} operators are left out.")
    model = facts.project.manifest.model
    yield Rows(
        (
            *((f"input {e.name}", _edge(e.shape, e.dtype.value)) for e in model.inputs),
            *((f"output {e.name}", _edge(e.shape, e.dtype.value)) for e in model.outputs),
            ("multiply-accumulates", f"{model.macs:,}"),
        )
    )


def _edge(shape: tuple[int, ...], dtype: str) -> str:
    return f"{' × '.join(map(str, shape))}, {dtype}"


def time_section(facts: Facts) -> Section:
    """What each layer takes."""
    return Section(
        "time",
        "Time and MACs by layer",
        "How much of an inference each layer takes, beside its share of the multiply-accumulates. "
        "A layer whose time is much more than its share of the work is where a better kernel would "
        "pay.",
        tuple(_time(facts)),
    )


def _time(facts: Facts) -> Iterator[Part]:
    if facts.profile is None:
        yield Missing("No layer of this build was measured.", command(facts, "profile"))
        return
    result = facts.profile.result
    yield Rows(
        (
            ("an inference", f"{result.inference:,} {result.unit}"),
            *(
                [("modelled", f"{result.modelled_cycles:,} cycles of a Cortex-M4, not measured")]
                if result.modelled_cycles is not None
                else []
            ),
            ("between the layers", f"{result.between:,} {result.unit}"),
            ("the mean of", f"{result.vectors} vectors, {when(facts.profile)}"),
        )
    )
    shown = sorted(result.layers, key=lambda one: -one.amount)[:_MOST]
    shown.sort(key=lambda one: one.layer)
    macs = max(1, result.macs)
    rows = [row for one in shown for row in _bars(one, macs, result.unit)]
    most = max((row["value"] for row in rows), default=1.0)

    def draw(width: int) -> Spec:
        y = named(width, 104, 250)
        x: Spec = {"field": "value", "type": "quantitative", "title": "share of the whole, %"}
        x |= {"axis": {"tickCount": 4 if width < WIDE else 8}}
        x |= {"scale": {"domain": [0, 1.12 * most]}}
        offset = {"field": "what", "type": "nominal", "sort": None}
        colour: Spec = {"field": "what", "type": "nominal", "sort": None}
        colour |= {"scale": {"range": [ACCENT, "var(--c2)"]}, "legend": {}}
        bars = {"color": colour, "description": {"field": "told"}}
        return {
            **{"width": width, "height": {"step": 12}, "data": {"values": rows}},
            "encoding": {"y": y, "x": x, "yOffset": offset},
            "layer": [
                {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": bars},
                {
                    "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 10}
                    | {"aria": False, "fill": "var(--muted)"},
                    "encoding": {"text": {"field": "text"}},
                },
            ],
        }

    rest = len(result.layers) - len(shown)
    yield figure(
        f"Share of time and of MACs of {len(shown)} layers",
        draw,
        f"{rest} layers that take less are in the table alone." if rest else "",
    )
    yield _table(result)


def _bars(one: LayerProfile, macs: int, unit: str) -> Iterator[dict[str, Any]]:
    name = f"{one.layer} {' + '.join(one.operators)}"
    spent, work = 100 * one.share, 100 * one.macs / macs
    for what, value, told in (
        ("time", spent, f"{one.amount:,} {unit}, {spent:.1f} %, {one.kernel_set}/{one.kernel}"),
        ("MACs", work, f"{one.macs:,} MACs, {work:.1f} %"),
    ):
        text = f"{value:.1f}" if value >= 0.05 else ""
        yield {"name": name, "what": what, "value": value, "text": text, "told": f"{name}: {told}"}


def _table(result: ProfileResult) -> Grid:
    return Grid(
        f"Layers, in {result.unit} and bytes",
        ("#", "layer", "kernel", result.unit, "MACs", "MACs each", "code", "constants", "RAM"),
        tuple(
            (
                f"{one.layer}",
                f"{' + '.join(one.operators)} {one.output}",
                f"{one.kernel_set}/{one.kernel}",
                f"{one.amount:,}",
                f"{one.macs:,}",
                "" if one.macs_per_instruction is None else f"{one.macs_per_instruction:.2f}",
                "" if one.code_bytes is None else f"{one.code_bytes:,}",
                f"{one.constant_bytes:,}",
                f"{one.ram_bytes:,}",
            )
            for one in result.layers
        ),
        (True, False, False, True, True, True, True, True, True),
        fold="Every layer as a table",
    )


def error_section(facts: Facts) -> Section:
    """The device against the host, layer by layer."""
    return Section(
        "errors",
        "Errors by layer",
        "The device notes a checksum of every layer's output, which is held against the host's.",
        tuple(_errors(facts)),
    )


def _errors(facts: Facts) -> Iterator[Part]:
    if facts.layers is None:
        yield Missing(
            "No layer's output of this build was compared.", command(facts, "verify --layers")
        )
        return
    result = facts.layers.result
    over = f"{result.vectors_looked_into} of {result.vectors} vectors, {when(facts.layers)}"
    if result.guilty is not None:
        yield Words(f"{result.reason}.", "bad")
        yield Rows(tuple(_guilty(result.guilty)))
        if result.guilty.workaround:
            yield Missing(
                "Firmware without this kernel is built by",
                elsewhere(facts, result.guilty.workaround),
            )
    elif result.exit_code == 0:
        yield Words(f"Every one of {result.layers} layers is right, in {over}.", "good")
    else:
        yield Words(f"Not known: {result.reason}", "warn")


def _guilty(one: GuiltyLayer) -> Iterator[tuple[str, str]]:
    yield "layer", f"{one.layer} of {one.layers}: {' + '.join(one.operators)} {one.output}"
    yield "Keras layer", ", ".join(one.keras_layers)
    yield "kernel", f"{one.kernel_set}/{one.kernel}"
    yield "vector", f"{one.vector} ({one.origin})"
    found = one.difference
    if found is not None:
        yield "wrong", f"{found.wrong:,} of {found.elements:,} elements, {found.where}"
        yield "it is", found.like.value + (f": {found.detail}" if found.detail else "")
        yield "suggests", found.suggests
    if one.plain is not None and one.plain.agrees is not None:
        yield "the plain kernel", "is right in its place" if one.plain.agrees else "is wrong too"
