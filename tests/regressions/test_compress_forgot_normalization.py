"""A Normalization that had seen the data lost that in `compress`: the model as given was right for
65 % of what it had been right for 85 % of, and shapes from scratch were trained without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tinygen.compression.channels import channels_of
from tinygen.compression.prune import narrowed, pruned, without


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    import keras

    yield
    keras.utils.clear_session()


def test_it_is_kept() -> None:
    import keras
    from keras import layers

    seen = np.random.default_rng(0).normal((3, -20, 100), (1, 5, 40), (50, 3)).astype(np.float32)
    scale = layers.Normalization(name="scale")
    scale.adapt(seen)
    model = keras.Sequential(
        [keras.Input((3,)), scale, layers.Dense(8, activation="relu"), layers.Dense(2)]
    )
    channels = channels_of(model)
    widths = dict.fromkeys(channels.widths, 4)
    copy = without(model, channels, set())
    np.testing.assert_allclose(copy(seen).numpy(), model(seen).numpy(), rtol=1e-5)
    scaled = scale(seen).numpy()
    assert abs(scaled.mean()) < 0.01
    for made in (copy, pruned(model, channels, widths), narrowed(model, channels, widths)):
        np.testing.assert_allclose(made.get_layer("scale")(seen).numpy(), scaled, rtol=1e-5)
