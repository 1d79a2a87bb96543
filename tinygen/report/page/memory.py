"""Where the flash and the RAM go: parts of the firmware, and the arena over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tinygen.api.facts import Facts
from tinygen.engines.traced import Placed, Traced
from tinygen.printable import shell_word
from tinygen.report.page.charts import ACCENT, BAD, COLOURS, GOOD, WIDE, Spec, figure, named
from tinygen.report.page.parts import Figure, Grid, Missing, Part, Section, Words

_CHARACTER = 6.6
"""Pixels that a letter takes."""
_HEIGHT = 320


def memory_section(facts: Facts) -> Section:
    """The arena: what lies where when."""
    return Section(
        "memory",
        "Memory over time",
        "The arena holds every tensor while an inference runs. Each box is a tensor: how high it "
        "stands is where it lies, how wide how long it is needed. Boxes that share a place at "
        "different times share bytes.",
        tuple(_arena(facts)),
    )


def flash_section(facts: Facts) -> Section:
    """The firmware, part by part."""
    return Section(
        "flash",
        "Flash by part",
        "What the firmware's flash holds. Each symbol of the program counts for who defines it.",
        tuple(_flash(facts)),
    )


def _flash(facts: Facts) -> Iterator[Part]:
    if facts.sizes is None or facts.parts is None:
        yield Missing(
            "The firmware was not built since the project last changed, or its objects are gone.",
            f"pio run -d {shell_word(facts.project.path.name)}",
        )
        return
    total = facts.sizes.flash
    rows = [
        {
            "name": part.name,
            "value": part.bytes,
            "text": f"{part.bytes:,}  ({100 * part.bytes / total:.0f} %)",
            "told": f"{part.name}: {part.bytes:,} bytes, {100 * part.bytes / total:.1f} %",
        }
        for part in facts.parts
    ]

    def draw(width: int) -> Spec:
        y = named(width, 118, 240)
        most = max(part.bytes for part in facts.parts or ())
        x: Spec = {"field": "value", "type": "quantitative", "title": "bytes of flash"}
        x |= {"axis": {"tickCount": 3 if width < WIDE else 8, "format": "~s"}}
        x |= {"scale": {"domain": [0, (1.9 if width < WIDE else 1.25) * most]}}
        colour: Spec = {"field": "name", "type": "nominal", "legend": None, "sort": None}
        colour["scale"] = {"range": list(COLOURS)}
        return {
            **{"width": width, "height": {"step": 30}, "data": {"values": rows}},
            "encoding": {"y": y, "x": x},
            "layer": [
                {"mark": "bar", "encoding": {"color": colour, "description": {"field": "told"}}},
                {
                    "mark": {"type": "text", "align": "left", "dx": 6, "aria": False},
                    "encoding": {"text": {"field": "text"}},
                },
            ],
        }

    yield figure("Bytes of flash by part: " + "; ".join(str(row["told"]) for row in rows), draw)
    sizes = facts.sizes
    yield Grid(
        "Memory of the board",
        ("memory", "bytes", "of the board's"),
        (
            ("flash", f"{sizes.flash:,}", _of(sizes.flash, facts.board.memory.flash.bytes)),
            ("RAM", f"{sizes.ram:,}", _of(sizes.ram, facts.board.memory.ram.bytes)),
            ("arena", f"{sizes.arena:,}", ""),
            ("other variables", f"{sizes.ram_static:,}", ""),
            ("stack", f"{sizes.stack:,}", ""),
        ),
        (False, True, True),
    )


def _of(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % of {whole:,}"


def _arena(facts: Facts) -> Iterator[Part]:
    traced, arena = facts.traced, facts.project.manifest.arena
    if traced is None:
        yield Missing(
            "The model could not be compiled again: " + "; ".join(facts.troubles),
            f"tinygen build MODEL --board {facts.board.id}",
        )
        return
    live = [layer.ram_bytes for layer in traced.layers]
    peak = max(range(len(live)), key=live.__getitem__, default=0)
    if traced.places:
        yield _plan(traced.places, traced, arena.bytes, arena.minimum_bytes, peak)
    else:
        yield _live(live, peak)
        yield Words(
            "The interpreter places its tensors as it starts; its own memory, which comes on top, "
            "is not in this picture."
        )
    least = arena.minimum_bytes
    if least is None:
        yield Words(f"The arena has {arena.bytes:,} bytes. The least that would do is not known.")
    elif least == arena.bytes:
        yield Words(
            f"The arena has {arena.bytes:,} bytes, the proven minimum: no plan of these calls in "
            "this order does with less.",
            "good",
        )
    else:
        yield Words(
            f"The arena has {arena.bytes:,} bytes, {arena.bytes - least:,} more than the "
            f"minimum of {least:,}."
        )
    yield (
        Grid(
            "What lies where when",
            ("tensor", "offset", "bytes", "from step", "to step"),
            tuple(
                (_name(p), f"{p.offset:,}", f"{p.nbytes:,}", f"{p.first}", f"{p.last}")
                for p in sorted(traced.places, key=lambda p: (p.first, p.offset))
            ),
            (False, True, True, True, True),
            fold="All places as a table",
        )
        if traced.places
        else Words("")
    )


def _name(place: Placed) -> str:
    return place.name or "scratch"


def _plan(
    places: Sequence[Placed], traced: Traced, arena: int, minimum: int | None, peak: int
) -> Figure:
    steps = len(traced.layers) + 2
    at_peak = traced.layers[peak]
    label = (
        f"Memory over time: {len(places)} places in an arena of {arena:,} bytes; most is in use at "
        f"{at_peak.place}, {at_peak.ram_bytes:,} bytes"
    )

    def draw(width: int) -> Spec:
        room = (width - 70) / steps
        rows = [_row(p, number, _ends(p, places), room, arena) for number, p in enumerate(places)]
        x: Spec = {"field": "first", "type": "quantitative", "title": "step: layer by layer"}
        x["scale"] = {"domain": [-0.5, steps - 0.5], "nice": False}
        x["axis"] = {"grid": False, "tickCount": min(steps, int(width / 34)), "format": "d"}
        x["axis"]["labelExpr"] = (
            f"datum.value == 0 ? 'in' : datum.value == {steps - 1} ? 'out' : "
            "datum.value - 1 == round(datum.value - 1) ? format(datum.value - 1, 'd') : ''"
        )
        x["axis"]["values"] = _ticks(steps, width)
        y: Spec = {"field": "low", "type": "quantitative", "title": "bytes into the arena"}
        y["scale"] = {"domain": [0, arena * 1.04], "nice": False}
        y["axis"] = {"tickCount": 6, "format": "~s"}
        boxes = {
            "data": {"values": rows},
            "mark": {"type": "rect", "fillOpacity": 0.2, "strokeWidth": 1.2, "cornerRadius": 2},
            "encoding": {
                **{"x": x, "x2": {"field": "last"}, "y": y, "y2": {"field": "high"}},
                "fill": {"field": "colour", "type": "nominal", "scale": None},
                "stroke": {"field": "colour", "type": "nominal", "scale": None},
                "description": {"field": "told"},
            },
        }
        names = {
            "data": {"values": [row for row in rows if row["text"]]},
            "mark": {"type": "text", "baseline": "middle", "fontSize": 11, "aria": False},
            "encoding": {
                "x": {"field": "middle", "type": "quantitative"},
                "y": {"field": "centre", "type": "quantitative"},
                "text": {"field": "text"},
            },
        }
        return {
            **{"width": width, "height": _HEIGHT},
            "layer": [_band(peak + 1, arena), boxes, names, *_lines(arena, minimum, steps)],
        }

    return figure(
        label,
        draw,
        f"Shaded: the peak, layer {peak} ({' + '.join(at_peak.operators)}), with "
        f"{at_peak.ram_bytes:,} bytes in use. Dashed: the minimum.",
    )


def _ticks(steps: int, width: int) -> list[int]:
    every = max(1, -(-steps * 26 // (width - 70)))
    middle = [step for step in range(1, steps - 1) if (step - 1) % every == 0]
    far = [step for step in middle if steps - 1 - step >= every]
    return [0, *far, steps - 1]


def _ends(place: Placed, places: Sequence[Placed]) -> tuple[float, float]:
    """From where to where a box is drawn: all of its steps, but where an output takes the bytes of
    its input in one step, both halves of that."""
    before = any(p.last == place.first and p is not place and _over(p, place) for p in places)
    after = any(p.first == place.last and p is not place and _over(p, place) for p in places)
    low = place.first - (0 if before and place.last > place.first else 0.46)
    return low, place.last + (0 if after and place.last > place.first else 0.46)


def _over(one: Placed, other: Placed) -> bool:
    return one.offset < other.offset + other.nbytes and other.offset < one.offset + one.nbytes


def _row(
    place: Placed, number: int, ends: tuple[float, float], room: float, arena: int
) -> dict[str, Any]:
    name, (low, high) = _name(place), ends
    letters = int((high - low) * room / _CHARACTER) - 1
    tall = place.nbytes / (arena * 1.04) * _HEIGHT >= 13
    text = name if len(name) <= letters else f"{name[: letters - 1]}…" if letters > 5 else ""
    return {
        "first": low,
        "last": high,
        "low": place.offset,
        "high": place.offset + place.nbytes,
        "middle": (low + high) / 2,
        "centre": place.offset + place.nbytes / 2,
        "colour": "var(--muted)" if not place.name else COLOURS[number % len(COLOURS)],
        "text": text if tall else "",
        "told": f"{name}: {place.nbytes:,} bytes from {place.offset:,} on",
    }


def _band(step: int, arena: int) -> Spec:
    return {
        "data": {"values": [{"a": step - 0.5, "b": step + 0.5, "low": 0, "top": arena * 1.04}]},
        "mark": {"type": "rect", "fill": BAD, "fillOpacity": 0.1, "aria": False},
        "encoding": {
            "x": {"field": "a", "type": "quantitative"},
            "x2": {"field": "b"},
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "top"},
        },
    }


def _lines(arena: int, minimum: int | None, steps: int) -> Iterator[Spec]:
    """The minimum, and the arena where it is more."""
    if minimum is not None:
        yield _line(minimum, GOOD, [6, 4], steps)
    if minimum != arena:
        yield _line(arena, ACCENT, [1, 0], steps)


def _line(value: int, colour: str, dash: list[int], steps: int) -> Spec:
    return {
        "data": {"values": [{"y": value, "from": -0.5, "to": steps - 0.5}]},
        "mark": {"type": "rule", "stroke": colour, "strokeWidth": 1.6, "strokeDash": dash}
        | {"aria": False},
        "encoding": {
            "y": {"field": "y", "type": "quantitative"},
            "x": {"field": "from", "type": "quantitative"},
            "x2": {"field": "to"},
        },
    }


def _live(live: Sequence[int], peak: int) -> Figure:
    rows = [{"layer": i, "bytes": size, "peak": i == peak} for i, size in enumerate(live)]

    def draw(width: int) -> Spec:
        x: Spec = {"field": "layer", "type": "ordinal", "title": "layer"}
        x |= {"axis": {"labelAngle": 0, "labelOverlap": True, "ticks": False}}
        y: Spec = {"field": "bytes", "type": "quantitative", "title": "bytes of tensors in use"}
        colour = {"condition": {"test": "datum.peak", "value": BAD}, "value": ACCENT}
        return {
            **{"width": width, "height": 240, "data": {"values": rows}, "mark": "bar"},
            "encoding": {"x": x, "y": y | {"axis": {"format": "~s"}}, "color": colour},
        }

    return figure(f"Bytes of tensors in use at each of {len(live)} layers", draw)
