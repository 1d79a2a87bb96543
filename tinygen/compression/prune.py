"""Structured pruning: channels are removed, the shapes change, and what stays keeps its weights.

Which channels matter least is said by a criterion: the sum of the absolute weights of the filter
that makes one (Li et al. 2017, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710), or the
factor that a batch normalization behind it learned (Liu et al. 2017, "Learning Efficient
Convolutional Networks through Network Slimming", arXiv:1708.06519).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygen.compression.channels import DEPTHWISE, NORMS, PRODUCERS, Channels, Group, LayerChannels
from tinygen.errors import InputError


def l1(model_channels: Channels, group: Group) -> np.ndarray:
    """The sum of absolute weights of each channel's filters, as a share of the mean of its layer,
    so that layers that an Add joins count alike."""
    scores = np.zeros(len(group.channels))
    for one in _makers(model_channels, group):
        kernel = _making(one.layer)
        norms = np.abs(kernel).reshape(-1, kernel.shape[-1]).sum(axis=0)
        scores += _by_channel(group, one.makes, norms / (norms.mean() or 1.0))
    return scores


def gamma(model_channels: Channels, group: Group) -> np.ndarray:
    """What batch normalizations multiply each channel with, absolute; `l1` where none follows."""
    scores = np.zeros(len(group.channels))
    found = False
    for one in model_channels.layers:
        if type(one.layer).__name__ in NORMS and one.layer.scale:
            if not np.isin(one.makes, group.channels).any():
                continue
            found = True
            scores += _by_channel(group, one.makes, np.abs(np.asarray(one.layer.gamma)))
    return scores if found else l1(model_channels, group)


CRITERIA: Mapping[str, Callable[[Channels, Group], np.ndarray]] = {"l1": l1, "gamma": gamma}


def pruned(model: Any, channels: Channels, widths: Mapping[str, int], criterion: str = "l1") -> Any:
    """The model with so many channels in each group, those that the criterion holds highest, and
    their weights. `widths` are by the groups' names; a group that it does not name stays.

    Raises InputError for widths that the model does not have.
    """
    check_widths(channels, widths)
    score = CRITERIA[criterion]
    removed: set[int] = set()
    for group in channels.groups:
        width = widths.get(group.name, len(group.channels))
        order = np.argsort(-score(channels, group), kind="stable")
        removed |= {int(channel) for channel in group.channels[order[width:]]}
    return without(model, channels, removed)


def without(model: Any, channels: Channels, removed: set[int]) -> Any:
    """The model without these channels, by the numbers of `channels`, with the other weights."""
    kept = {one.layer.name: _keep(one.makes, removed) for one in channels.layers}
    sizes = {
        one.layer.name: int(kept[one.layer.name].sum())
        for one in channels.layers
        if type(one.layer).__name__ in PRODUCERS
    }
    made = resized(model, sizes)
    for one in channels.layers:
        weights = _sliced(one, _keep(one.reads, removed), kept[one.layer.name])
        adopt(made.get_layer(one.layer.name), weights)
    return made


def narrowed(model: Any, channels: Channels, widths: Mapping[str, int]) -> Any:
    """The same architecture with so many channels in each group, and weights of its own: those that
    the layers' initializers draw."""
    check_widths(channels, widths)
    removed: set[int] = set()
    for group in channels.groups:
        removed |= {int(c) for c in group.channels[widths.get(group.name, len(group.channels)) :]}
    sizes = {
        one.layer.name: int(_keep(one.makes, removed).sum())
        for one in channels.layers
        if type(one.layer).__name__ in PRODUCERS
    }
    made = resized(model, sizes)
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # what was seen of the data, and is not learned
            adopt(made.get_layer(layer.name), layer.get_weights())
    return made


def adopt(layer: Any, weights: list[np.ndarray]) -> None:
    """Give a layer these weights. A Normalization computes with what it works out of its own, which
    setting them alone does not do again."""
    layer.set_weights(weights)
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()


def resized(model: Any, sizes: Mapping[str, int]) -> Any:
    """The architecture with so many filters or units in these layers, with new weights."""
    config = copy.deepcopy(model.get_config())
    for entry in config["layers"]:
        entry.pop("build_config", None)  # the shapes of before
        size = sizes.get(entry["config"]["name"])
        if size is not None:
            entry["config"][PRODUCERS[entry["class_name"]]] = size
    return type(model).from_config(config)


def check_widths(channels: Channels, widths: Mapping[str, int]) -> None:
    """Raises InputError for a group that there is not, and for a width that it cannot have."""
    there = channels.widths
    for name, width in widths.items():
        if name not in there:
            raise InputError(
                f"there is no layer '{name}' whose width can change",
                why=f"there are {', '.join(there)}",
                next_step="name one of these",
            )
        if not 1 <= width <= there[name]:
            raise InputError(
                f"'{name}' cannot have {width} channels",
                why=f"it has {there[name]}, and at least one has to stay",
                next_step=f"give a number from 1 to {there[name]}",
            )


def _keep(channels: np.ndarray, removed: set[int]) -> np.ndarray:
    return ~np.isin(channels, list(removed))


def _makers(channels: Channels, group: Group) -> list[LayerChannels]:
    return [one for one in channels.layers if str(one.layer.name) in group.layers]


def _making(layer: Any) -> np.ndarray:
    """The weights that make a layer's channels, these last."""
    kernel = getattr(layer, "pointwise_kernel", None)
    return np.asarray(layer.kernel if kernel is None else kernel)


def _by_channel(group: Group, makes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What a layer says of the channels of a group, in the group's order."""
    places = {int(channel): place for place, channel in enumerate(group.channels)}
    scores = np.zeros(len(group.channels))
    for channel, value in zip(makes, values, strict=True):
        if int(channel) in places:
            scores[places[int(channel)]] += value
    return scores


def _sliced(one: LayerChannels, reads: np.ndarray, makes: np.ndarray) -> list[np.ndarray]:
    """A layer's weights where so much of what it reads and makes stays."""
    layer, weights = one.layer, one.layer.get_weights()
    kind = type(layer).__name__
    if kind.startswith("SeparableConv"):
        depthwise, pointwise, *bias = weights
        rows = np.repeat(reads, depthwise.shape[-1])
        return [
            depthwise[..., reads, :],
            pointwise[..., rows, :][..., makes],
            *(b[makes] for b in bias),
        ]
    if kind in PRODUCERS:
        kernel, *bias = weights
        return [kernel[..., reads, :][..., makes], *(b[makes] for b in bias)]
    if kind in DEPTHWISE:
        kernel, *bias = weights
        return [kernel[..., reads, :], *(b[makes] for b in bias)]
    if kind in NORMS:
        return [values[makes] for values in weights]
    return list(weights)
