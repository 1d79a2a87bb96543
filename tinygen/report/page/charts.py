"""Charts: Vega-Lite's grammar, drawn as SVG by Vega itself when the page is made.

So the page needs no script for them, and shows them where none may run. Colours are variables of
the page's style: a chart follows its theme.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

from markupsafe import Markup

from tinygen.errors import InputError
from tinygen.printable import shell_word
from tinygen.report.page.parts import Figure

WIDE, NARROW = 740, 316
"""Pixels that a chart is drawn for: beside or below its text, and on a telephone."""

Spec = dict[str, Any]

INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--line)"
ACCENT, GOOD, BAD = "var(--accent)", "var(--good)", "var(--bad)"
COLOURS = tuple(f"var(--c{i})" for i in range(1, 7))

_SVG = "http://www.w3.org/2000/svg"
_CONFIG = {
    "font": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": MUTED, "titleColor": MUTED, "gridColor": GRID, "tickColor": GRID},
        **{"domainColor": GRID, "labelFontSize": 12, "titleFontSize": 12},
        **{"titleFontWeight": "normal", "labelLimit": 260, "labelPadding": 6},
    },
    "legend": {
        **{"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "titleFontSize": 12},
        **{"titleFontWeight": "normal", "orient": "top", "title": None, "symbolType": "square"},
    },
    "text": {"fill": INK, "fontSize": 12},
    "bar": {"cornerRadiusEnd": 2},
}

_numbers = itertools.count()


def figure(label: str, draw: Callable[[int], Spec], caption: str = "") -> Figure:
    """The chart that `draw` gives for so many pixels, for both widths; `label` is what it shows, in
    words, for those who do not see it."""
    return Figure(label, svg(draw(WIDE), label), svg(draw(NARROW), label), caption)


def svg(spec: Spec, label: str) -> Markup:
    """The chart as SVG that stands in HTML: what a mark tells of itself is shown over it."""
    convert = _converter()
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 2,
        "config": _CONFIG,
        **spec,
    }
    drawn = Xml.fromstring(convert(json.dumps(whole)))
    return Markup(Xml.tostring(_for_page(drawn, label), encoding="unicode"))


def _converter() -> Callable[[str], str]:
    try:
        from vl_convert import vegalite_to_svg
    except ImportError as error:
        raise InputError(
            "the page cannot be drawn",
            why="vl-convert-python, which has Vega's charts, is not installed here",
            next_step=f"{shell_word(sys.executable)} -m pip install 'tinygen[report]'",
        ) from error
    return vegalite_to_svg


def _for_page(root: Xml.Element, label: str) -> Xml.Element:
    """Names without a prefix, as HTML has them; ids that no other chart has; one picture with a
    name, where Vega tells each mark's."""
    own = f"v{next(_numbers)}-"
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        told = element.attrib.pop("aria-label", None)
        kind = element.attrib.pop("aria-roledescription", "")
        element.attrib.pop("role", None)
        element.attrib.pop("aria-hidden", None)
        if told and kind not in ("axis", "legend", "title") and not kind.endswith("container"):
            title = Xml.Element("title")
            title.text = told
            element.insert(0, title)
        if "id" in element.attrib:
            element.set("id", own + element.attrib["id"])
        clip = element.attrib.get("clip-path", "")
        if clip.startswith("url(#"):
            element.set("clip-path", f"url(#{own}{clip.removeprefix('url(#')}")
    width = float(root.attrib.pop("width"))
    root.attrib.pop("height")
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": label,
        "style": f"max-width:{width * 1.15:.0f}px",
    }
    return root


def named(width: int, narrow: int, wide: int) -> Spec:
    """The axis of what stands below each other in the order of the rows, by their field `name`, in
    so many pixels."""
    axis = {"labelLimit": narrow if width < WIDE else wide, "domain": False, "ticks": False}
    return {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis}
