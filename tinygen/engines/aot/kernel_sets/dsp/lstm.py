"""UNIDIRECTIONAL_SEQUENCE_LSTM: four gates of a unit at a time on rows that are expanded once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import HALVES, as_halves, int32, padded, shared
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.fixed_point import INT32_MAX, Int64

KERNEL = Kernel("dsp", "unidirectional_sequence_lstm")
GATES = "four gates, rounded twice"
VARIANTS = ((KERNEL.name, GATES),)
"""Every way in which there is code for it."""

_QUADS = 8
"""In a row of the kernel's code."""
_CODE = 540
"""Bytes of the products, for all layers."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel, whose roundings are the operator's own."""
    (plain,) = site.node.op.lower(site.io)
    assert isinstance(plain, KernelCall)
    if plain.kernel.name != KERNEL.name:
        yield Declined("int16 activations")
        return
    params: dict[str, Any] = dict(plain.params)
    bias = plain.constants["bias"].data
    input_zero_point = params.pop("input_zero_point")
    halves = []
    for name, start, zero_point in (
        ("weights", bias, input_zero_point),
        ("hidden_weights", np.zeros_like(bias), params["hidden_zero_point"]),
    ):
        found = _begun(plain.constants[name].data.astype(np.int64), start, zero_point)
        if isinstance(found, Declined):
            yield found
            return
        halves.append(found)
    data = np.concatenate(halves, axis=1).astype(np.int32).reshape(-1)
    steps, features, units = (params[name] for name in ("steps", "features", "units"))
    quads = (-(-features // 4), -(-units // 4))
    call = replace(
        plain,
        kernel=KERNEL,
        params=params,
        constants={"weights": Constant(data), "sigmoids": plain.constants["sigmoids"]},
        scratch_bytes=8 * sum(quads),
    )
    cost = _cost(steps, units, quads) + Cost(
        0, 0, data.nbytes + plain.constants["sigmoids"].data.nbytes + shared(site, _CODE)
    )
    yield Candidate((site.node,), (call,), cost, why=GATES)


def _begun(weights: Int64, bias: Array, zero_point: int) -> Int64 | Declined:
    """Of each unit, what the sums of its gates begin with and the words of their weights [units, 4,
    depth], as the kernel reads them; or why a register cannot hold 256 times such a sum."""
    ends = weights * (-128 - zero_point), weights * (127 - zero_point)
    low, high = (bias + pick(*ends).sum(axis=2) for pick in (np.minimum, np.maximum))
    if max(high.max(), -low.min()) * HALVES > INT32_MAX:
        return Declined(f"{HALVES} times a sum has more than 32 bits")
    weights = padded(weights, 2, 4)
    words = as_halves(weights)
    if isinstance(words, Declined):
        return words
    products = weights.sum(axis=2) * zero_point
    start = HALVES * (bias - products) - 127 * weights[..., 0::2].sum(axis=2)
    by_quad = words.transpose(0, 2, 1).reshape(len(words), -1)
    return np.concatenate([int32(start), by_quad], axis=1)


def _cost(steps: int, units: int, quads: tuple[int, int]) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    passes = sum(-(-q // _QUADS) for q in quads)
    unit = (14 * sum(quads) + 2 * passes + 262, 20 * sum(quads) + 4 * passes + 338)
    step = (9 * sum(quads) + 60, 13 * sum(quads) + 90)
    return Cost(
        instructions=40 + 5 * units + steps * (step[0] + units * unit[0]),
        cycles=60 + 8 * units + steps * (step[1] + units * unit[1]),
        flash=1100,
        scratch=8 * sum(quads),
    )
