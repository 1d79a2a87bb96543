"""Whether a candidate may be taken: what its calls touch, what it rests on, what others read."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.engines.aot.offers import Candidate, Fact, Site
from tinygen.ir import Alias, KernelCall, TensorId


def check(candidate: Candidate, name: str, site: Site) -> None:
    """ValueError where calls read or write what is not theirs: the set is wrong."""
    own = {t for node in candidate.nodes for t in node.outputs}
    readable = {t for node in candidate.nodes for t in node.inputs} - own
    for call in candidate.calls:
        reads, writes = _accesses(call)
        if not readable.issuperset(reads) or not own.issuperset(writes):
            raise ValueError(f"{name}'s call for {site.node.op.kind} touches tensors of others")
        readable |= set(writes)


def refusal(candidate: Candidate, covers: tuple[int, ...], sites: Sequence[Site]) -> str:
    """Why the candidate cannot be taken here, or nothing."""
    site = sites[covers[0]]
    for fact in candidate.needs:
        if not _proved(fact, site):
            what = "the sums behind " if fact.accumulator else ""
            name = site.graph.tensors[fact.tensor].name
            return f"not proved: {what}{name} from {fact.low} to {fact.high}"
    inside = {t for at in covers for t in sites[at].node.outputs}
    needed = inside & _read_outside(covers, sites)
    for at in range(covers[0], covers[-1]):
        if at not in covers and inside & set(sites[at].node.inputs):
            return "a node in between reads what it writes"
    written = {t for call in candidate.calls for t in _accesses(call)[1]}
    if missing := needed - written:
        names = ", ".join(sorted(site.graph.tensors[t].name for t in missing))
        return f"others read {names}, which it does not write"
    return _layouts_refused(candidate, inside - needed, site)


def _layouts_refused(candidate: Candidate, own: set[TensorId], site: Site) -> str:
    """A layout that is not the shape's stays between the candidate's own calls, which agree."""
    calls = [call for call in candidate.calls if isinstance(call, KernelCall)]
    for tensor in sorted({t for call in calls for t in call.layouts}):
        shape, name = site.graph.tensors[tensor].shape, site.graph.tensors[tensor].name
        asked = {
            call.layouts.get(tensor) for call in calls if tensor in (*call.inputs, *call.outputs)
        }
        plain = tuple(range(len(shape)))
        if any(layout is not None and tuple(sorted(layout)) != plain for layout in asked):
            return f"{name} has no such layout"
        if {layout or plain for layout in asked} == {plain}:
            continue
        if tensor not in own:
            return f"others read {name} as its shape says"
        if len(asked) > 1:
            return f"its kernels do not agree on the layout of {name}"
    return ""


def _read_outside(covers: tuple[int, ...], sites: Sequence[Site]) -> set[TensorId]:
    """What of theirs other nodes and whoever runs the model read."""
    graph = sites[covers[0]].graph
    own = {id(sites[at].node) for at in covers}
    written = {t for at in covers for t in sites[at].node.outputs}
    read = {*graph.outputs, *(state.written for state in graph.states)}
    others = (t for t in written if any(id(node) not in own for node in graph.readers(t)))
    return {*(written & read), *others}


def _accesses(call: KernelCall | Alias) -> tuple[tuple[TensorId, ...], tuple[TensorId, ...]]:
    """What it reads, and what it writes."""
    if isinstance(call, Alias):
        return (call.source,), (call.target,)
    return call.inputs, call.outputs


def _proved(fact: Fact, site: Site) -> bool:
    known = site.facts.accumulators if fact.accumulator else site.facts.ranges
    interval = known.get(fact.tensor)
    if interval is None:
        return False
    return bool((interval.low >= fact.low).all() and (interval.high <= fact.high).all())
