"""Structured pruning: what is removed, what is tied, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.compress.models import branches, chain, trained_at_random
from tinygen.compression.channels import channels_of
from tinygen.compression.prune import CRITERIA, narrowed, pruned, without
from tinygen.errors import InputError

MODELS = (chain, branches)


@pytest.fixture(autouse=True, scope="module")
def _forgotten() -> Iterator[None]:
    import keras

    yield
    keras.utils.clear_session()


def silence(channels: Any, removed: set[int]) -> None:
    """Make these channels zero wherever they come: in the layers that make them, the depthwise
    ones that pass them on, and the normalizations behind."""
    for one in channels.layers:
        gone = np.isin(one.makes, list(removed))
        kind = type(one.layer).__name__
        weights = one.layer.get_weights()
        if not weights or not gone.any():
            continue
        if kind == "BatchNormalization":
            weights[0][gone] = 0
            weights[1][gone] = 0
        elif kind == "DepthwiseConv2D":
            weights[1][gone] = 0
        else:
            for values in weights[-2:] if len(weights) > 1 else weights:
                values[..., gone] = 0
        one.layer.set_weights(weights)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("seed", [0, 1])
def test_channels_of_zeros_are_missed_by_nobody(make: Callable[[], Any], seed: int) -> None:
    model = trained_at_random(make(), seed)
    channels = channels_of(model)
    drawn = np.random.default_rng(seed)
    removed = {
        int(channel)
        for group in channels.groups
        for channel in drawn.choice(
            group.channels, drawn.integers(1, len(group.channels)), replace=False
        )
    }
    silence(channels, removed)
    smaller = without(model, channels, removed)
    inputs = drawn.normal(size=(9, *model.inputs[0].shape[1:])).astype(np.float32)
    assert smaller.count_params() < model.count_params()
    np.testing.assert_allclose(smaller(inputs).numpy(), model(inputs).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("make", MODELS)
def test_what_a_criterion_holds_lowest_goes_first(make: Callable[[], Any], criterion: str) -> None:
    model = trained_at_random(make())
    channels = channels_of(model)
    gone = {int(group.channels[1]) for group in channels.groups}
    silence(channels, gone)
    widths = {group.name: len(group.channels) - 1 for group in channels.groups}
    inputs = np.random.default_rng(3).normal(size=(9, *model.inputs[0].shape[1:]))
    mine = pruned(model, channels, widths, criterion)(inputs.astype(np.float32)).numpy()
    exact = without(model, channels, gone)(inputs.astype(np.float32)).numpy()
    np.testing.assert_allclose(mine, exact, rtol=1e-5, atol=1e-6)


def test_an_add_ties_its_channels() -> None:
    channels = channels_of(branches())
    assert channels.widths == {"inside": 4, "stem+body": 6, "side": 5}
    (kept,) = channels.kept
    assert kept.layer == "classes"
    assert "output" in kept.why


def test_a_depth_multiplier_passes_channels_on() -> None:
    model = chain()
    channels = channels_of(model)
    assert channels.widths == {"first": 6, "separable": 8, "hidden": 5}
    smaller = narrowed(model, channels, {"first": 2, "separable": 3})
    assert smaller.get_layer("depthwise").output.shape[-1] == 4
    assert smaller.get_layer("hidden").kernel.shape == (27, 5)


def test_what_is_not_known_keeps_its_channels() -> None:
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.Conv1D(5, 3, name="read"),
            layers.LayerNormalization(name="layer_norm"),
            layers.Conv1D(7, 3, name="free"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2, name="out"),
        ]
    )
    channels = channels_of(model)
    assert channels.widths == {"free": 7}
    why = {one.layer: one.why for one in channels.kept}
    assert "layer 'layer_norm': a LayerNormalization may read channels" in why["read"]
    smaller = pruned(trained_at_random(model), channels, {"free": 3})
    assert smaller.get_layer("read").output.shape[-1] == 5
    np.testing.assert_array_equal(
        smaller.get_layer("layer_norm").gamma, model.get_layer("layer_norm").gamma
    )


def test_a_softmax_in_the_middle_keeps_its_channels() -> None:
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, activation="relu", name="free"),
            layers.Dense(5, activation="softmax", name="shares"),
            layers.Dense(2, name="out"),
        ]
    )
    channels = channels_of(model)
    assert channels.widths == {"free": 6}
    assert "softmax" in next(one.why for one in channels.kept if one.layer == "shares")


def test_a_layer_at_two_places_is_refused() -> None:
    import keras
    from keras import layers

    both = layers.Dense(4, name="both")
    first, second = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([first, second], layers.Add()([both(first), both(second)]))
    with pytest.raises(InputError, match=r"'both' of .* is used at 2"):
        channels_of(model)


def test_nothing_to_remove_is_said() -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="only")])
    with pytest.raises(InputError, match="no channel") as raised:
        channels_of(model)
    assert "'only'" in str(raised.value.why)


@pytest.mark.parametrize(
    ("widths", "said"),
    [({"nobody": 3}, "no layer 'nobody'"), ({"first": 7}, "7 channels"), ({"first": 0}, "0 ch")],
)
def test_widths_that_cannot_be_are_refused(widths: dict[str, int], said: str) -> None:
    model = chain()
    with pytest.raises(InputError, match=said):
        pruned(model, channels_of(model), widths)
