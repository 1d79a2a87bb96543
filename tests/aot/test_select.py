"""What is chosen where several kernel sets have something for a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests import host_program
from tinygen.analysis import Facts
from tinygen.boards import Core, Extension, get_board
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.engines.aot.kernel_sets.portable import FITS
from tinygen.engines.aot.offers import (
    Candidate,
    Choice,
    Cost,
    Declined,
    Fact,
    KernelSet,
    Offer,
    Site,
)
from tinygen.engines.aot.select import select
from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    DType,
    Graph,
    Interval,
    Kernel,
    KernelCall,
    Layout,
    Node,
    Overlap,
    Quant,
    Tensor,
    TensorId,
    portable,
)
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.tanh import Tanh

Answer = Callable[[Site], Iterable[Candidate | Declined]]
CODES = np.arange(256, dtype=np.uint8).view(np.int8)
FIRST, MIDDLE, LAST = 0, 1, 2


class Asked(KernelSet):
    """A set that answers as a function does."""

    name = "asked"

    def __init__(self, answer: Answer, name: str = "asked") -> None:
        self._answer = answer
        self.name = name  # type: ignore[misc]

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        return self._answer(site)


def chain(*outputs: TensorId) -> Graph:
    """HARD_SWISH, then TANH, with these outputs: the last tensor, unless told otherwise."""
    quants = (Quant((0.05,), (3,)), Quant((0.05,), (-20,)), Quant((1 / 128,), (0,)))
    tensors = {i: Tensor(i, f"t{i}", (1, 4, 64), DType.INT8, q) for i, q in enumerate(quants)}
    nodes = (Node(HardSwish(), (FIRST,), (MIDDLE,)), Node(Tanh(), (MIDDLE,), (LAST,)))
    return Graph("chain", tensors, nodes, (FIRST,), outputs or (LAST,))


def costs(cycles: int, flash: int = 100) -> Cost:
    return Cost(instructions=cycles, cycles=cycles, flash=flash)


def offering(*all_costs: Cost, kind: str = "TANH", name: str = "asked") -> Asked:
    """For nodes of this kind candidates of these costs, with portable's call."""

    def answer(site: Site) -> Iterable[Candidate | Declined]:
        if site.node.op.kind != kind:
            yield Declined(f"only {kind}")
            return
        for number, cost in enumerate(all_costs):
            calls = site.node.op.lower(site.io)
            yield Candidate((site.node,), calls, cost, why=f"way {number}")

    return Asked(answer, name)


def tables(graph: Graph) -> Array:
    """Both operators as one table."""
    first, second = graph.nodes
    (middle,) = first.op.reference(graph.operands(first), (CODES,))
    (last,) = second.op.reference(graph.operands(second), (middle,))
    return last


def both(
    cost: Cost,
    needs: tuple[Fact, ...] = (),
    layouts: tuple[Mapping[TensorId, Layout], ...] = (),
) -> Asked:
    """HARD_SWISH and TANH by one kernel; with layouts by two."""

    def answer(site: Site) -> Iterable[Candidate | Declined]:
        if site.node is not site.graph.nodes[0]:
            yield Declined("only with the node before")
            return
        # Aligned, so that its C function is another one than of the two alone.
        table = {"table": Constant(tables(site.graph), align=2)}
        one = KernelCall(
            portable("lookup"),
            (FIRST,),
            (LAST,),
            {"count": 256},
            table,
            overlaps=(Overlap(0, 0, 256),),
        )
        calls: tuple[KernelCall, ...] = (one,)
        if layouts:
            (a,), (b,) = (node.op.lower(site.graph.operands(node)) for node in site.graph.nodes)
            assert isinstance(a, KernelCall)
            assert isinstance(b, KernelCall)
            calls = tuple(
                replace(call, layouts=asked) for call, asked in zip((a, b), layouts, strict=True)
            )
        yield Candidate(site.graph.nodes, calls, cost, needs, why="two in one")

    return Asked(answer)


def choose(graph: Graph, *sets: KernelSet, goal: Goal = Goal.SPEED) -> tuple[Choice, ...]:
    sites = [Site(graph, node, Facts({}, {}), Core.CORTEX_M4, frozenset()) for node in graph.nodes]
    return select(sites, sets, goal)


def cheapest(graph: Graph) -> tuple[int, int]:
    """Cycles of both nodes as portable computes them."""
    first, second = choose(graph, Portable())
    return first.taken.cost.cycles, second.taken.cost.cycles


def test_the_cheaper_one_wins_and_the_others_are_kept() -> None:
    _, cycles = cheapest(chain())
    for cost, winner in ((cycles - 1, "asked"), (cycles + 1, "portable")):
        first, second = choose(chain(), offering(costs(cost), costs(10**9)), Portable())
        assert first.set == "portable"
        assert first.others == (Offer("asked", Declined("only TANH")),)
        assert second.set == winner
        loser = "portable" if winner == "asked" else "asked"
        assert [o.set for o in second.others if isinstance(o.answer, Candidate)].count(loser) >= 1
        assert len(second.others) == 2


def test_a_tie_goes_to_the_earlier_set() -> None:
    one, other = (offering(costs(7, 7), costs(7, 7), name=name) for name in ("one", "other"))
    for sets in ((one, other), (other, one)):
        second = choose(chain(), *sets, Portable())[1]
        assert (second.set, second.taken.why) == (sets[0].name, "way 0")


def test_the_goal_says_what_is_compared() -> None:
    ways = offering(costs(10, 900), costs(20, 50))
    assert choose(chain(), ways, Portable())[1].taken.why == "way 0"
    assert choose(chain(), ways, Portable(), goal=Goal.SIZE)[1].taken.why == "way 1"


def test_two_nodes_by_one_kernel(tmp_path: Path) -> None:
    graph = chain()
    program = compile_graph(graph, (both(costs(sum(cheapest(graph)) - 1)), Portable()))
    assert [choice.set for choice in program.choices] == ["asked", "asked"]
    assert program.choices[0].taken is program.choices[1].taken
    assert [layer.call.outputs for layer in program.layers] == [(LAST,)]
    assert MIDDLE not in program.plan.offsets
    others = [(o.set, isinstance(o.answer, Candidate)) for o in program.choices[1].others]
    assert others == [("asked", False), ("portable", True)]
    host_program.write(program, tmp_path)
    expected = tables(graph)[CODES.view(np.uint8)]
    np.testing.assert_array_equal(host_program.run(tmp_path, CODES[None])[0], expected)


@pytest.mark.parametrize(("more", "taken"), [(-1, True), (0, True), (1, False)])
def test_two_in_one_has_to_cost_less_than_both(more: int, taken: bool) -> None:
    """Or as much, by a set that comes first."""
    first, second = choose(chain(), Portable())
    cost = first.taken.cost + second.taken.cost
    cost = replace(cost, flash=cost.flash - FITS["lookup"].code)  # both are one C function
    fused = both(replace(cost, cycles=cost.cycles + more))
    assert [c.set == "asked" for c in choose(chain(), fused, Portable())] == [taken, taken]
    assert [c.set == "asked" for c in choose(chain(), Portable(), fused)] == [more < 0, more < 0]


def refusal(choice: Choice) -> str:
    assert choice.set == "portable"
    (why,) = [
        o.answer.why for o in choice.others if o.set == "asked" and isinstance(o.answer, Declined)
    ]
    return why


def test_what_others_read_has_to_be_written() -> None:
    graph = chain(MIDDLE, LAST)
    assert (
        refusal(choose(graph, both(costs(1)), Portable())[0])
        == "others read t1, which it does not write"
    )


def test_a_node_in_between_that_reads_it_forbids_it() -> None:
    graph = chain()
    tensors = {**graph.tensors, 3: replace(graph.tensors[LAST], id=3, name="t3")}
    first, second = graph.nodes
    nodes = (first, Node(Tanh(), (MIDDLE,), (3,)), second)
    graph = replace(graph, tensors=tensors, nodes=nodes, outputs=(LAST, 3))

    def answer(site: Site) -> Iterable[Candidate | Declined]:
        if site.node is first:
            calls = (
                *first.op.lower(graph.operands(first)),
                *second.op.lower(graph.operands(second)),
            )
            yield Candidate((first, second), calls, costs(1))

    assert (
        refusal(choose(graph, Asked(answer), Portable())[0])
        == "a node in between reads what it writes"
    )


def test_what_is_not_proved_is_not_taken() -> None:
    graph = chain()
    small = Interval.of(np.array([-3, -2]), np.array([5, 90]))
    for need, known, proved in (
        (Fact(FIRST, -3, 90), Facts({FIRST: small}, {}), True),
        (Fact(FIRST, -2, 90), Facts({FIRST: small}, {}), False),
        (Fact(FIRST, -3, 89), Facts({FIRST: small}, {}), False),
        (Fact(FIRST, -3, 90), Facts({}, {FIRST: small}), False),
        (Fact(FIRST, -3, 90, accumulator=True), Facts({}, {FIRST: small}), True),
        (Fact(FIRST, -128, 127), Facts({}, {}), False),
    ):
        sites = [Site(graph, node, known, Core.CORTEX_M4, frozenset()) for node in graph.nodes]
        chosen = select(sites, (both(costs(1), (need,)), Portable()), Goal.SPEED)[0]
        if proved:
            assert chosen.set == "asked"
        else:
            assert refusal(chosen).startswith("not proved: ")


CHANNELS_FIRST: Layout = (0, 2, 1)


@pytest.mark.parametrize(
    ("layouts", "why"),
    [
        (({MIDDLE: CHANNELS_FIRST}, {MIDDLE: CHANNELS_FIRST}), ""),
        (({MIDDLE: (0, 1, 2)}, {}), ""),
        (({MIDDLE: CHANNELS_FIRST}, {}), "its kernels do not agree on the layout of t1"),
        (({}, {MIDDLE: CHANNELS_FIRST}), "its kernels do not agree on the layout of t1"),
        (({FIRST: CHANNELS_FIRST}, {}), "others read t0 as its shape says"),
        (({}, {LAST: CHANNELS_FIRST}), "others read t2 as its shape says"),
        (({MIDDLE: (0, 1)}, {MIDDLE: (0, 1)}), "t1 has no such layout"),
    ],
)
def test_another_layout_stays_between_kernels_that_agree(
    layouts: tuple[Mapping[TensorId, Layout], ...], why: str
) -> None:
    chosen = choose(chain(), both(costs(1), layouts=layouts), Portable())[0]
    assert (chosen.set == "asked") == (not why)
    assert not why or refusal(chosen) == why


def test_nobody_has_a_kernel() -> None:
    with pytest.raises(UnsupportedModel, match=r"TANH \(output 't2'\)") as raised:
        choose(chain(), offering(costs(1), kind="HARD_SWISH"))
    assert raised.value.why == "asked: only HARD_SWISH"


def test_a_set_that_answers_for_others_is_wrong() -> None:
    def other_node(site: Site) -> Iterable[Candidate | Declined]:
        last = site.graph.nodes[-1]
        yield Candidate((last,), last.op.lower(site.graph.operands(last)), costs(1))

    def other_tensor(site: Site) -> Iterable[Candidate | Declined]:
        lookup = KernelCall(portable("lookup"), (LAST,), (MIDDLE,), {"count": 1})
        yield Candidate((site.node,), (lookup,), costs(1))

    for answer, words in ((other_node, "not asked for"), (other_tensor, "tensors of others")):
        with pytest.raises(ValueError, match=words):
            choose(chain(), Asked(answer), Portable())


class Wide(KernelSet):
    """A set that wants something of the core and of the compiler."""

    name = "wide"
    requires = frozenset({Extension.DSP})
    build_flags: ClassVar[tuple[str, ...]] = ("-fno-schedule-insns",)

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        assert site.extensions == {Extension.DSP}
        calls = site.node.op.lower(site.io)
        if site.node.op.kind == "TANH":
            (call,) = calls
            assert isinstance(call, KernelCall)
            yield Candidate((site.node,), (replace(call, kernel=Kernel("wide", "tanh")),), costs(1))


def test_a_sets_flags_come_with_its_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygen.engines.aot import kernel_sets, make

    sets = (Wide(), Portable())
    monkeypatch.setattr(kernel_sets, "KERNEL_SETS", sets)
    board = get_board("qemu-cortex-m4")
    both, one = (compile_graph(chain(), there) for there in (sets, sets[1:]))
    assert make.build_flags(both, board) == (*make.BUILD_FLAGS, *Wide.build_flags)
    assert make.build_flags(one, board) == make.BUILD_FLAGS


def test_choosing_is_a_function_of_the_offers() -> None:
    generator = np.random.default_rng(5)
    for _ in range(50):
        numbers = [int(n) for n in generator.integers(1, 6, 6)]
        sets = (
            offering(*(costs(n) for n in numbers[:3]), name="one"),
            offering(*(costs(n) for n in numbers[3:]), name="other"),
            Portable(),
        )
        second = choose(chain(), *sets)[1]
        again = choose(chain(), *sets)[1]
        assert (second.set, second.taken.why) == (again.set, again.taken.why)
        least = min(numbers)
        assert second.taken.cost.cycles == least
        assert second.set == ("one" if least in numbers[:3] else "other")
        assert second.taken.why == f"way {numbers.index(least) % 3}"
