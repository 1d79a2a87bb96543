"""stream(): a model over time windows -> one that takes the new frames and remembers the rest."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen import passes, tflite
from tinygen.api.bench import BenchResult, bench_engines
from tinygen.api.bench_options import BenchOptions
from tinygen.api.keywords import by_keywords
from tinygen.api.prepare import by_layers, prepare, simplified
from tinygen.api.shown import Shown
from tinygen.api.stream_options import StreamOptions
from tinygen.engines.tflm.dilations import with_dilated
from tinygen.engines.traced import title
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Array, Edge, Graph, Int8Model, Node, Tensor, input_edges
from tinygen.load import safe_name
from tinygen.load.quiet import quiet
from tinygen.paths import write_at_once
from tinygen.proof import oracle
from tinygen.streaming import ByRows, Followed, Kept, Rewritten, Whole, follow, needs, streamed
from tinygen.tflite.rewritten import with_graph

_HOPS = 128
"""What is held against the model's own windows before the file is written, at the most."""


@dataclass(frozen=True)
class StreamLayer:
    """An operator of the model, with what is done of it when new frames come."""

    index: int
    operator: str
    output: str
    output_shape: tuple[int, ...]
    rows: int | None
    """Of its output in time; None where that hangs on the whole window."""
    computed_rows: int | None
    """How many of them are computed: the newest, and those that padding touches."""
    state_bytes: int
    """What is kept of its output."""
    macs_window: int
    macs_hop: int
    why: str
    """Why all of it is computed anew; empty where it is not."""


@dataclass(frozen=True, repr=False)
class StreamResult(Shown):
    """A streaming model on disk, and what is saved. MACs, bytes."""

    path: Path
    model: str
    model_sha256: str
    """Of the file that was written."""
    input: Edge
    """The new frames."""
    axis: int
    frames: int
    """Of a window."""
    hop: int
    least_hop: int
    """With which every layer streams."""
    macs_window: int
    macs_hop: int
    input_state_bytes: int
    """What is kept of the input."""
    state_bytes: int
    """What is kept in all."""
    layers: tuple[StreamLayer, ...]
    oracle: str
    hops_checked: int
    """After how many hops the outputs were held against the model's own on the whole window."""
    measured: BenchResult | None
    """The model on a window and the stream on a hop, on the board."""


def stream_model(model: Path, options: StreamOptions) -> StreamResult:
    """Make a model over time windows into one that takes new frames and remembers the rest.

    It gives, hop by hop, exactly what the model gives for the window that ends there; what no frame
    was given for since a reset is silence, zeros. The .tflite file that is written has variables,
    which both engines, `verify` and TensorFlow Lite Micro know.

    Returns
    -------
    StreamResult
        Where it is, and what is kept and computed of each layer.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used.
    UnsupportedModel
        Where nothing would be saved, with the layer and the hop that would do.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.stream("digits.tflite", hop=2, out="stream.tflite").hop
    2
    """
    if options.board is None and options.engines != StreamOptions.engines:
        raise InputError(
            "--engine was given without --board",
            why="an engine is measured on a board",
            next_step="add --board qemu-cortex-m4, for example",
        )
    ready = prepare(model, options)
    progress = options.progress
    with quiet():
        content = with_dilated(ready.model.content, ready.model.written)
    written = tflite.read(content, ready.model.name)
    batch = simplified(content, written, progress, keep_edges=options.keep_edges)
    with by_layers(ready, options):
        followed = follow(passes.fold_constants(written), options.axis, options.hop)
        made = streamed(followed)
    layers = _layers(followed, made)
    window, hop = (
        sum(getattr(one, name) for one in layers) for name in ("macs_window", "macs_hop")
    )
    if _work(made) >= _work_of(followed.graph):
        raise _nothing_saved(followed, layers)
    places = {id(n): at for n, at in zip(written.nodes, _places(content), strict=True)}
    origins = [None if node is None else places[id(node)] for node in made.origins]
    with quiet():
        file = with_graph(content, made.graph, origins)
    graph = tflite.read(file, f"{ready.model.name}_stream")
    stream = simplified(file, graph, progress, keep_edges=options.keep_edges)
    progress.stage("Holding the stream against the model")
    name, hops = _proven(batch, stream, followed, options.seed)
    target = Path(options.out or Path("build", f"{safe_name(model)}-stream.tflite"))
    _write(target, file)
    line = followed.lines[followed.graph.inputs[0]]
    first, *_ = needs(followed).values()
    (edge,) = input_edges(stream.graph)
    return StreamResult(
        path=target,
        model=ready.model.name,
        model_sha256=stream.sha256,
        input=edge,
        axis=line.axis,
        frames=line.rows,
        hop=followed.hop,
        least_hop=followed.least,
        macs_window=window,
        macs_hop=hop,
        input_state_bytes=_state_bytes(followed.graph.tensors[followed.graph.inputs[0]], first),
        state_bytes=sum(made.graph.tensors[s.read].nbytes for s in made.graph.states),
        layers=layers,
        oracle=name,
        hops_checked=hops,
        measured=None if options.board is None else _measured(batch, target, options),
    )


stream = by_keywords(StreamOptions, stream_model, "stream")


def _places(content: bytes) -> tuple[int, ...]:
    return tflite.places(tflite.parse(content, ""))


def _layers(followed: Followed, made: Rewritten) -> tuple[StreamLayer, ...]:
    """Every operator but those that only move rows."""
    graph, kept = followed.graph, needs(followed)
    done: dict[int, int] = {}
    for node, origin in zip(made.graph.nodes, made.origins, strict=True):
        if origin is not None:
            macs = node.op.macs(made.graph.operands(node))
            done[id(origin)] = done.get(id(origin), 0) + macs
    found = []
    for index, node in enumerate(graph.nodes):
        io, rule = graph.operands(node), followed.rule(node)
        rows = kept.get(node.outputs[0])
        if isinstance(rule, ByRows) and rule.moves:
            continue
        found.append(
            StreamLayer(
                index=index,
                operator=node.op.kind,
                output=title(io.output),
                output_shape=io.output.shape,
                rows=None if rows is None else rows.line.rows,
                computed_rows=None if rows is None else sum(b - a for a, b in rows.computed),
                state_bytes=0 if rows is None else _state_bytes(io.output, rows),
                macs_window=node.op.macs(io),
                macs_hop=done.get(id(node), 0),
                why=rule.why if isinstance(rule, Whole) else "",
            )
        )
    return tuple(found)


def _state_bytes(tensor: Tensor, kept: Kept) -> int:
    if kept.state is None:
        return 0
    return tensor.nbytes // kept.line.rows * (kept.state[1] - kept.state[0])


def _work(made: Rewritten) -> int:
    return _work_of(
        made.graph, [n for n, o in zip(made.graph.nodes, made.origins, strict=True) if o]
    )


def _work_of(graph: Graph, nodes: Sequence[Node] | None = None) -> int:
    """Multiplications, or what else there is to compute: an element at a time."""
    every = [(node, graph.operands(node)) for node in (graph.nodes if nodes is None else nodes)]
    return sum(max(node.op.macs(io), io.output.elements) for node, io in every)


def _nothing_saved(followed: Followed, layers: Sequence[StreamLayer]) -> UnsupportedModel:
    """The error that names the first layer which is computed anew."""
    graph, whole = followed.graph, [layer for layer in layers if layer.why]
    why = "padding touches every row, or each new row hangs on all frames"
    if whole:
        why = f"{whole[0].operator} '{whole[0].output}' {whole[0].why}, and so does what follows"
    better = (
        followed.least != followed.hop and followed.least < followed.lines[graph.inputs[0]].rows
    )
    return UnsupportedModel(
        f"nothing of '{graph.name}' would be saved with a hop of {followed.hop}",
        why=why,
        next_step=f"--hop {followed.least}" if better else "run the model as it is, on its windows",
    )


def _proven(batch: Int8Model, stream: Int8Model, followed: Followed, seed: int) -> tuple[str, int]:
    """The oracle's name, and how many hops of random codes gave what the model gives for the window
    that ends there. AssertionError where one does not: that would be a fault of tinygen."""
    line, hop = followed.lines[followed.graph.inputs[0]], followed.hop
    (edge,), tensor = input_edges(batch.graph), batch.graph.tensors[batch.graph.inputs[0]]
    count = min(2 * -(-line.rows // hop) + 2, _HOPS)
    low, high = edge.span
    rng = np.random.default_rng(seed)
    shape = (*tensor.shape[: line.axis], count * hop, *tensor.shape[line.axis + 1 :])
    frames = edge.of_codes(rng.integers(low, high + 1, shape))
    inputs, windows = hops(frames, tflite.start(tensor), line.axis, hop)
    starts = np.arange(count) == 0
    got = oracle.expected(stream, [inputs], starts)
    wanted = oracle.expected(batch, [windows])
    for a, b in zip(got.outputs, wanted.outputs, strict=True):
        if not np.array_equal(a, b):
            raise AssertionError(f"the stream of '{batch.name}' is not the model's")
    return got.name, count


def hops(frames: Array, silence: Array, axis: int, hop: int) -> tuple[Array, Array]:
    """Frames hop by hop, and the windows that end with each of these, the first ones in what was
    before them: a window of silence."""
    count = frames.shape[axis] // hop
    length = silence.shape[axis]
    whole = np.concatenate([silence, frames], axis)
    ends = [length + hop * (i + 1) for i in range(count)]
    news = [whole.take(range(end - hop, end), axis) for end in ends]
    windows = [whole.take(range(end - length, end), axis) for end in ends]
    return np.stack(news), np.stack(windows)


def _measured(batch: Int8Model, target: Path, options: StreamOptions) -> BenchResult:
    """Both on the board, by the engines."""
    assert options.board is not None
    with tempfile.TemporaryDirectory(prefix="tinygen-stream-") as folder:
        window = Path(folder, f"{target.stem.removesuffix('-stream')}-window.tflite")
        window.write_bytes(batch.content)
        asked = BenchOptions(
            board=options.board,
            engines=options.engines,
            out=Path(folder, "bench"),
            keep_edges=options.keep_edges,
            no_cache=options.no_cache,
            progress=options.progress,
        )
        return bench_engines([window, target], asked)


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(target, content)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror or error}",
            next_step="name another place with --out",
        ) from error
