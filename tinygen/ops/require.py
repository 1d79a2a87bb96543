"""What an operator's kernels need of its tensors, checked with an error that names the tensor."""

from __future__ import annotations

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Quant, Tensor


def int8(kind: str, *tensors: Tensor) -> None:
    """Every one of these tensors is int8 with one scale."""
    for tensor in tensors:
        dtype(kind, tensor, DType.INT8)
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


def same_quant(kind: str, a: Tensor, b: Tensor) -> None:
    """Both tensors give every code the same meaning, so that codes can be copied."""
    if not same(a.q, b.q):
        raise UnsupportedModel(
            f"{kind} copies '{a.name}' into '{b.name}', but their quantizations differ",
            why=f"scale {a.q.scale:g}, zero point {a.q.zero_point} against "
            f"scale {b.q.scale:g}, zero point {b.q.zero_point}",
            next_step="quantize the Keras model with tinygen, which makes them equal",
        )


def same(a: Quant, b: Quant) -> bool:
    """Both are per tensor with equal scale and zero point."""
    return a.scale == b.scale and a.zero_point == b.zero_point


def axis(kind: str, value: int, rank: int) -> int:
    """An axis counted from the front; negative ones count from the back."""
    if not -rank <= value < rank:
        raise UnsupportedModel(f"{kind} names axis {value} of a tensor with {rank} dimensions")
    return value % rank


def scalar(kind: str, tensor: Tensor) -> int:
    """The one number of a constant tensor."""
    if tensor.data is None or tensor.elements != 1:
        raise UnsupportedModel(
            f"{kind} needs '{tensor.name}' to be one constant number",
            why="shapes and axes have to be known when the code is generated",
        )
    return int(tensor.data.reshape(-1)[0])
