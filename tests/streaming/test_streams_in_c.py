"""Streams as the engine aot compiles them: states lie in place among the tensors that they are
parts of, and hop by hop the C gives what the reference gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests import host_program
from tests.streaming.drawn import network
from tests.streaming.models import spotter
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.carried import carried
from tinygen.ir import Graph
from tinygen.proof import oracle
from tinygen.streaming import follow, streamed


def _stream(content: bytes, hop: int | None = None) -> Graph:
    graph = passes.fold_constants(tflite.read(content, "window"))
    return passes.optimize(passes.simplify(streamed(follow(graph, None, hop)).graph))


def require_c(graph: Graph, folder: Path, steps: int = 30) -> int:
    """How many states are left in place, if the C gives what the reference gives."""
    shape = graph.tensors[graph.inputs[0]].shape
    inputs = np.random.default_rng(1).integers(-128, 128, (steps, *shape)).astype(np.int8)
    program = aot.compile_graph(graph)
    host_program.write(program, folder)
    got = host_program.run(folder, inputs)
    rows = oracle.reference(graph, [inputs], np.arange(steps) == 0)
    np.testing.assert_array_equal(got, np.stack([row[0].reshape(-1) for row in rows]))
    return sum(one.left is None for one in carried(program.graph, program.plan))


def test_drawn_streams_in_c(tmp_path: Path) -> None:
    states = in_place = 0
    for seed in (1, 6, 19, 34):
        graph = _stream(network(seed), (None, 1)[seed % 2])
        in_place += require_c(graph, tmp_path / str(seed))
        states += len(graph.states)
    assert in_place > 0.7 * states > 0


def test_what_is_kept_moves_on_where_it_lies(tmp_path: Path) -> None:
    """One move for each state, and not a copy: what comes is computed behind what is kept."""
    graph = _stream(spotter(rows=40))
    program = aot.compile_graph(graph)
    names = [layer.call.kernel.name for layer in program.layers]
    assert names.count("move") - len(program.moves) == len(graph.states) == 4
    assert names.count("copy") <= 1, "the input, which the application writes, is its own"
    kept = sum(graph.tensors[state.read].nbytes for state in graph.states)
    assert program.plan.arena_bytes < 1.3 * kept + 200
    assert require_c(graph, tmp_path) == 4
    states = carried(program.graph, program.plan)
    rows = [one.row.size for one in states if one.fill is None]
    assert rows == [8, 8, 8], "of silence all rows are the same: flash has one"
