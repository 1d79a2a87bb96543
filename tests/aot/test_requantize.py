"""Requantization in few instructions: every form computes the specification's codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinygen import passes, tflite
from tinygen.analysis import facts
from tinygen.engines.aot.requantize import Fast, Form, Stairs, agrees, exact, fastest, stairs
from tinygen.engines.aot.requantize.search import _Search
from tinygen.ir import Array, Interval, Node
from tinygen.ops.fixed_point import quantize_multiplier
from tinygen.ops.requantization import Requantization
from tinygen.ops.weighted import Weighted

RELU = (-128, -128, 127)
"""Zero point, lowest and highest code."""
PLAIN = (7, -128, 127)


def scale(reals: Array, codes: tuple[int, int, int] = RELU) -> Requantization:
    pairs = [quantize_multiplier(float(real)) for real in reals]
    multiplier, shift = (np.array(each) for each in zip(*pairs, strict=True))
    return Requantization(multiplier.astype(np.int32), shift.astype(np.int8), *codes)


def some(
    codes: tuple[int, int, int], seed: int, *, channels: int = 12, spread: float = 0.5
) -> Stairs:
    """Channels of one layer: sums of some bits, scaled to a few hundred codes, of one S or so."""
    rng = np.random.default_rng(seed)
    bits = int(rng.integers(9, 17))
    reals = 2.0 ** (8 - bits) * np.exp2(rng.uniform(-spread, spread, channels))
    ends = np.sort(rng.integers(-(1 << bits), 1 << bits, (2, channels)), axis=0)
    found = stairs(scale(reals, codes), Interval.of(*ends), channels)
    assert found is not None
    return found


def every_sum(there: Stairs) -> Array:
    """[channels, sums]: all of each channel, its last one more often where it has less."""
    length = int((there.high - there.low).max()) + 1
    sums: Array = np.minimum(there.low[:, None] + np.arange(length), there.high[:, None])
    return sums


def equal(fast: Fast, there: Stairs, sums: Array) -> bool:
    return bool((fast.apply(fast.registers(sums)) == exact(sums, there.scale)).all())


@pytest.mark.parametrize("codes", [RELU, PLAIN, (-128, -128, 20), (-100, -100, 127), (3, -5, 90)])
def test_stairs_are_where_codes_rise(codes: tuple[int, int, int]) -> None:
    for seed in range(6):
        there = some(codes, seed)
        sums = every_sum(there)
        reached = exact(sums, there.scale)[:, :, None] >= there.codes
        first = np.where(reached.any(axis=1), reached.argmax(axis=1) + there.low[:, None], 1 << 40)
        assert (there.first == np.minimum(first, there.high[:, None] + 1)).all()


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("factor", [4, 64, 256, 576])
def test_a_form_is_exact_for_every_sum(form: Form, factor: int) -> None:
    solved = 0
    for seed in range(8):
        for codes in (RELU, PLAIN, (-128, -128, 20), (-100, -100, 127)):
            there = some(codes, seed)
            fast = fastest(there, factor, forms=(form,))
            if fast is None:
                continue
            solved += 1
            assert fast.form is form
            assert equal(fast, there, every_sum(there))
    if form is Form.TWICE:
        assert solved == (32 if factor != 576 else 0)
    elif form is Form.FLOOR:
        assert solved >= 20
    else:  # below 64 there are too few tweaks that keep the sign
        assert solved >= 4 or factor == 4


def test_a_relu_is_always_a_floor() -> None:
    for seed in range(12):
        there = some(RELU, seed, channels=64, spread=2.0)
        for factor in (64, 256, 576):
            fast = fastest(there, factor, forms=(Form.FLOOR,))
            assert fast is not None
            assert fast.common_shift is not None
            assert equal(fast, there, every_sum(there))


def test_a_factor_for_each_channel() -> None:
    there = some(RELU, 3, channels=9)
    factors = np.array([256, 4, 576] * 3)
    fast = fastest(there, factors, common=False)
    assert fast is not None
    assert equal(fast, there, every_sum(there))


def test_a_sign_may_have_its_own_shift_per_channel() -> None:
    there = some(PLAIN, 5, channels=32, spread=3.0)
    fast = fastest(there, 576, common=False, forms=(Form.SIGN,))
    assert fast is not None
    assert fast.common_shift is None
    assert equal(fast, there, every_sum(there))


def test_wide_sums_at_their_thresholds_and_anywhere() -> None:
    """Up to 2^30, too many to try them all."""
    rng = np.random.default_rng(1)
    for bits, factor in ((23, 256), (26, 16), (30, 2), (29, 2)):
        ends = np.array([[-(1 << bits) + 5000], [(1 << bits) - 5000]]).repeat(8, axis=1)
        there = stairs(scale(rng.uniform(0.4, 3, 8) * 2.0 ** (7 - bits)), Interval.of(*ends), 8)
        assert there is not None
        fast = fastest(there, factor, common=False)
        assert fast is not None, bits
        near = there.first[:, :, None] + np.arange(-40, 40)
        anywhere = rng.integers(ends[0][:, None], ends[1][:, None], (8, 100_000), endpoint=True)
        sums = np.concatenate([near.reshape(8, -1), anywhere], axis=1)
        assert equal(fast, there, np.clip(sums, ends[0][:, None], ends[1][:, None]))


def test_no_register_wraps() -> None:
    ends = Interval.of(np.array([-(1 << 23)]), np.array([1 << 23]))
    there = stairs(scale(np.array([2.0**-16])), ends, 1)
    assert there is not None
    assert fastest(there, 256) is None
    assert fastest(there, 128) is not None


def test_sums_that_wrap_have_no_stairs() -> None:
    ends = Interval.of(np.array([0, 0]), np.array([1 << 31, 5]))
    assert stairs(scale(np.array([0.1, 0.1])), ends, 2) is None
    shifted = Interval.of(np.array([0]), np.array([1 << 29]))
    assert stairs(scale(np.array([4.0])), shifted, 1) is None


def test_a_constant_channel_is_right_whatever_its_register_holds() -> None:
    """Without a weight that is not zero, with biases far beyond what the factor leaves room for."""
    low = np.array([1 << 30, -500, -(1 << 30), 40])
    high = np.array([1 << 30, 500, -(1 << 30), 40])
    for codes in (RELU, PLAIN):
        there = stairs(scale(np.array([2.0**-3] * 4), codes), Interval.of(low, high), 4)
        assert there is not None
        assert there.constant.tolist() == [True, False, True, True]
        for form in Form:
            fast = fastest(there, 256, forms=(form,))
            if fast is None:
                assert (form, codes) == (Form.FLOOR, PLAIN)
                continue
            anything = np.random.default_rng(0).integers(-(1 << 31), 1 << 31, (4, 1000))
            codes_of = fast.apply(anything)
            for channel in (0, 2, 3):
                assert (codes_of[channel] == exact(low[:, None], there.scale)[channel]).all()


def test_a_preferred_shift_is_taken_where_it_will_do() -> None:
    there = some(RELU, 2)
    best = fastest(there, 256)
    assert best is not None
    assert best.common_shift is not None
    for shift in range(best.common_shift, best.common_shift - 3, -1):
        other = fastest(there, 256, shifts=(25, shift))
        assert other is not None
        assert other.common_shift == shift
        assert equal(other, there, every_sum(there))


def test_the_proof_refuses_other_numbers() -> None:
    there = some(RELU, 4)
    fast = fastest(there, 256)
    assert fast is not None
    assert agrees(fast, there)
    assert not agrees(replace(fast, addend=fast.addend + (1 << fast.shift >> 1)), there)
    assert not agrees(replace(fast, multiplier=fast.multiplier + (fast.multiplier >> 7)), there)
    assert not agrees(replace(fast, factor=fast.factor * 2), there)
    assert not agrees(replace(fast, addend=fast.addend + (1 << 31)), there)


def test_a_form_is_what_a_core_computes() -> None:
    """SMMLAR and SSAT as the architecture's manual has them, in Python's integers."""
    for form in Form:
        there = some(PLAIN, 1 if form is Form.FLOOR else 5)
        fast = fastest(there, 64, forms=(form,)) or replace(some_fast(there), form=form)
        registers = np.random.default_rng(2).integers(-(1 << 20), 1 << 20, (there.channels, 50))
        for channel, row in enumerate(registers.tolist()):
            m, k, s, p = (
                int(each[channel])
                for each in (fast.multiplier, fast.addend, fast.shift, fast.before)
            )
            for x, code in zip(row, fast.apply(registers)[channel].tolist(), strict=True):
                sign = 0 if form is Form.FLOOR else (x >> 31) << fast.sign
                smmlar = ((k + sign << 32) + (x >> p) * m + 0x80000000) >> 32
                ssat = min(max(smmlar >> s, -128), 127)
                assert code == (ssat if fast.clamp is None else min(max(ssat, fast.clamp[0]), 127))


def some_fast(there: Stairs) -> Fast:
    found = fastest(there, 64)
    assert found is not None
    return found


def weighted(name: str, models: Path) -> list[tuple[Node, Stairs]]:
    """A model's layers with weights."""
    graph = passes.simplify(tflite.read((models / f"{name}.tflite").read_bytes(), name))
    known = facts(graph)
    found = []
    for node in graph.nodes:
        if isinstance(node.op, Weighted):
            io = graph.operands(node)
            sums = known.accumulators[io.output.id]
            there = stairs(node.op.requantization(io), sums, io.output.shape[-1])
            assert there is not None
            found.append((node, there))
    return found


@pytest.mark.parametrize(
    ("name", "floors", "others"),
    [
        ("kws_ref_model", 9, 1),
        ("pretrainedResnet_quant", 4, 6),
        ("vww_96_int8", 27, 1),
        ("ad01_int8", 9, 1),
    ],
)
def test_every_layer_of_the_benchmark(
    name: str, floors: int, others: int, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a form, those with a ReLU two instructions with one S, found in few steps."""
    rng = np.random.default_rng(0)
    looked = 0
    window = _Search._window

    def counted(*arguments: object) -> object:
        nonlocal looked
        looked += 1
        return window(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_Search, "_window", counted)
    forms = []
    for _, there in weighted(name, models):
        looked = 0
        fast = fastest(there, 256)
        assert looked < 800
        assert fast is not None
        assert fast.clamp is None
        forms.append(fast.form)
        near = np.clip(there.first[:, :, None] + (-1, 0), there.low[:, None, None], None)
        spread = np.linspace(0, 1, 2000) * (there.high - there.low)[:, None] + there.low[:, None]
        sums = np.concatenate([near.reshape(there.channels, -1), spread.astype(np.int64)], axis=1)
        sums = np.clip(sums, there.low[:, None], there.high[:, None])
        live = ~there.constant
        assert equal(fast, there, sums)
        assert live.any()
        sample = there.part(rng.choice(np.flatnonzero(live), 1))
        picked = fastest(sample, 256, forms=(fast.form,))
        assert picked is not None
        whole = np.arange(sample.low[0], min(sample.high[0], sample.low[0] + 200_000) + 1)
        assert equal(picked, sample, whole[None, :])
    assert forms.count(Form.FLOOR) == floors
    assert len(forms) - floors == others
