"""The same program but for one layer, which is computed by the kernel that every other is held
against; and kernel sets without some of their kernels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from tinygen.boards import Core
from tinygen.engines.aot.answers import Answers
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets.portable import cost
from tinygen.engines.aot.loops import LoopCall
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.engines.aot.program import Layer, Program, compile_graph
from tinygen.errors import InputError
from tinygen.ir import PORTABLE, Kernel, KernelCall


def with_plain(program: Program, index: int, goal: Goal, core: Core) -> tuple[Program, int]:
    """The program whose layer `index` is its operator's own kernel, and which layer that now is,
    the last one where the operator takes several."""
    layer = program.layers[index]
    nodes = {id(node): None for one in layer.unrolled for node in one.choice.taken.nodes}
    nodes |= {id(node): None for node in layer.choice.taken.nodes}
    taken = _taken(program)
    made = compile_graph(program.graph, (_Given(nodes, taken),), goal, core, Answers())
    found = [one.index for one in made.layers if id(one.node) in nodes]
    return replace(made, small=program.small), max(found)


def _taken(program: Program) -> dict[int, Candidate]:
    """What is taken for each node, those of loops' steps among them."""
    taken = {id(choice.node): choice.taken for choice in program.choices}
    for layer in program.layers:
        if isinstance(layer.call, LoopCall):
            taken |= _taken(layer.call.step)
    return taken


def is_plain(layer: Layer) -> bool:
    """Whether its kernel is what the operator itself lowers to; of a loop, each of a step's."""
    if layer.is_loop:
        return all(map(is_plain, layer.unrolled))
    nodes = layer.choice.taken.nodes
    if len(nodes) != 1:
        return False
    own = nodes[0].op.lower(layer.io)
    return layer.call.kernel in {call.kernel for call in own if isinstance(call, KernelCall)}


class _Given(KernelSet):
    """What was taken; of some nodes what they themselves lower to."""

    name = "given"
    alike = False

    def __init__(self, plain: Collection[int], taken: Mapping[int, Candidate]) -> None:
        self._plain = plain
        self._taken = taken

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        if id(site.node) not in self._plain:
            yield self._taken[id(site.node)]
            return
        calls = site.node.op.lower(site.io)
        costs = (cost(c, site.graph.tensors) for c in calls if isinstance(c, KernelCall))
        yield Candidate((site.node,), calls, sum(costs, Cost(0, 0, 0)), why="the operator's own")


class Without(KernelSet):
    """A set that does without some of its kernels, but for those that are an operator's own."""

    def __init__(self, inner: KernelSet, left_out: Collection[Kernel]) -> None:
        self.name = inner.name  # type: ignore[misc]
        self.requires = inner.requires  # type: ignore[misc]
        self.kinds = inner.kinds  # type: ignore[misc]
        self.build_flags = inner.build_flags  # type: ignore[misc]
        self.alike = inner.alike  # type: ignore[misc]
        self._inner = inner
        self._left_out = left_out

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        own = {c.kernel for c in site.node.op.lower(site.io) if isinstance(c, KernelCall)}
        for answer in self._inner.offers(site):
            calls = answer.kernel_calls if isinstance(answer, Candidate) else ()
            unwanted = [
                c.kernel for c in calls if c.kernel in self._left_out and c.kernel not in own
            ]
            if unwanted:
                yield Declined(f"{'/'.join(unwanted[0])} is left out")
            else:
                yield answer


def without(sets: Sequence[KernelSet], names: Sequence[str]) -> tuple[KernelSet, ...]:
    """The sets without the kernels of these names, SET/NAME each."""
    if not names:
        return tuple(sets)
    left_out = {_kernel(name) for name in names}
    return tuple(Without(one, left_out) for one in sets)


def _kernel(name: str) -> Kernel:
    kernel_set, slash, kernel = name.partition("/")
    if not (kernel_set and slash and kernel):
        raise InputError(
            f"--without is {name}",
            why="a kernel is named by its set and its name",
            next_step=f"--without {PORTABLE}/conv_2d_packed, for example; the report of a build "
            "names every layer's",
        )
    return Kernel(kernel_set, kernel)
