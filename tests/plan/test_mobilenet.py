"""MobileNetV2 from a PyTorch-style file: its PADs take no memory, and its outputs stay."""

from __future__ import annotations

from tests.passes.test_laws import require_same_meaning
from tests.plan.mobilenet import mobilenet_v2
from tinygen import passes
from tinygen.engines import aot


def test_at_224_it_takes_hardly_more_than_its_largest_tensor() -> None:
    graph = passes.optimize(passes.simplify(mobilenet_v2(224)))
    assert not any(node.op.kind == "PAD" for node in graph.nodes)
    largest = max(t.nbytes for t in graph.tensors.values() if not t.constant)
    plan = aot.compile_graph(graph).plan
    assert largest == 112 * 112 * 96
    assert plan.arena_bytes < 1.05 * largest
    assert plan.arena_bytes <= 1.05 * plan.minimum_bytes


def test_what_it_computes_stays() -> None:
    graph = passes.simplify(mobilenet_v2(32, classes=10))
    require_same_meaning(graph, passes.optimize(graph), seed=0)
