"""Tables in a row are one table, and one behind a MAX_POOL_2D has less to look up than before it.

The largest code of a window stays the largest under a table that never falls.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.ir import Array, Graph, Node
from tinygen.ops.activation import Activation
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.passes.tables import CODES, as_table, kinds_of, table_of


def merge_tables(graph: Graph) -> Graph:
    """The graph with no table that only another one reads."""
    nodes: list[Node] = []
    latest: dict[int, Node] = {}
    """By its output's id each table so far, merged with those before it."""
    for node in graph.nodes:
        table = table_of(graph, node)
        inner = None if table is None else latest.get(table[0])
        if table is None or inner is None or graph.only_reader(table[0]) is not node:
            merged = node
        else:
            nodes.remove(inner)
            merged = _merged(graph, inner, node, table[1])
        if table is not None:
            latest[node.outputs[0]] = merged
        nodes.append(merged)
    return graph.replace(nodes=tuple(nodes)) if len(nodes) < len(graph.nodes) else graph


def _merged(graph: Graph, inner: Node, node: Node, table: Array) -> Node:
    """`inner`, then `node`, whose own table is given."""
    found = table_of(graph, inner)
    assert found is not None
    both = table[found[1].astype(np.int64) - CODES[0]]
    return Node(as_table(f"{kinds_of(inner)}+{kinds_of(node)}", both), found[:1], node.outputs)


def sink_tables(graph: Graph) -> Graph:
    """The graph with tables behind a MAX_POOL_2D that stood before it, where they never fall."""
    for node in graph.nodes:
        sunk = _sunk(graph, node)
        if sunk is not None:
            return sink_tables(sunk)
    return graph


def _sunk(graph: Graph, node: Node) -> Graph | None:
    """The graph in which the table follows the pool that reads it."""
    found = table_of(graph, node)
    pool = None if found is None else graph.only_reader(node.outputs[0])
    if found is None or pool is None or not isinstance(pool.op, MaxPool2D):
        return None
    source, table = graph.tensors[found[0]], found[1]
    if (np.diff(table.astype(np.int64)) < 0).any():
        return None
    low, high = pool.op.bounds(graph.operands(pool))
    target = graph.tensors[pool.outputs[0]]
    (pooled,) = graph.fresh(replace(source, shape=target.shape))
    first = Node(replace(pool.op, activation=Activation.NONE), (source.id,), (pooled.id,))
    kinds = kinds_of(node)
    second = Node(as_table(kinds, np.clip(table, low, high)), (pooled.id,), pool.outputs)
    nodes = (
        new
        for old in graph.nodes
        for new in ({id(node): (), id(pool): (first, second)}.get(id(old), (old,)))
    )
    tensors = {**graph.tensors, pooled.id: pooled}
    return graph.replace(nodes=tuple(nodes), tensors=tensors)
