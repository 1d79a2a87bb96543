"""Weights that no arithmetic can use: NaN and infinity, told by the layer that has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygen.errors import InputError

_SHOWN = 3


def check_finite(variables: Iterable[Any], file_name: str) -> None:
    """Raises InputError, naming layers and weights, when variables hold values that are not finite.

    `variables` are those of Keras or of TensorFlow.
    """
    bad: list[str] = []
    for variable in variables:
        values = np.asarray(variable.numpy())
        if values.dtype.kind != "f":
            continue
        count = int(np.count_nonzero(~np.isfinite(values)))
        if count:
            layer, weight = _names(variable)
            kind = "NaN" if np.isnan(values).any() else "infinite"
            bad.append(
                f"layer '{layer}': {count} of {values.size} values of its {weight} are {kind}"
            )
    if not bad:
        return
    more = f"\nand {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    raise InputError(
        f"'{file_name}' holds weights that are not finite",
        why="\n".join(bad[:_SHOWN]) + more,
        next_step="the training diverged: train again (a lower learning rate, scaled inputs), or"
        " give a checkpoint from before",
    )


def _names(variable: Any) -> tuple[str, str]:
    """The layer and the weight by a variable's path: `model/dense/kernel` or `dense/kernel:0`."""
    steps = str(getattr(variable, "path", None) or variable.name).split(":", 1)[0].split("/")
    return "/".join(steps[-2:-1]) or steps[0], steps[-1]
