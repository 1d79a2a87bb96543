"""What unrolled layers begin with: an input while a model is converted, and a constant afterwards.

The converter would compute the first step from zeros beforehand: it would be another one than the
rest, with scales, tables and weights of its own, so that all of them could not be one step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from tinygen.ir import Shape
from tinygen.load import FloatModel
from tinygen.quantize.names import layers_of

_KINDS = ("GRU", "LSTM", "SimpleRNN")


class Beginnings:
    """Of each unrolled layer of a model that begins with zeros."""

    def __init__(self, loaded: FloatModel) -> None:
        found = (layer for layer in layers_of(loaded) if type(layer).__name__ in _KINDS)
        self._layers = [layer for layer in found if layer.unroll and not layer.stateful]
        self._given: dict[int, list[Any]] = {}
        self._more: list[Shape] = []

    @property
    def shapes(self) -> list[Shape]:
        """Of each of the inputs, with the batch."""
        return [*((1, size) for layer in self._layers for size in _sizes(layer)), *self._more]

    def more(self, shapes: Sequence[Shape]) -> None:
        """What loops of the traced graph begin with, as inputs behind those of the layers."""
        self._more = list(shapes)

    def give(self, tensors: Sequence[Any]) -> None:
        """What they begin with from now on, one for each of the shapes."""
        left = iter(tensors)
        self._given = {id(one): [next(left) for _ in _sizes(one)] for one in self._layers}

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Have the layers begin with what is given, within the block."""
        for layer in self._layers:
            vars(layer)["call"] = self._call(layer)
        try:
            yield
        finally:
            for layer in self._layers:
                del vars(layer)["call"]

    def _call(self, layer: Any) -> Any:
        own = layer.call

        def call(
            sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
        ) -> Any:
            state = self._given.get(id(layer)) if initial_state is None else initial_state
            return own(sequences, initial_state=state, mask=mask, training=training)

        return call


def _sizes(layer: Any) -> list[int]:
    size = layer.cell.state_size
    return [size] if isinstance(size, int) else list(size)
