"""MobileNet V1, V2, V3, EfficientNetB0 and its lite form, as Keras builds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CLASSES = 10
SAMPLES = 8
"""Pictures that calibrate, and that normalizations take their statistics of."""


@dataclass(frozen=True)
class Network:
    """An architecture at one width and size, for RGB pictures of `size` x `size`."""

    name: str
    width: float
    size: int
    build: Callable[[float, tuple[int, int, int]], Any]
    """Of the width and the shape of a picture."""
    low: float = -1.0
    """What black is for the model; `high` is white."""
    high: float = 1.0

    @property
    def key(self) -> tuple[str, float, int]:
        return self.name, self.width, self.size


def _v1(width: float, shape: tuple[int, int, int]) -> Any:
    import keras

    return keras.applications.MobileNet(
        input_shape=shape, alpha=width, weights=None, classes=CLASSES
    )


def _v2(width: float, shape: tuple[int, int, int]) -> Any:
    import keras

    return keras.applications.MobileNetV2(
        input_shape=shape, alpha=width, weights=None, classes=CLASSES
    )


def _v3(*, large: bool, minimalistic: bool) -> Callable[[float, tuple[int, int, int]], Any]:
    def build(width: float, shape: tuple[int, int, int]) -> Any:
        from keras import applications

        make = applications.MobileNetV3Large if large else applications.MobileNetV3Small
        return make(
            input_shape=shape,
            alpha=width,
            minimalistic=minimalistic,
            weights=None,
            classes=CLASSES,
        )

    return build


def _b0(width: float, shape: tuple[int, int, int]) -> Any:
    return _efficientnet(width, shape, "swish", squeeze=True)


def _b0_lite(width: float, shape: tuple[int, int, int]) -> Any:
    """As EfficientNet-lite0 is: ReLU6, and nothing squeezed; the stem and the head too are narrower
    with `width`, which the published one, of width 1, need not."""
    return _efficientnet(width, shape, "relu6", squeeze=False)


def _efficientnet(
    width: float, shape: tuple[int, int, int], activation: str, *, squeeze: bool
) -> Any:
    from keras.src.applications import efficientnet

    share = 0.25 if squeeze else 0.0
    blocks = [block | {"se_ratio": share} for block in efficientnet.DEFAULT_BLOCKS_ARGS]
    return efficientnet.EfficientNet(
        width,
        1.0,
        shape[0],
        activation=activation,
        blocks_args=blocks,
        weights=None,
        input_shape=shape,
        classes=CLASSES,
        name="efficientnet",
    )


_BYTES = (0.0, 255.0)
NETWORKS: tuple[Network, ...] = (
    *(Network("MobileNetV1", *at, _v1) for at in ((0.25, 96), (0.25, 128), (0.5, 128), (1.0, 160))),
    Network("MobileNetV1", 1.0, 224, _v1),
    *(Network("MobileNetV2", *at, _v2) for at in ((0.35, 96), (0.35, 160), (0.5, 128), (1.0, 96))),
    Network("MobileNetV2", 1.0, 224, _v2),
    *(
        Network(f"MobileNetV3{size}{form}", *at, _v3(large=large, minimalistic=plain), *_BYTES)
        for size, large, plain, form, places in (
            ("Small", False, True, " minimalistic", ((0.5, 96), (1.0, 96), (1.0, 224))),
            ("Small", False, False, "", ((0.5, 96), (1.0, 128), (1.0, 224))),
            ("Large", True, True, " minimalistic", ((0.5, 96), (0.75, 128))),
            ("Large", True, False, "", ((0.5, 96), (0.75, 128), (1.0, 224))),
        )
        for at in places
    ),
    *(
        Network(name, *at, build, *_BYTES)
        for name, build in (("EfficientNetB0", _b0), ("EfficientNetB0-lite", _b0_lite))
        for at in ((0.25, 96), (0.5, 128), (0.75, 128), (1.0, 224))
    ),
)


def pictures(network: Network) -> np.ndarray:
    """Synthetic ones, as the model takes them: soft spots of colour over a gradient."""
    drawn = np.random.default_rng(1)
    rows, columns = np.mgrid[0 : network.size, 0 : network.size] / network.size
    made = np.empty((SAMPLES, network.size, network.size, 3), np.float32)
    for number in range(SAMPLES):
        slope = drawn.normal(size=(2, 3))
        image = rows[..., None] * slope[0] + columns[..., None] * slope[1]
        for _ in range(12):
            y, x, radius = drawn.random(3) * (1, 1, 0.3) + (0, 0, 0.02)
            spot = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / radius**2)
            image += spot[..., None] * drawn.normal(size=3)
        image += drawn.normal(scale=0.05, size=image.shape)
        made[number] = (image - image.min()) / np.ptp(image)
    return network.low + (network.high - network.low) * made


def built(network: Network, images: np.ndarray) -> Any:
    """The Keras model with weights drawn from a seed. Its normalizations have the statistics of
    these pictures, so that activations neither fade nor grow from layer to layer."""
    import keras

    keras.utils.set_random_seed(1)
    model = network.build(network.width, (network.size, network.size, 3))
    norms = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    kept = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    model(images, training=True)
    for layer, momentum in zip(norms, kept, strict=True):
        layer.momentum = momentum
    return model
