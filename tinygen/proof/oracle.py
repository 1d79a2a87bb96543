"""The host runs whose numbers are held against the device's.

1. TensorFlow Lite Micro itself (the `tflite-micro` wheel), where it can be had.
2. The numpy reference, equal to it bit for bit.
LiteRT is the second opinion that people know, and runs the float model.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen import processes, tflite
from tinygen.errors import InputError
from tinygen.ir import Array, Graph, Int8Model
from tinygen.passes.fold_float_islands import undefined
from tinygen.passes.strip_edges import Borders, borders
from tinygen.proof import interpret

_TIMEOUT_SECONDS = 600
TFLM = "TensorFlow Lite Micro"

TFLM_WHEEL = "0.dev20260930204519"
"""The wheel that the numpy reference is held against. It computes what the sources that the engine
tflm builds compute; wheels from October 2026 on multiply FULLY_CONNECTED's scales in float64, which
changes an output here and there by one."""


_LINES = 3
_LOGGED = ("INFO", "WARNING", "W0000", "I0000")
"""How lines begin that a runtime prints anyway."""

REFERENCE = "numpy reference"
"""The name of the second oracle."""


@dataclass(frozen=True, eq=False)
class HostRun:
    """Outputs of a host run, one array per model output, shape (vectors, *output shape)."""

    name: str
    outputs: tuple[Array, ...]
    note: str = ""
    refusal: Refusal | None = None
    """TFLM's, where it was asked first."""


@dataclass(frozen=True)
class Refusal:
    """A runtime that was asked and did not run the model."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def expected(model: Int8Model, inputs: Sequence[Array], starts: Array | None = None) -> HostRun:
    """What the device must compute for int8 `inputs`, each (vectors, *shape of the input).

    A model that remembers goes through them in order, and forgets where `starts`, bool[vectors],
    says so; without it before each.
    """
    starts = _starts(inputs, starts)
    note = "the tflite-micro wheel is not installed here (pip install 'tinygen[oracle]')"
    if importlib.util.find_spec("tflite_micro") is not None:
        note = f"the tflite-micro wheel is {_version('tflite-micro')}, not {TFLM_WHEEL}"
    refusal = None
    if fault := _tflm_fault(model.written):
        note = f"TensorFlow Lite Micro computes another thing: {fault}"
    elif _version("tflite-micro") == TFLM_WHEEL:
        try:
            outputs = _edges_run("tflm", model, inputs, starts)
        except _HostRunFailed as error:
            note = f"TensorFlow Lite Micro did not run the model: {error}"
            refusal = Refusal(TFLM, str(error))
        else:
            return HostRun(f"TensorFlow Lite Micro {_version('tflite-micro')}", outputs)
    rows = list(reference(model.graph, inputs, starts))
    columns = tuple(np.stack(column) for column in zip(*rows, strict=True))
    return HostRun(REFERENCE, columns, note, refusal)


def second_opinion(
    model: Int8Model, inputs: Sequence[Array], starts: Array | None = None
) -> HostRun | Refusal | None:
    """LiteRT's outputs for int8 `inputs`, or why it has none; None where it is not installed.
    `starts` as in `expected`."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        return None
    try:
        outputs = _edges_run("litert", model, inputs, _starts(inputs, starts))
    except _HostRunFailed as error:
        return Refusal("LiteRT", str(error))
    return HostRun(f"LiteRT {_version('ai-edge-litert')}", outputs)


def float_outputs(
    content: bytes, inputs: Sequence[Array], starts: Array | None = None
) -> tuple[Array, ...]:
    """The float model's outputs for `inputs`, float32 but for numbers that pick, in real values.
    `starts` as in `expected`, None for a model that remembers nothing.

    Raises InputError when the model cannot be run.
    """
    known = np.zeros(len(inputs[0]), np.bool_) if starts is None else starts
    return _float_run("litert", content, inputs, known)


def nudged_outputs(
    content: bytes, inputs: Sequence[Array], nudges: Sequence[Array], starts: Array
) -> tuple[Array, ...]:
    """The outputs of a file of `tflite.probes.nudged`, (samples, 1 + nudges, *shape): with no
    nudge, then with each alone. Where all of `starts` are true, each is after a reset. InputError
    when the model cannot be run."""
    return _float_run("nudged", content, (*inputs, *nudges), starts, len(inputs))


def _float_run(
    runner: str, content: bytes, inputs: Sequence[Array], starts: Array, given: int = 0
) -> tuple[Array, ...]:
    try:
        return _worker(runner, content, inputs, 0, given=given, starts=starts)
    except _HostRunFailed as error:
        raise InputError("the float model cannot be run on the host", why=str(error)) from error


def _tflm_fault(graph: Graph) -> str:
    """The first thing that TFLM is known to compute wrongly in this graph; empty where nothing."""
    faults = (node.op.tflm_fault(graph.operands(node)) for node in graph.nodes)
    return next((fault for fault in faults if fault), "") or undefined(graph)


class _HostRunFailed(Exception):
    pass


def reference(graph: Graph, inputs: Sequence[Array], starts: Array) -> Iterator[list[Array]]:
    """The numpy reference's outputs of each vector, one after the other; as `expected`."""
    states = None
    for start, sample in zip(starts, zip(*inputs, strict=True), strict=True):
        values = interpret.run(graph, sample, None if start else states)
        states = interpret.next_states(graph, values)
        yield [values[i] for i in graph.outputs]


def _starts(inputs: Sequence[Array], starts: Array | None) -> Array:
    return np.ones(len(inputs[0]), np.bool_) if starts is None else starts


def _edges_run(
    runner: str, model: Int8Model, inputs: Sequence[Array], starts: Array
) -> tuple[Array, ...]:
    """Run the file as it is: where its own edges are not the device's, convert there and back,
    exactly."""
    written, graph = model.written, model.graph
    found = Borders({}, {}) if model.edges_kept else borders(written)
    feeds = [
        found.inputs[i].outward(value) if i in found.inputs else value
        for i, value in zip(written.inputs, inputs, strict=True)
    ]
    arena = 4 * sum(t.nbytes for t in graph.tensors.values() if not t.constant) + (4 << 20)
    known = starts if graph.states else np.zeros(len(starts), np.bool_)
    raw = _worker(runner, model.content, feeds, len(graph.outputs), arena, starts=known)
    return tuple(
        found.outputs[i].inward(value) if i in found.outputs else value
        for i, value in zip(written.outputs, raw, strict=True)
    )


def _worker(
    runner: str,
    content: bytes,
    inputs: Sequence[Array],
    outputs: int,
    arena_bytes: int = 0,
    given: int = 0,
    *,
    starts: Array,
) -> tuple[Array, ...]:
    if tflite.forgets(content):
        starts = np.ones(len(inputs[0]), np.bool_)
    columns: dict[str, Array] = {
        "model": np.frombuffer(content, dtype=np.uint8),
        "inputs": np.array(len(inputs)),
        "outputs": np.array(outputs),
        "arena_bytes": np.array(arena_bytes),
        "starts": starts,
        "given": np.array(given),
    }
    columns.update({f"input_{i}": value for i, value in enumerate(inputs)})
    request = io.BytesIO()
    np.savez(request, **columns)  # type: ignore[arg-type]
    try:
        done = processes.run_python(
            "tinygen.proof.host_worker",
            runner,
            input=request.getvalue(),
            timeout=_TIMEOUT_SECONDS,
        )
    except processes.TimeoutExpired as error:
        raise _HostRunFailed(f"no result within {_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace")
        raise _HostRunFailed(_reason(said) or f"it ended with status {done.returncode}")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as answer:
        return tuple(answer[f"output_{i}"] for i in range(len(answer.files)))


def _reason(said: str) -> str:
    """Why a runtime gave up: the message of its exception, behind what it printed before."""
    words, _, trace = said.partition("Traceback (most recent call last):")
    lines = [line.strip() for line in words.splitlines()]
    told = [line for line in lines if line and not line.startswith(_LOGGED)][-_LINES:]
    return "; ".join((*told, *trace.strip().splitlines()[-1:]))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(unknown version)"
