"""Writes what DECODE reads, from its description: a lookup table, a bitmap, a Huffman code."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count

import numpy as np

from tests.ops.harness import tensor
from tinygen.ir import Array, DType, Tensor

Pair = tuple[Array, Array]
"""A code, and what says how to read it: uint8 both."""


def looked_up(channels: Sequence[Array], width: int, *, interleaved: bool = False) -> Pair:
    """Of the elements of each channel, all of one type, numbers of so many bits in a table of the
    channel's own; those of all channels take turns where they are interleaved."""
    tables = [np.unique(channel) for channel in channels]
    stride = max(table.size for table in tables)
    assert stride <= 1 << width
    places = np.array(
        [np.searchsorted(t, channel) for t, channel in zip(tables, channels, strict=True)]
    )
    order = places.T if interleaved else places
    bits = order.reshape(-1, 1) >> np.arange(width)[::-1] & 1
    filled = [np.resize(table, stride) for table in tables]
    return _packed(bits), _how(0, np.concatenate(filled), width, stride)


def pruned(data: Array, zeros: Array) -> Pair:
    """A bit for each element, whether it is another than its zero point; those that are."""
    there = (data != zeros).reshape(-1)
    return _packed(there), _how(2, data.reshape(-1)[there])


def huffman(data: Array, first_bits: int, *, words: bool) -> Pair:
    """A Huffman code; a table of so many bits comes first, and one for the rest of what is longer
    behind it. Its entries have 32 bits or 16."""
    flat = [int(number) for number in data.reshape(-1)]
    codes = _codes(flat)
    size = 32 if words else 16
    shift, unsigned = size - 5, (1 << (16 if words else 8)) - 1

    def found(number: int, bits: int) -> int:
        return 1 << (size - 1) | bits << shift | (number & unsigned)

    table = [0] * (1 << first_bits)
    for prefix in range(len(table)):
        text = f"{prefix:0{first_bits}b}"
        for number, code in codes.items():
            if text.startswith(code):
                table[prefix] = found(number, len(code))
        longer = {n: c[first_bits:] for n, c in codes.items() if c.startswith(text)}
        longer = {n: rest for n, rest in longer.items() if rest}
        if longer:
            more = max(map(len, longer.values()))
            table[prefix] = (more - 1) << shift | (len(table) - prefix)
            for tail in range(1 << more):
                rest = f"{tail:0{more}b}"
                (number,) = (n for n, c in longer.items() if rest.startswith(c))
                table.append(found(number, len(longer[number])))
    entries = np.array(table, np.uint32 if words else np.uint16)
    bits = np.array([int(bit) for number in flat for bit in codes[number]], np.uint8)
    packed = _packed(bits)
    packed = np.append(packed, np.zeros(-packed.size % 4 + 4, np.uint8))  # whole words are read
    return packed, _how(1, entries, (first_bits - 1) << 4 | int(words))


def _codes(numbers: Sequence[int]) -> dict[int, str]:
    """The bits of each number."""
    values, counts = np.unique(numbers, return_counts=True)
    turn = count()
    heap = [(int(n), next(turn), {int(v): ""}) for v, n in zip(values, counts, strict=True)]
    if len(heap) == 1:
        return {int(values[0]): "0"}
    heapq.heapify(heap)
    while len(heap) > 1:
        few, _, one = heapq.heappop(heap)
        more, _, other = heapq.heappop(heap)
        joined = {v: "0" + c for v, c in one.items()} | {v: "1" + c for v, c in other.items()}
        heapq.heappush(heap, (few + more, next(turn), joined))
    return heap[0][2]


def _packed(bits: Array) -> Array:
    return np.packbits(bits.reshape(-1).astype(np.uint8))


def _how(code: int, table: Array, parameters: int = 0, stride: int = 0) -> Array:
    head = np.zeros(16, np.uint8)
    head[[0, 1, 4, 5, 6]] = code, 1, 1, parameters, stride
    return np.concatenate([head, np.ascontiguousarray(table).view(np.uint8)])


def constants(pair: Pair) -> list[Tensor]:
    """The two inputs of DECODE."""
    return [tensor(dtype=DType.UINT8, data=each) for each in pair]
