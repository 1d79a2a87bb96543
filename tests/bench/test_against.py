"""With all kernel sets a model is no slower and no larger than with `portable` alone, as the goal
asks: counted and linked. All models: `make against`."""

from __future__ import annotations

import pytest

from tests.bench import models
from tests.bench.against import GOALS, Pair, Takes, pair
from tests.ops.cores import Core
from tinygen.engines.aot.goal import Goal


@pytest.mark.parametrize("board", ["qemu-cortex-m4", "qemu-cortex-m55", "qemu-aarch64"])
def test_our_own_model(board: str) -> None:
    missing = Core(board, "-O2").missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    name, graph = next(models.files())
    found = [pair(name, graph, board, goal) for goal in GOALS]
    assert not [str(one) for one in found if one.worse]
    by_goal = {one.goal: one.mine for one in found}
    assert by_goal[Goal.SPEED].instructions <= by_goal[Goal.BALANCED].instructions
    assert by_goal[Goal.SIZE].flash <= by_goal[Goal.BALANCED].flash


@pytest.mark.parametrize(
    ("goal", "mine", "worse"),
    [
        (Goal.SPEED, (101, 90), True),
        (Goal.SPEED, (99, 200), False),
        (Goal.SIZE, (99, 101), True),
        (Goal.SIZE, (200, 100), False),
        (Goal.BALANCED, (101, 50), True),
        (Goal.BALANCED, (90, 105), False),
        (Goal.BALANCED, (98, 105), True),
    ],
)
def test_what_is_worse(goal: Goal, mine: tuple[int, int], worse: bool) -> None:
    assert Pair("m", "b", goal, Takes(*mine), Takes(100, 100)).worse is worse
