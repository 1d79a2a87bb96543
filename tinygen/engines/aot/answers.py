"""What kernel sets answer for nodes that are alike, in one graph or several: each is asked once.

A layer that is computed in stripes is many nodes that differ in nothing but their tensors, and a
search for a good program asks for the same nodes again and again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from tinygen.engines.aot.offers import Candidate, Declined, KernelSet, Site
from tinygen.ir import (
    ABSENT,
    Alias,
    Constant,
    Interval,
    KernelCall,
    Node,
    Tensor,
    TensorId,
)

Answer = Candidate | Declined


class Answers:
    """What has been answered so far. Constants that hold the same bytes are one array, where
    several nodes read the same weights."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Site, list[Answer]]] = {}
        self._constants: dict[Hashable, Constant] = {}

    def of(self, kernel_set: KernelSet, site: Site) -> list[Answer]:
        """What the set has for the node; UnsupportedModel where the node itself is impossible."""
        if not kernel_set.alike:
            return list(kernel_set.offers(site))
        key = kernel_set, _likeness(site)
        if key in self._known:
            like, answers = self._known[key]
            return [_for_another(answer, like.node, site.node) for answer in answers]
        answers = list(kernel_set.offers(site))
        if _shared_weights(site):
            answers = [self._with_constants_once(answer) for answer in answers]
        if all(isinstance(a, Declined) or a.nodes == (site.node,) for a in answers):
            self._known[key] = site, answers
        return answers

    def _with_constants_once(self, answer: Answer) -> Answer:
        if isinstance(answer, Declined):
            return answer
        calls = (
            with_constants_once(call, self._constants) if isinstance(call, KernelCall) else call
            for call in answer.calls
        )
        return replace(answer, calls=tuple(calls))


def with_constants_once(call: KernelCall, kept: dict[Hashable, Constant]) -> KernelCall:
    """The call, with constants that hold the same bytes as one in `kept` replaced by that."""
    constants = {
        name: kept.setdefault((one.data.dtype.str, one.data.tobytes(), one.align, one.place), one)
        for name, one in call.constants.items()
    }
    return replace(call, constants=constants)


def _shared_weights(site: Site) -> bool:
    graph, inputs = site.graph, site.node.inputs
    weights = (i for i in inputs if i != ABSENT and graph.tensors[i].constant)
    return any(len(graph.readers(i)) > 1 for i in weights)


def _likeness(site: Site) -> Hashable:
    """The same for nodes that a set cannot tell apart."""
    io, node = site.io, site.node
    every = (*node.inputs, *node.outputs)
    tensors = tuple(None if t is None else _kind(t) for t in (*io.inputs, *io.outputs))
    facts = tuple(
        _ends(known.get(i)) for i in every for known in (site.facts.ranges, site.facts.accumulators)
    )
    same = tuple(every.index(i) for i in every)
    return type(node.op), node.op, same, len(io.inputs), tensors, facts, site.core, site.extensions


def _kind(tensor: Tensor) -> Hashable:
    """What there is to a tensor beside its name."""
    data = None if tensor.data is None else id(tensor.data)
    return tensor.shape, tensor.dtype, tensor.quant, data


def _ends(interval: Interval | None) -> Hashable:
    return interval and (interval.low.tobytes(), interval.high.tobytes())


def _for_another(answer: Answer, old: Node, new: Node) -> Answer:
    """The answer for a node that is alike."""
    if isinstance(answer, Declined) or old is new:
        return answer
    before, after = (*old.inputs, *old.outputs), (*new.inputs, *new.outputs)
    names = dict(zip(before, after, strict=True))
    return replace(
        answer,
        nodes=(new,),
        calls=tuple(_renamed(step, names) for step in answer.calls),
        needs=tuple(fact._replace(tensor=names[fact.tensor]) for fact in answer.needs),
    )


def _renamed(step: KernelCall | Alias, names: Mapping[TensorId, TensorId]) -> KernelCall | Alias:
    if isinstance(step, Alias):
        return replace(step, source=names[step.source], target=names[step.target])
    needless = None if step.needless is None else _renamed(step.needless, names)
    assert needless is None or isinstance(needless, Alias)
    return replace(
        step,
        inputs=tuple(names[i] for i in step.inputs),
        outputs=tuple(names[i] for i in step.outputs),
        layouts={names[i]: layout for i, layout in step.layouts.items()},
        needless=needless,
    )
