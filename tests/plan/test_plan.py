"""The memory plan: nothing that lives at the same time overlaps, and the minimum is reached."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from tinygen.ir import Alias, DType, KernelCall, Lowered, Overlap, Tensor, portable
from tinygen.plan import ALIGNMENT, MemoryPlan, plan


def tensors(*sizes: int) -> dict[int, Tensor]:
    return {i: Tensor(i, f"t{i}", (1, size), DType.INT8) for i, size in enumerate(sizes)}


def call(
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    scratch: int = 0,
    overlaps: tuple[tuple[int, int, int] | tuple[int, int, int, bool], ...] = (),
) -> KernelCall:
    reach = tuple(Overlap(*each) for each in overlaps)
    return KernelCall(portable("k"), inputs, outputs, scratch_bytes=scratch, overlaps=reach)


def require_disjoint(memory: MemoryPlan) -> None:
    """No live bytes overlap, but where the plan says that they may: then only so far."""
    distances = {(r.reader, r.writer, r.step): r.distance for r in memory.reaches}
    for i, a in enumerate(memory.buffers):
        assert a.offset % ALIGNMENT == 0
        assert a.offset + a.nbytes <= memory.arena_bytes
        for j, b in enumerate(memory.buffers):
            below = a.offset - b.offset
            for one, other in itertools.product(a.spans, b.spans):
                together = one.first <= other.last and other.first <= one.last
                apart = below + one.stop <= other.start or other.stop <= below + one.start
                if i < j and together and not apart:
                    step = min(one.last, other.last)
                    read = below >= distances.get((i, j, step), below + 1)
                    written = -below >= distances.get((j, i, step), 1 - below)
                    assert read or written


def require_allowed(steps: Sequence[KernelCall], sizes: Sequence[int], memory: MemoryPlan) -> None:
    """Every output lies apart from what is still needed, or as far into it as its call says.

    From the calls and the offsets alone. Tensor 0 is the model's input, the last one its output,
    tensor i + 1 is the output of call i.
    """
    spans = [range(memory.offsets[t], memory.offsets[t] + size) for t, size in enumerate(sizes)]
    for number, one in enumerate(steps):
        written = spans[number + 1]
        for other in range(number + 1):
            if any(other in later.inputs for later in steps[number + 1 :]):
                assert not set(written) & set(spans[other])
            elif other in one.inputs and set(written) & set(spans[other]):
                allowed = [o.nbytes for o in one.overlaps if one.inputs[o.input] == other]
                assert len(allowed) == one.inputs.count(other), "a reader does not allow it"
                assert written.start <= spans[other].start
                assert written.stop <= spans[other].start + min(allowed)
                if any(o.exact for o in one.overlaps):
                    assert written.start == spans[other].start


def test_a_chain_needs_the_two_largest_neighbours() -> None:
    memory = plan((call((0,), (1,)), call((1,), (2,))), tensors(100, 300, 50), (0,), (2,))
    require_disjoint(memory)
    assert memory.arena_bytes == memory.minimum_bytes == 400
    assert memory.live_bytes == (400, 352)


def test_an_output_on_top_of_its_input_takes_no_room() -> None:
    steps = (call((0,), (1,), overlaps=((0, 0, 64),)), call((1,), (2,), overlaps=((0, 0, 64),)))
    memory = plan(steps, tensors(64, 64, 64), (0,), (2,))
    assert memory.arena_bytes == 64
    assert len(set(memory.offsets.values())) == 1


def test_an_input_that_is_read_later_is_not_overwritten() -> None:
    both = call((0, 1), (2,), overlaps=((0, 0, 64), (1, 0, 64)))
    steps = (call((0,), (1,), overlaps=((0, 0, 64),)), both)
    memory = plan(steps, tensors(64, 64, 64), (0,), (2,))
    require_disjoint(memory)
    assert memory.offsets[0] != memory.offsets[1]
    assert memory.arena_bytes == 128


def test_a_model_output_is_not_overwritten() -> None:
    steps = (call((0,), (1,)), call((1,), (2,), overlaps=((0, 0, 8),)))
    memory = plan(steps, tensors(8, 8, 8), (0,), (1, 2))
    require_disjoint(memory)
    assert memory.offsets[1] != memory.offsets[2]


def test_an_alias_shares_the_bytes_and_the_lifetime() -> None:
    steps: Lowered = (call((0,), (1,)), Alias(1, 2), call((0,), (3,)), call((2, 3), (4,)))
    memory = plan(steps, tensors(16, 32, 32, 8, 4), (0,), (4,))
    require_disjoint(memory)
    assert memory.offsets[1] == memory.offsets[2]
    assert memory.offsets[3] != memory.offsets[1]


def test_scratch_lives_during_its_call_only() -> None:
    steps = (call((0,), (1,), scratch=1000), call((1,), (2,)), call((2,), (3,), scratch=10))
    memory = plan(steps, tensors(100, 100, 900, 4), (0,), (3,))
    require_disjoint(memory)
    assert memory.minimum_bytes == 1200
    assert memory.arena_bytes == 1200
    assert memory.scratch[0] is not None
    assert memory.scratch[1] is None


def test_a_tensor_written_by_several_calls_lives_from_the_first() -> None:
    steps = (call((0,), (2,)), call((1,), (2,)), call((2,), (3,)))
    memory = plan(steps, tensors(8, 8, 16, 4), (0, 1), (3,))
    require_disjoint(memory)
    assert memory.minimum_bytes == 32


def test_random_graphs_are_disjoint_deterministic_and_near_the_minimum() -> None:
    generator = random.Random(7)
    for _ in range(40):
        count = generator.randrange(3, 24)
        sizes = [generator.randrange(1, 5000) for _ in range(count + 1)]
        steps = []
        for i in range(count):
            picks = {i} | {generator.randrange(i + 1) for _ in range(generator.randrange(3))}
            scratch = generator.choice((0, 0, 0, 77))
            steps.append(call(tuple(sorted(picks)), (i + 1,), scratch=scratch))
        first = plan(tuple(steps), tensors(*sizes), (0,), (count,))
        require_disjoint(first)
        assert first.arena_bytes <= 1.25 * first.minimum_bytes
        again = plan(tuple(steps), tensors(*sizes), (0,), (count,))
        assert again.offsets == first.offsets


def test_an_output_reaches_into_its_input_as_far_as_allowed() -> None:
    steps = (call((0,), (1,), overlaps=((0, 0, 40),)), call((1,), (2,)))
    memory = plan(steps, tensors(100, 60, 4), (0,), (2,))
    require_disjoint(memory)
    require_allowed(steps, (100, 60, 4), memory)
    assert memory.arena_bytes == memory.minimum_bytes == 120
    assert memory.offsets[0] - memory.offsets[1] == 20


def test_a_smaller_output_may_lie_on_its_input() -> None:
    steps = (call((0,), (1,), overlaps=((0, 0, 60),)),)
    memory = plan(steps, tensors(100, 60), (0,), (1,))
    assert memory.arena_bytes == memory.minimum_bytes == 100


def test_a_larger_output_begins_before_its_input() -> None:
    steps = (call((0,), (1,), overlaps=((0, 0, 30),)),)
    memory = plan(steps, tensors(40, 101), (0,), (1,))
    require_allowed(steps, (40, 101), memory)
    assert memory.offsets[0] - memory.offsets[1] == 72  # 71, aligned
    assert memory.arena_bytes == 112


def test_an_output_that_may_lie_nowhere_else_on_its_input() -> None:
    for sizes, arena in (((100, 40, 60), 100), ((60, 100, 80), 180)):
        steps = (call((0,), (1,), overlaps=((0, 0, sizes[1], True),)), call((1,), (2,)))
        memory = plan(steps, tensors(*sizes), (0,), (2,))
        require_disjoint(memory)
        require_allowed(steps, sizes, memory)
        assert memory.offsets[0] == memory.offsets[1]
        assert memory.arena_bytes == memory.minimum_bytes == arena


def test_whoever_reads_the_input_too_has_to_allow_it() -> None:
    for overlaps, arena in ((((0, 0, 64),), 128), (((0, 0, 64), (1, 0, 64)), 68)):
        twice = call((1, 1), (2,), overlaps=overlaps)
        memory = plan((call((0,), (1,)), twice), tensors(4, 64, 64), (0,), (2,))
        assert memory.arena_bytes == arena


def test_random_overlaps_are_never_more_than_allowed() -> None:
    generator = random.Random(11)
    saved = 0
    for _ in range(150):
        count = generator.randrange(2, 12)
        sizes = [generator.randrange(1, 600) for _ in range(count + 1)]
        steps = []
        for i in range(count):
            picks = (i, *(generator.randrange(i + 1) for _ in range(generator.randrange(2))))
            exact = generator.random() < 0.3
            overlaps = tuple(
                (
                    position,
                    0,
                    sizes[i + 1] if exact else generator.randrange(1, sizes[i + 1] + 1),
                    exact,
                )
                for position in range(len(picks))
                if generator.random() < 0.7
            )
            scratch = generator.choice((0, 0, 50))
            steps.append(call(picks, (i + 1,), scratch=scratch, overlaps=overlaps))
        memory = plan(tuple(steps), tensors(*sizes), (0,), (count,))
        require_disjoint(memory)
        require_allowed(steps, sizes, memory)
        assert memory.arena_bytes >= memory.minimum_bytes
        plain = tuple(call(s.inputs, s.outputs, s.scratch_bytes) for s in steps)
        saved += plan(plain, tensors(*sizes), (0,), (count,)).arena_bytes > memory.arena_bytes
    assert saved > 50
