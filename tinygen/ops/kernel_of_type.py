"""Which portable kernel computes on activations of a type: the one for int16 has it in its name."""

from __future__ import annotations

from tinygen.ir import DType, Kernel, Tensor, portable


def kernel_of_type(name: str, output: Tensor) -> Kernel:
    """The portable kernel `name` for int8, `name`_int16 for int16."""
    return portable(f"{name}_int16" if output.dtype is DType.INT16 else name)
