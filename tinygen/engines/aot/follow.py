"""A compiled program, told so that it can be followed layer by layer on a device."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tinygen.engines.aot.functions import functions
from tinygen.engines.aot.plain import is_plain
from tinygen.engines.aot.program import Layer, Program
from tinygen.engines.traced import (
    Placed,
    Traced,
    TracedLayer,
    TracedOutput,
    keras_layers,
    title,
)
from tinygen.errors import InputError
from tinygen.ir import ABSENT, Alias, TensorId
from tinygen.project.naming import MODEL, symbol

_INVOKE = re.compile(
    r"^(?P<head>enum \w+ \w+_invoke\(void\) \{\n)(?P<calls>.*?)"
    r"(?P<tail>^(?:\n {2}/\* What the next inference finds| {2}return \w+_arena_intact\())",
    re.MULTILINE | re.DOTALL,
)
_CALL = re.compile(r"^ {2}\w+\(.*?\);\n", re.MULTILINE | re.DOTALL)
_INCLUDE = '#include "tg_layers.h"\n'
_TENSOR = """
const uint8_t *tg_layer_tensor(uint32_t place) {
  return NAME_arena.bytes + place;
}
"""


def follow(program: Program, name: str = MODEL) -> Traced:
    """The program's layers, each one call of a kernel, of a model that is called so in C."""
    named = {
        layer.label: symbol(function.name, name)
        for function in functions(program.unrolled, small=program.small)
        for layer in function.layers
    }
    # Of calls that write one tensor together only the last one leaves all of it.
    last = {i: layer.index for layer in program.layers for i in layer.call.outputs}
    named |= {one.label: symbol(one.steps_name, name) for one in program.layers if one.is_loop}
    shared = Counter(id(c.data) for one in program.unrolled for c in one.call.constants.values())
    in_graph = {id(node) for node in program.graph.nodes}
    moves = [layer.node for layer in program.layers if id(layer.node) not in in_graph]
    whole = replace(program.graph, nodes=(*program.graph.nodes, *moves))
    roots = _roots(program)
    return Traced(
        graph=whole,
        layers=tuple(
            _layer(program, one, named[one.label], last, shared, roots) for one in program.layers
        ),
        places=tuple(_places(program)),
    )


def _places(program: Program) -> Iterator[Placed]:
    """Where each tensor lies while it is used; of a buffer that is one tensor's, each run of bytes
    as long as it is needed."""
    tensors, used = program.graph.tensors, _used(program)
    for buffer in program.plan.buffers:
        own = {i: at for i, at in buffer.tensors.items() if i in used}
        if len(own) < 2:
            name = "".join(title(tensors[i]) for i in own)
            for span in buffer.spans:
                at, size = buffer.offset + span.start, span.stop - span.start
                yield Placed(name, at, size, span.first, span.last)
            continue
        for i, at in own.items():
            yield Placed(title(tensors[i]), buffer.offset + at, tensors[i].nbytes, *used[i])


def _used(program: Program) -> dict[TensorId, tuple[int, int]]:
    """The first and the last step that touch a tensor, as `Placed` counts them."""
    used: dict[TensorId, tuple[int, int]] = {}

    def touch(ids: Iterable[TensorId], step: int) -> None:
        for i in ids:
            first, last = used.get(i, (step, step))
            used[i] = min(first, step), max(last, step)

    graph = program.graph
    touch((*graph.inputs, *(state.read for state in graph.states)), 0)
    for layer in program.layers:
        touch((*layer.call.inputs, *layer.call.outputs), layer.index + 1)
    touch(
        (*graph.outputs, *(s for state in graph.states for s in (state.read, state.written))),
        len(program.layers) + 1,
    )
    return used


def _roots(program: Program) -> dict[TensorId, TensorId]:
    """The tensor that a layer wrote, of each that is the same bytes under another shape."""
    roots: dict[TensorId, TensorId] = {}
    tensors = program.graph.tensors
    for step in program.plan.steps:
        if not isinstance(step, Alias) or step.offset:
            continue
        if tensors[step.source].nbytes == tensors[step.target].nbytes:
            roots[step.target] = roots.get(step.source, step.source)
    return roots


def _layer(
    program: Program,
    layer: Layer,
    function: str,
    last: dict[TensorId, int],
    shared: Counter[int],
    roots: dict[TensorId, TensorId],
) -> TracedLayer:
    call, taken, tensors = layer.call, layer.choice.taken, program.graph.tensors
    alone = len(taken.kernel_calls) == 1
    return TracedLayer(
        index=layer.index,
        operators=layer.operators,
        name=layer.title,
        keras_layers=keras_layers(layer.io.outputs[0]),
        kernel_set="+".join(dict.fromkeys(one.call.kernel.set for one in layer.unrolled)),
        kernel="+".join(dict.fromkeys(one.call.kernel.name for one in layer.unrolled)),
        plain=is_plain(layer),
        why=taken.why,
        macs=layer.macs if alone or taken.kernel_calls[-1] is call else 0,
        inputs=tuple(roots.get(i, i) for i in call.inputs if i != ABSENT),
        outputs=tuple(
            TracedOutput(tensors[i], call.layouts.get(i), program.plan.offsets[i])
            for i in call.outputs
            if last[i] == layer.index
        ),
        constant_bytes=sum(
            constant.data.nbytes // shared[id(constant.data)]
            for one in layer.unrolled
            for constant in one.call.constants.values()
        ),
        ram_bytes=program.plan.live_bytes[layer.index],
        scratch_bytes=call.scratch_bytes,
        function=function,
        estimated_cycles=taken.cost.cycles if alone else None,
        estimated_instructions=taken.cost.instructions if alone else None,
    )


def followed(source: str, layers: int, name: str = MODEL) -> str:
    """The C of a model that is called so, whose layers tell when they are done, and where their
    tensors lie.

    InputError where its calls are not those that were generated.
    """
    found = _INVOKE.search(source)
    calls = [] if found is None else list(_CALL.finditer(found["calls"]))
    if found is None or len(calls) != layers:
        raise InputError(
            f"the calls of layers in {name}.c cannot be followed: {len(calls)}, not {layers}",
            why="one after the other, each a statement of its own, is how they were generated",
            next_step=f"undo the edit of {name}.c's invoke, or build the project again",
        )
    body, at = "", 0
    for index, call in enumerate(calls):
        body += f"{found['calls'][at : call.end()]}  tg_layer_done({index});\n"
        at = call.end()
    body += found["calls"][at:]
    start, end = found.span("calls")
    text = source[:start] + body + source[end:]
    first = text.index("#include")
    return text[:first] + _INCLUDE + text[first:] + _TENSOR.replace("NAME", name)
