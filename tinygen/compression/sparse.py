"""Zeros and few values in the weights: what other tools compress, and what firmware gains of it.

The shapes stay. Flash stays too where `aot` keeps a weight in a byte, whatever its value; with
`--optimize size` it packs weights where that saves, for more instructions. The rows of these
methods are there to show what they come to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SPARSITY = 0.8
"""The share of weights that unstructured pruning makes zero."""
CLUSTERS = 16
"""How many values the weights of a layer keep when clustered."""
_ROUNDS = 30


def kernels(model: Any) -> list[Any]:
    """The weights of all layers that multiply, without biases and normalizations."""
    found: list[Any] = []
    for layer in model.layers:
        for name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            kernel = getattr(layer, name, None)
            if kernel is not None and all(kernel is not other for other in found):
                found.append(kernel)
    return found


def zero_smallest(model: Any, share: float = SPARSITY) -> Callable[[], None]:
    """Make the smallest weights of each layer zero (Han et al. 2015, arXiv:1506.02626); what is
    returned makes them so again, after each batch of training."""
    masks = []
    for kernel in kernels(model):
        values = np.abs(np.asarray(kernel))
        count = int(share * values.size)
        limit = np.partition(values.reshape(-1), count)[count] if count < values.size else np.inf
        masks.append((kernel, (values >= limit).astype(np.float32)))

    def again() -> None:
        for kernel, mask in masks:
            kernel.assign(kernel * mask)

    again()
    return again


def clustered(values: np.ndarray, count: int = CLUSTERS) -> np.ndarray:
    """Every value replaced by the nearest of `count` (k-means in one dimension, from evenly spaced
    centres: Han et al. 2016, "Deep Compression", arXiv:1510.00149)."""
    flat = values.reshape(-1).astype(np.float64)
    centres = np.linspace(flat.min(), flat.max(), count)
    nearest = np.zeros(flat.shape, np.int64)
    for _ in range(_ROUNDS):
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, flat)
        sums = np.bincount(nearest, flat, count)
        members = np.bincount(nearest, minlength=count)
        centres = np.sort(np.where(members > 0, sums / np.maximum(members, 1), centres))
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, flat)
    return centres[nearest].reshape(values.shape).astype(np.float32)


def cluster(model: Any) -> None:
    """Leave each layer's weights that many values."""
    for kernel in kernels(model):
        kernel.assign(clustered(np.asarray(kernel)))
