"""The vectors to look at first, with their inputs as pictures or curves."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
from markupsafe import Markup, escape
from PIL import Image

from tinygen.api.facts import Facts
from tinygen.ir import Array, Edge, format_shape
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import real_values
from tinygen.proof.worst import WorstVector
from tinygen.report.page.charts import COLOURS, Spec, svg
from tinygen.report.page.parts import Case, Cases, Missing, Part, Section, Value, Words
from tinygen.report.page.words import command

_EXAMPLES = 3
"""Vectors that are shown where none is worse than another."""
_INPUTS = 3
_TOP = 5
_SIDE = 128
"""Pixels of a picture at most: a larger one is made smaller."""
_POINTS = 300
_CHANNELS = 6
_COLOUR = 3
_TALL = 2
"""So many times as high as wide, a picture is turned."""


def cases_section(facts: Facts) -> Section:
    """Worst first; some of them where none is worse."""
    return Section(
        "vectors",
        "Vectors to look at",
        "Those that differ from the oracle come first, then those whose label is missed, then "
        "samples that are far from the float model.",
        tuple(_parts(facts)),
    )


def _parts(facts: Facts) -> Iterator[Part]:
    vectors = facts.vectors
    if vectors is None:
        yield Missing("The project's vectors cannot be read.", "tinygen build MODEL")
        return
    ran = 0 if facts.verify is None else facts.verify.result.vectors
    if not ran:
        yield Missing("No vector was run on a device by this build.", command(facts, "verify"))
    found = () if facts.verify is None else facts.verify.result.worst
    edges = facts.project.manifest.model.outputs
    if not found:
        if ran:
            yield Words(
                "None is worse than another: all are as the oracle has them, no label is missed, "
                "and there is no float model to be far from. The first of them:"
            )
        there = range(ran or len(vectors))
        ordinary = sorted(there, key=lambda i: vectors.origins[i].startswith("edge"))
        found = tuple(_example(vectors, edges[0], i) for i in ordinary[:_EXAMPLES])
    known = [one for one in found if one.vector < len(vectors)]
    yield Cases(tuple(_case(facts, vectors, one, ran=one.vector < ran) for one in known))


def _example(vectors: Vectors, edge: Edge, index: int) -> WorstVector:
    values = real_values(edge, vectors.expected[0][index]).reshape(-1)
    return WorstVector(
        vector=index,
        origin=vectors.origins[index],
        mismatched_elements=0,
        max_abs_diff_lsb=0,
        missed_label=False,
        float_rmse=None,
        device=tuple(float(v) for v in values),
    )


def _case(facts: Facts, vectors: Vectors, one: WorstVector, *, ran: bool) -> Case:
    model = facts.project.manifest.model
    output, label = model.outputs[0], int(vectors.labels[one.vector])
    said = []
    if one.mismatched_elements:
        said.append(
            f"{one.mismatched_elements:,} elements differ, by up to {one.max_abs_diff_lsb} LSB"
        )
    if label >= 0:
        said.append(f"label {_label(output, label)}" + (": missed" if one.missed_label else ""))
    if one.float_rmse is not None:
        said.append(f"RMSE {one.float_rmse:.3g} from the float model")
    tone = "bad" if one.mismatched_elements else "warn" if one.missed_label else ""
    values, more = _values(output, vectors, one, ran=ran)
    return Case(
        title=f"Vector {one.vector} · {one.origin}",
        said=tuple(said),
        tone=tone,
        pictures=tuple(
            (f"{edge.name}, {format_shape(edge.shape)}", picture(edge, array[one.vector]))
            for edge, array in zip(model.inputs[:_INPUTS], vectors.inputs, strict=False)
        ),
        values=values,
        more=more,
    )


def _label(edge: Edge, number: int) -> str:
    known = edge.elements > 1 and number < len(edge.labels)
    return edge.labels[number] if known else f"{number}"


def _values(
    edge: Edge, vectors: Vectors, one: WorstVector, *, ran: bool
) -> tuple[tuple[Value, ...], str]:
    """The elements that are wrong, then the highest ones, beside the oracle's; of a vector that was
    not run the device has none."""
    device = np.array(one.device)
    oracle = real_values(edge, vectors.expected[0][one.vector]).reshape(-1)[: len(device)]
    real = None
    if vectors.real_outputs is not None:
        real = vectors.real_outputs[0][one.vector].reshape(-1)
    wrong = ~np.isclose(device, oracle, rtol=0, atol=0, equal_nan=True)
    order = np.lexsort((-device, ~wrong))[:_TOP]
    most = float(np.nanmax(np.abs(device), initial=0.0)) or 1.0
    made = tuple(
        Value(
            name=_label(edge, int(i)),
            device=f"{device[i]:.3g}" if ran else "not run",
            share=min(1.0, abs(float(device[i])) / most) if np.isfinite(device[i]) else 0.0,
            oracle=f"{oracle[i]:.3g}",
            real="" if real is None else f"{real[i]:.3g}",
            wrong=bool(wrong[i]),
        )
        for i in order
    )
    left = edge.elements - len(made)
    return made, f"and {left:,} more of output {edge.name}" if left else ""


def picture(edge: Edge, values: Array) -> Markup:
    """What the input looks like: pixels where it has rows and columns, else curves."""
    shape = [n for n in values.shape[1:] if n != 1] or [1]
    codes = real_values(edge, values)
    if len(shape) == _COLOUR and shape[-1] in (3, 4):
        return _pixels(codes.reshape(shape)[..., :3], edge)
    if len(shape) == 2 and min(shape) > _CHANNELS:
        return _pixels(codes.reshape(shape), edge)
    if len(shape) == 2 and shape[1] <= _CHANNELS:
        return _curves(codes.reshape(shape).T, edge)
    if len(shape) == 2:
        return _curves(codes.reshape(shape), edge)
    if len(shape) == _COLOUR:  # channels of an image side by side
        return _pixels(np.concatenate(np.moveaxis(codes.reshape(shape), -1, 0)[:4], axis=1), edge)
    return _curves(codes.reshape(1, -1), edge)


def _pixels(values: Array, edge: Edge) -> Markup:
    low, high = float(values.min()), float(values.max())
    if values.ndim == 2 and values.shape[0] > _TALL * values.shape[1]:
        values = values.T  # time, mostly, which people look for from left to right
    with np.errstate(invalid="ignore"):
        grey = np.nan_to_num((values - low) * (255 / (high - low or 1.0)))
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    image.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    told = escape(f"input {edge.name}, values from {low:.3g} to {high:.3g}")
    return Markup(
        '<img class="pixels" width="{}" height="{}" alt="{}" src="data:image/png;base64,{}">'
    ).format(*image.size, told, data)


def _curves(rows: Array, edge: Edge) -> Markup:
    every = max(1, -(-rows.shape[1] // _POINTS))
    points = [
        {"at": int(at), "value": float(row[at]), "row": str(n)}
        for n, row in enumerate(rows[:_CHANNELS])
        for at in range(0, len(row), every)
    ]
    spec: Spec = {
        **{"width": 260, "height": 110, "data": {"values": points}},
        "mark": {"type": "line", "strokeWidth": 1.4, "aria": False, "point": rows.shape[1] == 1},
        "encoding": {
            "x": {"field": "at", "type": "quantitative", "title": None}
            | {"axis": {"tickCount": 4, "grid": False}},
            "y": {"field": "value", "type": "quantitative", "title": None}
            | {"axis": {"tickCount": 4}, "scale": {"zero": False}},
            "color": {"field": "row", "type": "nominal", "legend": None}
            | {"scale": {"range": list(COLOURS)}},
        },
    }
    return svg(spec, f"input {edge.name} as {len(rows)} curves of {rows.shape[1]} values")
