"""The aot engine: a graph becomes kernel calls and a memory plan. No interpreter, no heap."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from tinygen.analysis import Facts, facts
from tinygen.boards import Core
from tinygen.engines.aot.answers import Answers, with_constants_once
from tinygen.engines.aot.carried import with_copies
from tinygen.engines.aot.estimate import total
from tinygen.engines.aot.functions import shares_shapes
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import KERNEL_SETS
from tinygen.engines.aot.kernel_sets.portable import cost
from tinygen.engines.aot.loops import LoopCall, loop
from tinygen.engines.aot.offers import Candidate, Choice, Cost, KernelSet, Site
from tinygen.engines.aot.room import make_room
from tinygen.engines.aot.select import select
from tinygen.engines.aot.shifted import with_shifts
from tinygen.engines.traced import title
from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    PORTABLE,
    Alias,
    Array,
    Constant,
    Graph,
    Kernel,
    KernelCall,
    Lowered,
    Node,
    Operands,
    Place,
    Tensor,
    TensorId,
)
from tinygen.ops.repeat import Repeat
from tinygen.passes.stripes import Stripes
from tinygen.plan import MemoryPlan, plan

_MOVES = {Goal.SPEED: 0.0, Goal.BALANCED: 0.005, Goal.SIZE: 0.005, Goal.RAM: 0.05}
"""Of all cycles: what moves may take that make the arena smaller, a byte for a cycle."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One kernel call and what it was chosen for."""

    index: int
    choice: Choice
    io: Operands
    """The operands of the choice's node, the last where it covers several."""
    call: KernelCall
    macs: int
    """Multiply-accumulates of all that was chosen with it."""
    within: str = ""
    """Of a loop's step, what its number begins with: the loop's."""

    @property
    def label(self) -> str:
        """Its number, that of the loop before it where it is in one."""
        return f"{self.within}{self.index}"

    @property
    def is_loop(self) -> bool:
        """Whether it is steps that are repeated."""
        return isinstance(self.call, LoopCall)

    @property
    def steps_name(self) -> str:
        """In C, of the function of a loop."""
        return f"model_layer_{self.label}_steps"

    @property
    def operators(self) -> tuple[str, ...]:
        """All that it computes: those of a step, where it is a loop."""
        if isinstance(self.call, LoopCall):
            return tuple(kind for one in self.call.step.layers for kind in one.operators)
        return tuple(node.op.kind for node in self.choice.taken.nodes)

    @property
    def unrolled(self) -> tuple[Layer, ...]:
        """The calls of kernels: those of a step, where it is a loop."""
        if not isinstance(self.call, LoopCall):
            return (self,)
        inner = (replace(one, within=f"{self.label}_") for one in self.call.step.layers)
        return tuple(layer for one in inner for layer in one.unrolled)

    @property
    def node(self) -> Node:
        return self.choice.node

    @property
    def place(self) -> str:
        """Its number, its operator and its title, for people."""
        return f"layer {self.index}, {self.node.op.kind} {self.title}"

    @property
    def title(self) -> str:
        """The output's name, short."""
        return title(self.io.outputs[0])


@dataclass(frozen=True, eq=False)
class Program:
    """A graph ready to be written as C."""

    graph: Graph
    layers: tuple[Layer, ...]
    choices: tuple[Choice, ...]
    """One for each node."""
    plan: MemoryPlan
    moves: tuple[Choice, ...] = ()
    """Of tensors, between two layers, where they make room in the arena."""
    small: bool = False
    """Whether one function computes layers of several shapes, where that takes less flash."""
    stripes: tuple[Stripes, ...] = ()
    """Of which nodes of the graph as it was."""
    plain: Program | None = None
    """The program without stripes, where there are some."""
    arena_in_given_order: int | None = None
    """Bytes, where the nodes are in another order than they were."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum({id(layer.choice.taken): layer.macs for layer in self.layers}.values())

    @property
    def constant_bytes(self) -> int:
        """Bytes of flash that weights, biases and tables take, each array once."""
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def _arrays(self) -> dict[int, Array]:
        """By the identity of each."""
        own = (c.data for layer in self.layers for c in layer.call.constants.values())
        inputs = (self.graph.tensors[i].data for layer in self.layers for i in layer.call.inputs)
        arrays = {id(data): data for data in (*own, *inputs) if data is not None}
        for layer in self.layers:
            if isinstance(layer.call, LoopCall):
                arrays |= layer.call.step._arrays
        return arrays

    @property
    def constant_ram_bytes(self) -> int:
        """Bytes of RAM for those of them that kernels read from there."""
        constants = (c for layer in self.unrolled for c in layer.call.constants.values())
        in_ram = {id(c.data): c.data.nbytes for c in constants if c.place is Place.RAM}
        return sum(in_ram.values())

    @property
    def estimate(self) -> Cost:
        """What all layers take, estimated."""
        every = (*self.choices, *self.moves)
        return total((choice.taken for choice in every), small=self.small)

    @property
    def portable_estimate(self) -> Cost:
        """What they would take of the portable kernels alone."""
        every = (*self.choices, *self.moves)
        return total((choice.portable or choice.taken for choice in every), small=self.small)

    @property
    def peak(self) -> Layer | None:
        """The layer at which most of the arena is in use."""
        live = self.plan.live_bytes
        return max(self.layers, key=lambda layer: live[layer.index], default=None)

    @property
    def unrolled(self) -> tuple[Layer, ...]:
        """The calls of kernels, those of loops' steps among them."""
        return tuple(one for layer in self.layers for one in layer.unrolled)

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """Every kernel used, each once, sorted."""
        return tuple(sorted({layer.call.kernel for layer in self.unrolled}))


def compile_graph(
    graph: Graph,
    sets: Sequence[KernelSet] = KERNEL_SETS[-1:],
    goal: Goal = Goal.BALANCED,
    core: Core = Core.CORTEX_M4,
    answers: Answers | None = None,
    *,
    thorough: bool = True,
    planner: Callable[..., MemoryPlan] = plan,
) -> Program:
    """Choose the kernels for a core and place the tensors; `sets` are those that the board can run,
    in the order of preference: without them the portable one. `answers` are what they said
    before. Where not `thorough`, the arena may be somewhat larger than it has to be. `planner`
    places the tensors, as `plan` does."""
    graph = with_shifts(with_copies(graph))
    extensions = frozenset(extension for there in sets for extension in there.requires)
    known = _facts(graph)

    def site(node: Node) -> Site:
        given = None
        if isinstance(node.op, Repeat):
            step = compile_graph(node.op.body, sets, goal, core, answers, thorough=thorough)
            given = loop(node, graph.operands(node), step)
        return Site(graph, node, known, core, extensions, given)

    sites = [site(node) for node in graph.nodes]
    choices = select(sites, sets, goal, answers)
    kept: dict[Hashable, Constant] = {}
    steps: list[tuple[KernelCall | Alias, Choice, int]] = []
    last = {id(choice.taken): choice.node for choice in choices}
    for choice in choices:
        if last[id(choice.taken)] is not choice.node:
            continue  # the nodes of one candidate are computed where the last of them is
        macs = sum(node.op.macs(graph.operands(node)) for node in choice.taken.nodes)
        for step in choice.taken.calls:
            call = with_constants_once(step, kept) if isinstance(step, KernelCall) else step
            steps.append((call, choice, macs))

    def planned(lowered: Lowered, tensors: Mapping[TensorId, Tensor], search: bool) -> MemoryPlan:
        edges = graph.inputs, graph.outputs, graph.states
        return planner(lowered, tensors, *edges, thorough=thorough and search)

    cycles = total(choice.taken for choice in choices).cycles
    affordable = round(_MOVES[goal] * cycles) if thorough else 0
    lowered = tuple(step for step, _, _ in steps)
    room = make_room(lowered, graph.tensors, planned, affordable=affordable)
    whole = replace(graph, tensors=room.tensors)
    layers: list[Layer] = []
    moves: list[Choice] = []
    for call, origin in zip(room.plan.steps, room.origins, strict=True):
        if isinstance(origin, Node):
            moves.append(_of_move(origin, call, room.tensors))
        choice, macs = (moves[-1], 0) if isinstance(origin, Node) else steps[origin][1:]
        if isinstance(call, KernelCall):
            layers.append(Layer(len(layers), choice, whole.operands(choice.node), call, macs))
    small = goal is Goal.SIZE and shares_shapes(core)
    return Program(whole, tuple(layers), choices, room.plan, tuple(moves), small)


def _of_move(node: Node, call: KernelCall | Alias, tensors: Mapping[TensorId, Tensor]) -> Choice:
    """A move that makes room is nobody's offer."""
    assert isinstance(call, KernelCall)
    taken = Candidate((node,), (call,), cost(call, tensors), why="makes room in the arena")
    return Choice(node, PORTABLE, taken, ())


def _facts(graph: Graph) -> Facts:
    """What is known of the graph; nothing where a node is impossible, which its own lowering says
    with its place."""
    try:
        return facts(graph)
    except UnsupportedModel:
        return Facts({}, {})
