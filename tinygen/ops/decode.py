"""DECODE: weights that TensorFlow Lite Micro's tools have compressed, as they were.

Inputs are pairs, a code and what says how to read it; each has an output. The latter begins with
16 bytes: which of three codes, its version, and from the fifth on the code's own. Bits are read
from the top of each byte on. After upstream's kernels/decode*.cc; a file calls it TFLM_DECODE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Operands, Shape, Tensor, Values
from tinygen.ops.parse import Parsed

_HEAD = 16
_TYPE, _VERSION, _OWN_VERSION, _PARAMETERS, _STRIDE = 0, 1, 4, 5, 6
"""Where the bytes of the head are."""


class Decode(Parsed):
    """Constants alone: nothing of it is left in what is compiled ahead of time."""

    kind = "DECODE"
    arity = (2, None)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return tuple(t.shape for t in io.outputs)

    def check(self, io: Operands) -> None:
        for tensor in io.every_input:
            if not tensor.constant:
                raise UnsupportedModel(f"{self.kind} of '{tensor.name}', which is no constant")
        if len(io.inputs) != 2 * len(io.outputs):
            raise UnsupportedModel(
                f"{self.kind} with {len(io.inputs)} inputs and {len(io.outputs)} outputs",
                why="each output has a code and what says how to read it",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        pairs = zip(list(values)[::2], list(values)[1::2], io.outputs, strict=True)
        return tuple(self._decoded(_raw(code), _raw(how), out) for code, how, out in pairs)

    def _decoded(self, code: Array, how: Array, out: Tensor) -> Array:
        try:
            if how.size < _HEAD or how[_VERSION] != 1 or how[_OWN_VERSION] != 1:
                raise ValueError("it is of no known version")
            decode = _CODES.get(int(how[_TYPE]))
            if decode is None:
                raise ValueError(f"nobody knows code {how[_TYPE]}")
            return decode(code, how, out).reshape(out.shape)
        except (ValueError, IndexError) as error:
            raise UnsupportedModel(
                f"{self.kind} cannot decode '{out.name}'",
                why=str(error),
                next_step="compress the model again, or give it as it was before",
            ) from error


def _raw(data: Array) -> Array:
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8)


def _bits(code: Array, count: int) -> Array:
    """uint8, 0 or 1."""
    if 8 * code.size < count:
        raise ValueError(f"its code ends after {8 * code.size} of {count} bits")
    return np.unpackbits(code)[:count]


def _table(how: Array, dtype: DType) -> Array:
    """The numbers behind the head."""
    size = (how.size - _HEAD) // dtype.size * dtype.size
    return how[_HEAD : _HEAD + size].view(dtype.numpy.newbyteorder("<")).astype(dtype.numpy)


def _channels(out: Tensor) -> tuple[int, Array]:
    """How many there are, and that of each element."""
    count = 1 if out.quant is None else len(out.quant.scales)
    each = np.arange(out.elements)
    if count == 1:
        return 1, np.zeros_like(each)
    assert out.quant is not None
    if out.quant.axis == len(out.shape) - 1:
        return count, each % count
    if out.quant.axis != 0:
        raise ValueError(f"it is quantized along dimension {out.quant.axis}")
    return count, each // (out.elements // count)


def _looked_up(code: Array, how: Array, out: Tensor) -> Array:
    """Numbers of one to seven bits, each a place in a table; every channel has one of its own."""
    width = int(how[_PARAMETERS]) & 7
    if width == 0:
        raise ValueError("its numbers have no bits")
    bits = _bits(code, out.elements * width).reshape(-1, width)
    places = bits.astype(np.int64) @ (1 << np.arange(width)[::-1])
    table = _table(how, out.dtype)
    places += int(how[_STRIDE]) * _channels(out)[1]
    if places.size and places.max() >= table.size:
        raise ValueError(f"it looks for number {places.max()} in a table of {table.size}")
    return np.asarray(table[places])


def _pruned(code: Array, how: Array, out: Tensor) -> Array:
    """A bit for each element: whether it is the next one of a list, or its zero point."""
    there = _bits(code, out.elements).astype(bool)
    table = _table(how, out.dtype)
    count = int(there.sum())
    if count > table.size:
        raise ValueError(f"it has {table.size} of {count} numbers")
    channels, of_each = _channels(out)
    zeros = np.zeros(channels, np.int64)
    if out.quant is not None:
        zeros = np.array(out.quant.zero_points, np.int64)
        if zeros.size != channels or (out.dtype is not DType.INT8 and zeros.any()):
            raise ValueError("its zero points are no zeros")
    data = zeros[of_each].astype(out.dtype.numpy)
    data[there] = table[:count]
    return data


def _huffman(code: Array, how: Array, out: Tensor) -> Array:
    """Codes of as many bits as they are rare, found in tables that lead to tables."""
    words = bool(how[_PARAMETERS] & 1)
    if out.dtype is not DType.INT8 and not (words and out.dtype is DType.INT16):
        raise ValueError(f"a Huffman code of {out.dtype.value}")
    size = 4 if words else 2
    table = how[_HEAD : _HEAD + (how.size - _HEAD) // size * size].view(f"<u{size}")
    entries, shift = table.tolist(), 8 * size - 5
    found, values = 1 << (8 * size - 1), (1 << shift) - 1
    first = (int(how[_PARAMETERS]) >> 4) + 1
    stream, at = code.tobytes() + bytes(8), 0

    def some(count: int) -> int:
        window = int.from_bytes(stream[at >> 3 : (at >> 3) + 4], "big")
        return window >> (32 - (at & 7) - count) & ((1 << count) - 1)

    data = np.empty(out.elements, np.int64)
    for number in range(out.elements):
        used, place = first, some(first)
        at += used
        entry = entries[place]
        while not entry & found:
            if at > 8 * code.size:  # an entry may lead to itself
                raise ValueError("its code ends too early")
            used = (entry >> shift & 15) + 1
            place += (entry & values) + some(used)
            at += used
            entry = entries[place]
        at -= max(0, used - (entry >> shift & 15))
        if at > 8 * code.size:
            raise ValueError("its code ends too early")
        data[number] = entry & values
    return data.astype(np.uint64).astype(out.dtype.numpy)


_CODES: Mapping[int, Callable[[Array, Array, Tensor], Array]] = {
    0: _looked_up,
    1: _huffman,
    2: _pruned,
}
