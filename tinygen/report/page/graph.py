"""The model as a graph: operators from top to bottom, each below all that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from markupsafe import Markup

from tinygen.engines.traced import Traced, TracedLayer, title
from tinygen.ir import ABSENT, Graph, Tensor, format_shape

WIDTH, HEIGHT = 244, 58
"""Pixels of a box."""
_GAP_X, _GAP_Y, _LANE = 26, 30, 18
_MOST = 400
_CHARACTERS = 32

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """An operator, an input or an output: three lines, its style, how much of a bar is full."""

    lines: tuple[str, str, str]
    style: str
    told: str
    share: float | None = None


@dataclass(frozen=True)
class Drawn:
    """Boxes, and which follow which, by their positions."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    left_out: int


def boxes(traced: Traced, shares: Mapping[int, float], guilty: int | None) -> Drawn:
    """The compiled graph; `shares` of the time, 0 to 1, and the layer that is wrong, by numbers of
    layers. Of a very large one the first operators."""
    graph = traced.graph
    nodes = graph.nodes[:_MOST]
    layers = {o.tensor.id: layer for layer in traced.layers for o in layer.outputs}
    made: list[Box] = []
    writers: dict[int, int] = {}
    for i in graph.inputs:
        writers[i] = len(made)
        made.append(_edge(graph.tensors[i], "input"))
    edges: list[tuple[int, int]] = []
    for node in nodes:
        here = len(made)
        layer = next((layers[i] for i in node.outputs if i in layers), None)
        made.append(_box(graph, node.op.kind, node.outputs[0], layer, shares, guilty))
        known = (writers[i] for i in node.inputs if i != ABSENT and i in writers)
        edges += [(source, here) for source in dict.fromkeys(known)]
        writers |= dict.fromkeys(node.outputs, here)
    for i in graph.outputs:
        if i in writers:
            edges.append((writers[i], len(made)))
            made.append(_edge(graph.tensors[i], "output"))
    return Drawn(tuple(made), tuple(edges), len(graph.nodes) - len(nodes))


def _edge(tensor: Tensor, what: str) -> Box:
    shape = f"{format_shape(tensor.shape)} {tensor.dtype.value}"
    return Box((what, title(tensor), shape), "edge", f"{what} {title(tensor)}, {shape}")


def _box(
    graph: Graph,
    kind: str,
    output: int,
    layer: TracedLayer | None,
    shares: Mapping[int, float],
    guilty: int | None,
) -> Box:
    tensor = graph.tensors[output]
    shape = format_shape(tensor.shape)
    if layer is None:
        said = f"{kind} {title(tensor)}, {shape}: part of another layer, or the same bytes"
        return Box((kind, title(tensor), shape), "aside", said)
    kernel = f"{layer.kernel_set}/{layer.kernel}"
    lines = (f"{layer.index}  {kind}", title(tensor), f"{shape}  ·  {layer.kernel_set}")
    style = "guilty" if layer.index == guilty else "plain" if layer.plain else "tuned"
    part = shares.get(layer.index)
    said = f"layer {layer.index}, {' + '.join(layer.operators)} {layer.name}, {shape}, {kernel}"
    if part is not None:
        said += f", {100 * part:.1f} % of the time"
    return Box(lines, style, said, part)


def draw(drawn: Drawn) -> Markup:
    """The graph as SVG, as large as it is."""
    places, ranks = _places(drawn)
    lanes = _lanes(drawn.edges, ranks)
    right = max((x + WIDTH for x, _ in places), default=WIDTH)
    width = right + 12 + _LANE * (max(lanes.values(), default=-1) + 1)
    height = max((y for _, y in places), default=0.0) + HEIGHT + 8
    root = Xml.Element(
        "svg",
        {
            **{"viewBox": f"0 0 {width:.0f} {height:.0f}", "width": f"{width:.0f}"},
            **{"height": f"{height:.0f}", "class": "graph", "role": "img"},
            "aria-label": f"The model as a graph of {len(drawn.boxes)} boxes",
        },
    )
    for edge in drawn.edges:
        source, target = (places[end] for end in edge)
        lane = lanes.get(edge)
        path = _straight(source, target) if lane is None else _around(source, target, right, lane)
        Xml.SubElement(root, "path", {"d": path, "class": "wire"})
    for box, place in zip(drawn.boxes, places, strict=True):
        root.append(_drawn(box, place))
    return Markup(Xml.tostring(root, encoding="unicode"))


def _drawn(box: Box, place: Point) -> Xml.Element:
    group = Xml.Element(
        "g", {"class": f"box {box.style}", "transform": f"translate({place[0]:.0f},{place[1]:.0f})"}
    )
    Xml.SubElement(group, "title").text = box.told
    Xml.SubElement(group, "rect", {"width": str(WIDTH), "height": str(HEIGHT), "rx": "8"})
    if box.share is not None:
        bar = {"class": "share", "x": "10", "y": str(HEIGHT - 5), "height": "3", "rx": "1.5"}
        Xml.SubElement(group, "rect", bar | {"width": f"{max(1, box.share * (WIDTH - 20)):.0f}"})
        told = Xml.SubElement(
            group,
            "text",
            {"x": str(WIDTH - 10), "y": "18", "class": "number", "text-anchor": "end"},
        )
        told.text = f"{100 * box.share:.1f} %"
    for y, kind, line in zip(("18", "34", "49"), ("op", "name", "shape"), box.lines, strict=True):
        text = Xml.SubElement(group, "text", {"x": "10", "y": y, "class": kind})
        text.text = line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1]}…"
    return group


def _places(drawn: Drawn) -> tuple[list[Point], list[int]]:
    """Left upper corners, and the row of each: one below the lowest that it reads. In a row they
    stand in the order of what they read, so that few wires cross."""
    readers: dict[int, list[int]] = {}
    for source, target in drawn.edges:
        readers.setdefault(target, []).append(source)
    ranks = [0] * len(drawn.boxes)
    for here in range(len(drawn.boxes)):  # boxes stand in an order of execution
        ranks[here] = max((ranks[i] + 1 for i in readers.get(here, ())), default=0)
    rows: dict[int, list[int]] = {}
    for here, rank in enumerate(ranks):
        rows.setdefault(rank, []).append(here)
    widest = max((len(row) for row in rows.values()), default=1)
    places: list[Point] = [(0.0, 0.0)] * len(drawn.boxes)
    for rank in sorted(rows):
        row = sorted(rows[rank], key=lambda here: _middle(readers.get(here, ()), places))
        start = (widest - len(row)) * (WIDTH + _GAP_X) / 2 + 6
        for column, here in enumerate(row):
            places[here] = (start + column * (WIDTH + _GAP_X), 4.0 + rank * (HEIGHT + _GAP_Y))
    return places, ranks


def _middle(sources: Sequence[int], places: Sequence[Point]) -> float:
    return sum(places[i][0] for i in sources) / len(sources) if sources else 0.0


def _lanes(edges: Sequence[tuple[int, int]], ranks: Sequence[int]) -> Mapping[tuple[int, int], int]:
    """Wires that pass a row go around on the right, each in the first lane that is free there."""
    taken: list[list[tuple[int, int]]] = []
    lanes: dict[tuple[int, int], int] = {}
    for edge in sorted(edges, key=lambda e: ranks[e[1]] - ranks[e[0]]):
        first, last = ranks[edge[0]], ranks[edge[1]]
        if last - first < 2:
            continue
        free = (
            n for n, there in enumerate(taken) if all(last <= a or b <= first for a, b in there)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((first, last))
        lanes[edge] = lane
    return lanes


def _straight(source: Point, target: Point) -> str:
    x1, y1, x2, y2 = source[0] + WIDTH / 2, source[1] + HEIGHT, target[0] + WIDTH / 2, target[1]
    middle = (y1 + y2) / 2
    return f"M{x1:.0f},{y1:.0f}C{x1:.0f},{middle:.0f} {x2:.0f},{middle:.0f} {x2:.0f},{y2 - 2:.0f}"


def _around(source: Point, target: Point, right: float, lane: int) -> str:
    x1, y1, y2 = source[0] + WIDTH, source[1] + HEIGHT / 2, target[1] + HEIGHT / 2
    x2, out, turn = target[0] + WIDTH, right + 8 + _LANE * lane, 12
    return (
        f"M{x1:.0f},{y1:.0f}H{out - turn:.0f}Q{out:.0f},{y1:.0f} {out:.0f},{y1 + turn:.0f}"
        f"V{y2 - turn:.0f}Q{out:.0f},{y2:.0f} {out - turn:.0f},{y2:.0f}H{x2 + 2:.0f}"
    )
