"""What is chosen under --optimize speed, balanced and size; it is never worse than portable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

import tinygen
from tests.conftest import BENCHMARK_MODELS
from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.boards import get_board
from tinygen.engines.aot import Program, compile_graph, make
from tinygen.engines.aot.estimate import total
from tinygen.engines.aot.goal import FLASH_AROUND, RAM_AROUND, Goal
from tinygen.engines.aot.kernel_sets import KERNEL_SETS, Portable, kernel_sets, named
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.errors import InputError
from tinygen.ir import DType, Graph, Kernel, KernelCall, Node, Quant, Tensor
from tinygen.ops.tanh import Tanh
from tinygen.options import BuildOptions

ASKED = (Goal.SPEED, Goal.BALANCED, Goal.SIZE)
BASE = Cost(instructions=1000, cycles=1000, flash=3000)


class Offered(KernelSet):
    """For each node a call for each of some costs; `code` of which is the kernel's."""

    def __init__(self, *costs: Cost, name: str = "offered") -> None:
        self.name = name  # type: ignore[misc]
        self._costs = costs

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        for number, cost in enumerate(self._costs):
            call = KernelCall(
                Kernel(self.name, f"way_{number}"),
                site.node.inputs,
                site.node.outputs,
                {"count": 1},
                scratch_bytes=cost.scratch,
            )
            yield Candidate((site.node,), (call,), cost, why=f"way {number}")


def chain(nodes: int, nbytes: int = 1000) -> Graph:
    quant = Quant((1 / 128,), (0,))
    ids = range(nodes + 1)
    tensors = {i: Tensor(i, f"t{i}", (1, nbytes), DType.INT8, quant) for i in ids}
    all_nodes = tuple(Node(Tanh(), (i,), (i + 1,)) for i in ids[:-1])
    return Graph("m", tensors, all_nodes, (0,), (nodes,))


def taken(graph: Graph, goal: Goal, *sets: KernelSet) -> set[str]:
    return {choice.taken.why for choice in compile_graph(graph, sets, goal).choices}


@pytest.mark.parametrize(
    ("saved_cycles", "more_flash", "more_ram", "worth_it"),
    [
        (20, 10, 0, True),
        (20, 30, 0, False),
        (20, 0, 10, True),
        (20, 0, 30, False),
        (40, 15, 15, True),
        (40, 25, 25, False),
    ],
)
def test_a_hundredth_is_a_hundredth(
    saved_cycles: int, more_flash: int, more_ram: int, worth_it: bool
) -> None:
    """Of the whole: the least cycles, flash with what surrounds the layers, RAM of the tensors."""
    fewest = BASE.cycles * (100 - saved_cycles) // 100
    cycles = fewest + fewest * saved_cycles // 100
    graph = chain(1)
    flash = (BASE.flash + FLASH_AROUND) * more_flash // 100
    slow = replace(BASE, cycles=cycles)
    fast = Cost(fewest, fewest, BASE.flash + flash, scratch=(2000 + RAM_AROUND) * more_ram // 100)
    ways = Offered(slow, fast)
    assert taken(graph, Goal.BALANCED, ways) == {"way 1" if worth_it else "way 0"}
    assert taken(graph, Goal.SPEED, ways) == {"way 1"}
    assert taken(graph, Goal.SIZE, ways) == {"way 0" if more_flash else "way 1"}
    assert taken(graph, Goal.RAM, ways) == {"way 0" if more_flash or more_ram else "way 1"}


def test_layers_of_one_function_pay_for_its_code_together() -> None:
    code = 1500
    ways = Offered(BASE, replace(BASE, cycles=850, flash=BASE.flash + code))
    assert taken(chain(4), Goal.BALANCED, ways) == {"way 1"}
    program = compile_graph(chain(4), [ways], Goal.SPEED)
    assert program.estimate == Cost(4000, 3400, BASE.flash + code)


def test_nothing_is_taken_that_is_worse_than_portable_in_the_end() -> None:
    """The code of a function was counted as shared with a node that then takes another."""
    graph = chain(2)
    offered = Offered(replace(BASE, flash=4000))

    class Other(Offered):
        def offers(self, site: Site) -> Iterable[Candidate | Declined]:
            if site.node is graph.nodes[0]:
                yield from super().offers(site)

    other = Other(replace(BASE, flash=1900), name="other")
    portable = Offered(replace(BASE, flash=2100), name="portable")
    program = compile_graph(graph, (other, offered, portable), Goal.SIZE)
    assert program.estimate.flash <= 2100 == program.portable_estimate.flash
    assert {choice.set for choice in program.choices} == {"portable"}


@pytest.mark.parametrize(("slower", "taken_scratch"), [(0, 0), (4, 0), (40, 900)])
def test_scratch_is_dear_where_most_tensors_live(slower: int, taken_scratch: int) -> None:
    """Of three layers the middle one has the most around it; cycles of all, in thousandths."""

    base = replace(BASE, flash=60, scratch=900)

    class Scratch(Offered):
        def offers(self, site: Site) -> Iterable[Candidate | Declined]:
            yield from Offered(base).offers(site)
            if site.node.inputs[0] == 1:
                careful = replace(base, cycles=base.cycles + 3 * slower, scratch=0)
                yield from Offered(careful, name="careful").offers(site)

    graph = chain(3)
    sizes = {0: 1000, 1: 3000, 2: 3000, 3: 100}
    tensors = {i: replace(t, shape=(1, sizes[i])) for i, t in graph.tensors.items()}
    program = compile_graph(replace(graph, tensors=tensors), (Scratch(),), Goal.BALANCED)
    assert [c.taken.cost.scratch for c in program.choices] == [900, taken_scratch, 900]


def models(request: pytest.FixtureRequest) -> Iterable[Path]:
    yield GOLDEN_MODEL
    folder = request.getfixturevalue("models")
    yield from (folder / name for name in BENCHMARK_MODELS)


def no_worse(program: Program, goal: Goal) -> None:
    mine, portable = program.estimate, program.portable_estimate
    if goal is Goal.SIZE:
        assert mine.flash <= portable.flash
    else:
        assert mine.cycles <= portable.cycles


@pytest.mark.parametrize("goal", ASKED)
def test_no_model_is_worse_than_with_portable_alone(
    goal: Goal, request: pytest.FixtureRequest
) -> None:
    """Slower, or with --optimize size larger: on every core that has kernels of its own."""
    boards = [get_board(f"qemu-cortex-{core}") for core in ("m0", "m4", "m55")]
    for path in models(request):
        graph = passes.optimize(passes.simplify(tflite.read(path.read_bytes(), path.stem)))
        for board in boards:
            sets = named(kernel_sets(board))
            program = compile_graph(graph, sets, goal, board.core)
            no_worse(program, goal)
            alone = compile_graph(graph, (Portable(),), goal, board.core)
            taken = total(choice.taken for choice in alone.choices)  # without moves that make room
            assert taken == total(c.portable or c.taken for c in program.choices)


def test_kernels_that_do_not_fit_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that take scratch, on a board whose RAM that would be too much for."""
    monkeypatch.setattr(make, "named", lambda _: (Greedy(), *KERNEL_SETS))
    options = {"board": "qemu-cortex-m0", "out": tmp_path}
    result = tinygen.generate(GOLDEN_MODEL, **options)  # type: ignore[arg-type]
    assert any("no room" in note for note in result.notes)
    assert result.kernel_set == "portable"
    assert result.estimate is not None
    assert result.estimate.optimized_for == "ram"


class Greedy(KernelSet):
    """Fast and small, with more scratch than the board has RAM."""

    name = "greedy"

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        (call, *_) = site.node.op.lower(site.io)
        if isinstance(call, KernelCall):
            call = replace(call, scratch_bytes=20_000)
            yield Candidate((site.node,), (call,), Cost(1, 1, 1, scratch=20_000))
        else:
            yield Declined("nothing to compute")


def test_another_word_is_refused() -> None:
    with pytest.raises(InputError, match="--optimize is fast") as raised:
        BuildOptions(board="qemu-cortex-m4", optimize="fast")
    assert "speed, balanced, size" in raised.value.why


def test_a_firmware_for_size_is_smaller_and_matches(tmp_path: Path) -> None:
    sizes = {}
    for goal in ("balanced", "size"):
        out = tmp_path / goal
        built = tinygen.build(GOLDEN_MODEL, board="qemu-cortex-m4", optimize=goal, out=out)
        try:
            assert tinygen.verify(out).verdict is tinygen.Verdict.MATCH
        finally:
            tinygen.stop(out)
        sizes[goal] = built.sizes.flash
    assert sizes["size"] < sizes["balanced"] - 1000
