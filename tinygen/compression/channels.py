"""Which channels of a Keras model can be removed, and which only together.

Every channel of every tensor gets the number of the filter that makes it. Channels that an Add
joins are one: the numbers are joined as sets. What a layer of a kind that is not known here reads
has to stay as it is, and so has what the model gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygen.errors import InputError

PRODUCERS = {
    "Conv1D": "filters",
    "Conv2D": "filters",
    "SeparableConv1D": "filters",
    "SeparableConv2D": "filters",
    "Dense": "units",
}
"""Layers that make channels, and what their configuration calls the number of them."""
DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
NORMS = ("BatchNormalization",)
_POOLS = tuple(
    f"{scope}{how}Pooling{rank}"
    for scope in ("", "Global")
    for how in ("Average", "Max")
    for rank in ("1D", "2D")
)
_SAME = (
    *_POOLS,
    *("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
    *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D"),
    *("UpSampling1D", "UpSampling2D"),
)
"""Layers whose channels are those of their input."""
_JOINED = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
"""Layers that compute a channel of all the channels in its place."""
_ACROSS = ("softmax", "log_softmax", "glu", "sparsemax")
"""Activations that are no function of a channel alone."""
_FIXED = -1


@dataclass(frozen=True, eq=False)
class LayerChannels:
    """The number of the filter that makes each channel that a layer reads and makes. -1 is one that
    stays whatever happens."""

    layer: Any
    reads: np.ndarray
    makes: np.ndarray


@dataclass(frozen=True, eq=False)
class Group:
    """Channels of layers that only go together, by their numbers: those of one layer, or of several
    that an Add joins."""

    layers: tuple[str, ...]
    channels: np.ndarray

    @property
    def name(self) -> str:
        return "+".join(self.layers)


@dataclass(frozen=True)
class Kept:
    """A layer whose channels stay, and why."""

    layer: str
    why: str


@dataclass(frozen=True, eq=False)
class Channels:
    """Of a whole model: its layers in order, what can be removed, and what cannot."""

    layers: tuple[LayerChannels, ...]
    groups: tuple[Group, ...]
    kept: tuple[Kept, ...]

    @property
    def widths(self) -> dict[str, int]:
        """How many channels each group has, by its name."""
        return {group.name: len(group.channels) for group in self.groups}


def channels_of(model: Any) -> Channels:
    """Follow the channels through a Keras 3 model, Sequential or functional.

    Raises InputError for a model of another kind, and where nothing can be removed.
    """
    return _Tracing(model).result()


class _Tracing:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._parent: list[int] = []
        self._why: dict[int, str] = {}
        self._of: dict[int, np.ndarray] = {}
        self._layers: list[LayerChannels] = []

    def result(self) -> Channels:
        for tensor in self._model.inputs:
            self._of[id(tensor)] = np.full(tensor.shape[-1], _FIXED)
        for layer, inputs, output in calls_of(self._model):
            reads = [self._of[id(tensor)] for tensor in inputs]
            makes = self._through(layer, inputs, output, reads)
            self._of[id(output)] = makes
            self._layers.append(LayerChannels(layer, reads[0], makes))
        for tensor in outputs_of(self._model):
            self._fix(self._of[id(tensor)], "the model's output is what it makes")
        layers = tuple(
            LayerChannels(one.layer, self._roots(one.reads), self._roots(one.makes))
            for one in self._layers
        )
        return self._grouped(layers)

    def _through(
        self, layer: Any, inputs: Sequence[Any], output: Any, reads: Sequence[np.ndarray]
    ) -> np.ndarray:
        """The channels of the output; reasons why others stay are noted."""
        kind = type(layer).__name__
        why_not = _why_not(layer, inputs, reads)
        if not why_not:
            if kind in PRODUCERS:
                made = self._new(output.shape[-1])
                if _activation(layer) in _ACROSS:
                    self._fix(made, f"its {_activation(layer)} compares all channels")
                return made
            if kind in DEPTHWISE:
                return np.repeat(reads[0], layer.depth_multiplier)
            if kind == "Flatten":
                return np.tile(reads[0], output.shape[-1] // len(reads[0]))
            if kind == "Concatenate":
                return np.concatenate(reads)
            if kind in (*_SAME, *NORMS):
                return reads[0]
            if kind in _JOINED:
                for other in reads[1:]:
                    self._join(reads[0], other, layer.name)
                return reads[0]
            why_not = f"a {kind} may read channels by their place"
        for channels in reads:
            self._fix(channels, f"layer '{layer.name}': {why_not}")
        size = output.shape[-1] if len(output.shape) > 1 and output.shape[-1] else 1
        return np.full(size, _FIXED)

    def _new(self, count: int) -> np.ndarray:
        first = len(self._parent)
        self._parent += range(first, first + count)
        return np.arange(first, first + count)

    def _root(self, channel: int) -> int:
        while self._parent[channel] != channel:
            channel = self._parent[channel]
        return channel

    def _roots(self, channels: np.ndarray) -> np.ndarray:
        """The numbers that stand for what was joined; those that stay are -1."""
        roots = [_FIXED if c == _FIXED else self._root(int(c)) for c in channels]
        return np.array([_FIXED if root in self._why else root for root in roots], np.int64)

    def _join(self, one: np.ndarray, other: np.ndarray, name: str) -> None:
        for mine, its in zip(one, other, strict=True):
            if _FIXED in (mine, its):
                self._fix(
                    np.array([mine, its]),
                    f"layer '{name}' joins it with channels that stay as they are",
                )
                continue
            a, b = sorted((self._root(int(mine)), self._root(int(its))))
            self._parent[b] = a
            if b in self._why:
                self._why.setdefault(a, self._why[b])

    def _fix(self, channels: np.ndarray, why: str) -> None:
        for channel in channels:
            if channel != _FIXED:
                self._why.setdefault(self._root(int(channel)), why)

    def _grouped(self, layers: tuple[LayerChannels, ...]) -> Channels:
        """Layers that share a channel are a group."""
        makers = [one for one in layers if type(one.layer).__name__ in PRODUCERS]
        kept = []
        groups: list[tuple[list[str], set[int]]] = []
        for one in makers:
            own = {int(channel) for channel in one.makes if channel != _FIXED}
            if not own:
                kept.append(Kept(str(one.layer.name), self._reason(one.layer)))
                continue
            names = [str(one.layer.name)]
            for group in [group for group in groups if group[1] & own]:
                groups.remove(group)
                names, own = group[0] + names, group[1] | own
            groups.append((names, own))
        if not groups:
            raise InputError(
                f"no channel of '{self._model.name}' can be removed",
                why="\n".join(f"'{one.layer}': {one.why}" for one in kept)
                or "it has no convolution and no Dense layer",
                next_step="`--width` and pruning need a layer behind another one; give a model of"
                " Conv2D, DepthwiseConv2D, SeparableConv2D and Dense layers",
            )
        made = (Group(tuple(names), np.array(sorted(own), np.int64)) for names, own in groups)
        return Channels(layers, tuple(made), tuple(kept))

    def _reason(self, layer: Any) -> str:
        made = next(one.makes for one in self._layers if one.layer is layer)
        return next(
            (
                self._why[root]
                for c in made
                if c != _FIXED and (root := self._root(int(c))) in self._why
            ),
            "its channels stay as they are",
        )


def _why_not(layer: Any, inputs: Sequence[Any], reads: Sequence[np.ndarray]) -> str:
    """Why the channels that a layer of a known kind reads have to stay; empty if they need not."""
    kind = type(layer).__name__
    if getattr(layer, "data_format", None) == "channels_first":
        return "it is channels-first"
    if getattr(layer, "groups", 1) != 1:
        return "it is a grouped convolution"
    last = len(inputs[0].shape) - 1
    if kind in (*NORMS, "Concatenate") and _axis(layer) not in (-1, last):
        return "its axis is not the channels'"
    if kind in _JOINED and len({len(channels) for channels in reads}) > 1:
        return "its inputs are of several widths"
    if kind == "Softmax" or (kind not in PRODUCERS and _activation(layer) in _ACROSS):
        return f"a {kind} compares all channels"
    if kind == "Flatten" and any(size is None for size in inputs[0].shape[1:]):
        return "the size of its input is open"
    return ""


def _axis(layer: Any) -> int:
    axis = layer.axis
    return int(axis[0]) if isinstance(axis, list | tuple) else int(axis)


def _activation(layer: Any) -> str:
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def calls_of(model: Any) -> list[tuple[Any, list[Any], Any]]:
    """(layer, what it reads, what it makes), in the order of computation."""
    calls = []
    if type(model).__name__ == "Sequential":
        (tensor,) = model.inputs
        for layer in model.layers:
            calls.append((layer, [tensor], layer.output))
            tensor = layer.output
        return calls
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        uses = len(layer._inbound_nodes)
        if uses != 1 or isinstance(layer.output, list | tuple | dict):
            raise InputError(
                f"layer '{layer.name}' of '{model.name}' is used at {uses} places"
                if uses != 1
                else f"layer '{layer.name}' of '{model.name}' makes several tensors",
                why="channels are followed through models whose layers are each used once and make"
                " one tensor",
                next_step="give each place a layer of its own",
            )
        inputs = layer.input
        calls.append(
            (layer, list(inputs) if isinstance(inputs, list | tuple) else [inputs], layer.output)
        )
    return calls


def outputs_of(model: Any) -> list[Any]:
    """What the model gives; of a Sequential the last layer's, as `calls_of` has it."""
    return (
        [model.layers[-1].output] if type(model).__name__ == "Sequential" else list(model.outputs)
    )
