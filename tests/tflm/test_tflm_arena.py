"""The search for the smallest arena, on devices that are made up."""

from __future__ import annotations

import pytest

from tinygen.engines.tflm.arena import STEP, Trial, smallest
from tinygen.errors import ToolchainError

CEILING = 1 << 20


class Device:
    """Allocates from `allocates` bytes on and computes correctly from `computes` on."""

    def __init__(self, allocates: int, computes: int, used: int) -> None:
        self.allocates, self.computes, self.used = allocates, computes, used
        self.trials: list[tuple[int, int]] = []

    def attempt(self, size: int, invokes: int) -> Trial:
        self.trials.append((size, invokes))
        if size < self.allocates:
            return Trial(ok=False)
        return Trial(True, self.used, 7 if size >= self.computes else size, start_ticks=5)


@pytest.mark.parametrize("need", [1, 16, 17, 1068, 2700, 22824, 100_712, CEILING - 5, CEILING])
@pytest.mark.parametrize("used", [-400, 0, 300])
def test_finds_the_smallest_multiple_of_16(need: int, used: int) -> None:
    device = Device(need, need, max(1, need + used))
    found = smallest(device.attempt, CEILING)
    assert found.bytes == -(-need // STEP) * STEP
    assert (found.used, found.start_ticks) == (max(1, need + used), 5)
    assert len(device.trials) < 40


def test_what_allocates_but_computes_wrongly_is_too_small() -> None:
    device = Device(allocates=1000, computes=1200, used=900)
    assert smallest(device.attempt, CEILING).bytes == 1200


def test_inference_is_asked_for_rarely() -> None:
    """It takes a hundred times as long as allocating."""
    device = Device(22824, 22824, 22772)
    smallest(device.attempt, CEILING)
    assert sum(1 for _, invokes in device.trials if invokes) == 2


def test_a_model_that_never_runs() -> None:
    with pytest.raises(ToolchainError, match="does not run"):
        smallest(lambda _size, _invokes: Trial(ok=False), CEILING)
