"""The memory plan: nothing that lives at the same time overlaps, and the minimum is reached."""

from __future__ import annotations

import random

from tinygen.ir import Alias, DType, KernelCall, Lowered, Tensor, portable
from tinygen.plan import ALIGNMENT, MemoryPlan, plan


def tensors(*sizes: int) -> dict[int, Tensor]:
    return {i: Tensor(i, f"t{i}", (1, size), DType.INT8) for i, size in enumerate(sizes)}


def call(
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    scratch: int = 0,
    in_place: tuple[tuple[int, int], ...] = (),
) -> KernelCall:
    return KernelCall(portable("k"), inputs, outputs, scratch_bytes=scratch, in_place=in_place)


def require_disjoint(memory: MemoryPlan) -> None:
    for i, a in enumerate(memory.buffers):
        assert a.offset % ALIGNMENT == 0
        assert a.offset + a.nbytes <= memory.arena_bytes
        for b in memory.buffers[i + 1 :]:
            if a.overlaps(b):
                assert a.offset + a.nbytes <= b.offset or b.offset + b.nbytes <= a.offset


def test_a_chain_needs_the_two_largest_neighbours() -> None:
    memory = plan((call((0,), (1,)), call((1,), (2,))), tensors(100, 300, 50), (0,), (2,))
    require_disjoint(memory)
    assert memory.arena_bytes == memory.minimum_bytes == 400
    assert memory.live_bytes == (400, 352)


def test_an_output_on_top_of_its_input_takes_no_room() -> None:
    steps = (call((0,), (1,), in_place=((0, 0),)), call((1,), (2,), in_place=((0, 0),)))
    memory = plan(steps, tensors(64, 64, 64), (0,), (2,))
    assert memory.arena_bytes == 64
    assert len(set(memory.offsets.values())) == 1


def test_an_input_that_is_read_later_is_not_overwritten() -> None:
    steps = (call((0,), (1,), in_place=((0, 0),)), call((0, 1), (2,), in_place=((0, 0), (1, 0))))
    memory = plan(steps, tensors(64, 64, 64), (0,), (2,))
    require_disjoint(memory)
    assert memory.offsets[0] != memory.offsets[1]
    assert memory.arena_bytes == 128


def test_a_model_output_is_not_overwritten() -> None:
    steps = (call((0,), (1,)), call((1,), (2,), in_place=((0, 0),)))
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
