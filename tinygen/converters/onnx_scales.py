"""Which tensor of a converted `.tflite` has which scale of the ONNX file that it was made of.

A converter renames, turns and joins. So tensors are known by what they hold: both models compute
the same random inputs, and tensors whose sorted values are the same for each are one. Constants are
known by their values, which are exactly those that the codes in the file stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygen.converters.onnx_qdq import Said, Weights

_SAMPLES = 4
_CLOSE = 1e-4
"""Of a tensor's largest value: what summing in another order makes of float32."""


def feeds(session: Any, said: Said) -> list[dict[str, Any]]:
    """Random inputs over the range of their codes."""
    generator = np.random.default_rng(2)

    def drawn(edge: Any) -> Any:
        if edge.type != "tensor(float)":
            return generator.integers(0, 2, edge.shape).astype(np.int32)
        scale, zero = said.tensors.get(edge.name, (2 / 255, 0))
        values = generator.uniform(-128 - zero, 127 - zero, edge.shape) * scale
        return values.astype(np.float32)

    return [{edge.name: drawn(edge) for edge in session.get_inputs()} for _ in range(_SAMPLES)]


def matched(
    theirs: Mapping[str, Sequence[Any]], ours: Mapping[int, Sequence[Any]], said: Said
) -> dict[str, Any]:
    """Tensors of the .tflite by their ids, each with its scale, zero point and name in the file.

    `theirs` are values of ONNX's tensors and `ours` of the .tflite's, sample by sample; of a tensor
    that is like two of ONNX's with different scales nothing is said.
    """
    known = {name: _sorted(values) for name, values in theirs.items() if name in said.tensors}
    found: dict[str, Any] = {}
    for index, values in ours.items():
        mine = _sorted(values)
        names = [name for name, other in known.items() if _alike(mine, other)]
        scales = {said.tensors[name] for name in names}
        if len(scales) == 1:
            (scale, zero), *_ = scales
            found[str(index)] = [scale, zero, names[-1]]
    return found


def constants(ours: Mapping[int, Any], said: Said) -> dict[str, Any]:
    """Constants of the .tflite by their ids, each with its scales, zero point and name."""
    found: dict[str, Any] = {}
    for index, values in ours.items():
        name = next((n for n, w in said.weights.items() if _equal(values, w)), None)
        if name is not None:
            weights = said.weights[name]
            scales = [float(scale) for scale in weights.scales]
            found[str(index)] = [scales, weights.zero_point, name]
    return found


def _equal(values: Any, weights: Weights) -> bool:
    if values.size != weights.values.size:
        return False
    return bool(np.array_equal(np.sort(np.ravel(values)), np.sort(np.ravel(weights.values))))


def _sorted(values: Sequence[Any]) -> Any:
    return np.stack([np.sort(np.ravel(value)) for value in values])


def _alike(one: Any, other: Any) -> bool:
    size = float(np.abs(other).max()) or 1.0
    return one.shape == other.shape and bool(np.abs(one - other).max() <= _CLOSE * size)
