"""What an operator's kernels need of its tensors, checked with an error that names the tensor."""

from __future__ import annotations

import math

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands, Quant, Tensor


def int8(kind: str, *tensors: Tensor) -> None:
    """Every one of these tensors is int8 with one scale."""
    for tensor in tensors:
        dtype(kind, tensor, DType.INT8)
        per_tensor(kind, tensor)


def activations(kind: str, *tensors: Tensor) -> None:
    """All of these tensors are int8, or all of them int16, with one scale each; the code of real
    zero is 0 in int16."""
    wide = tensors[0].dtype is DType.INT16
    for tensor in tensors:
        dtype(kind, tensor, *((DType.INT16,) if wide else (DType.INT8,)))
        per_tensor(kind, tensor)
        if wide and tensor.q.zero_point != 0:
            raise UnsupportedModel(
                f"{kind} works on '{tensor.name}', an int16 tensor with the zero point "
                f"{tensor.q.zero_point}",
                why="int16 activations are symmetric: their zero point is 0",
                next_step="quantize the Keras model with tinygen",
            )


def per_tensor(kind: str, tensor: Tensor) -> None:
    """The tensor is quantized, with one scale."""
    if not tensor.q.per_tensor:
        raise UnsupportedModel(
            f"{kind} works on '{tensor.name}', which is quantized per channel",
            why="only weights are compiled with one scale per channel",
        )


def dtype(kind: str, tensor: Tensor, *allowed: DType) -> None:
    """The tensor has one of these element types."""
    if tensor.dtype not in allowed:
        names = " or ".join(d.value for d in allowed)
        raise UnsupportedModel(
            f"{kind} works on '{tensor.name}', which is {tensor.dtype.value}",
            why=f"{kind} is compiled for {names}",
            next_step="quantize the whole Keras model to int8 with tinygen",
        )


_ALIKE = 1e-5
"""How far, of their size, two scales may differ that a converter meant to be one."""

_NEAR = 1e-3
_CODES = (DType.INT8, DType.UINT8, DType.INT16)


def same_meaning(kind: str, a: Tensor, b: Tensor) -> None:
    """Both tensors give every code the same meaning, so that codes can be copied."""
    dtype(kind, a, b.dtype)
    if b.dtype not in _CODES or a.quant == b.quant:
        return
    close = math.isclose(a.q.scale, b.q.scale, rel_tol=_ALIKE)
    if not close or a.q.zero_point != b.q.zero_point:
        raise UnsupportedModel(
            f"{kind} copies '{a.name}' into '{b.name}', but their quantizations differ",
            why=f"scale {a.q.scale:g}, zero point {a.q.zero_point} against "
            f"scale {b.q.scale:g}, zero point {b.q.zero_point}",
            next_step="give tinygen the Keras model, if this file came from elsewhere; if tinygen"
            " quantized it, TensorFlow's converter wrote them so: replace that layer",
        )


def fixed_quant(kind: str, tensor: Tensor, scale: float, zero_point: int) -> None:
    """The output has the one scale and zero point that the int8 specification gives it."""
    if tensor.q.scale != scale or tensor.q.zero_point != zero_point:
        raise UnsupportedModel(
            f"{kind} gives '{tensor.name}' the scale {tensor.q.scale:g} and zero point "
            f"{tensor.q.zero_point}",
            why=f"the int8 specification fixes them at 1/{1 / scale:g} and {zero_point}",
            next_step="quantize the Keras model with tinygen, which keeps to it",
        )


def share_of_32768(kind: str, tensor: Tensor) -> None:
    """The int16 output has the one scale that its specification gives it, as near as TFLM asks."""
    if abs(tensor.q.scale * 2.0**15 - 1) > _NEAR:
        raise UnsupportedModel(
            f"{kind} gives '{tensor.name}' the scale {tensor.q.scale:g}",
            why="the int16 specification fixes it at 1/32768",
            next_step="quantize the Keras model with tinygen, which keeps to it",
        )


def share_of_65536(kind: str, tensor: Tensor) -> None:
    """The int16 output of int8 has its one scale, as near as TFLM asks, and its zero point."""
    per_tensor(kind, tensor)
    if abs(tensor.q.scale * 2.0**16 - 1) > _NEAR or tensor.q.zero_point != tensor.dtype.low:
        raise UnsupportedModel(
            f"{kind} gives '{tensor.name}' the scale {tensor.q.scale:g} and zero point "
            f"{tensor.q.zero_point}",
            why=f"of int8 an int16 output has 1/65536 and {tensor.dtype.low}",
            next_step="convert the model again",
        )


def finite(kind: str, name: str, value: float) -> float:
    """The attribute, which must be a number that is not infinite."""
    if not math.isfinite(value):
        raise UnsupportedModel(
            f"{kind} has the {name} {value}",
            why="it has to be a finite number",
            next_step="convert the model again",
        )
    return value


def same(a: Quant, b: Quant) -> bool:
    """Both are per tensor with equal scale and zero point."""
    return a.scale == b.scale and a.zero_point == b.zero_point


def axis(kind: str, value: int, rank: int) -> int:
    """An axis counted from the front; negative ones count from the back."""
    if not -rank <= value < rank:
        raise UnsupportedModel(f"{kind} names axis {value} of a tensor with {rank} dimensions")
    return value % rank


def one_axis(kind: str, io: Operands, index: int, rank: int) -> int:
    """The one axis that input `index` names, counted from the front."""
    named = io.integers(index).reshape(-1)
    if named.size != 1:
        raise UnsupportedModel(f"{kind} with '{io.input(index).name}', which is no one axis")
    return axis(kind, int(named[0]), rank)


def count(kind: str, told: int | None, found: int) -> None:
    """What a file says of the number of tensors is true, where it says anything."""
    if told not in (None, found):
        raise UnsupportedModel(
            f"{kind} of {found} tensors says that there are {told}",
            next_step="convert the model again; the file contradicts itself",
        )
