"""One layer each, as people put it into a small network: convolutions, pools, functions, moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.coverage.kinds import KERAS_2, KERAS_3, Build, Kind, graph, stack

IMAGE, SOUND, ROW = (12, 12, 3), (24, 4), (10,)


def convolutions() -> Iterator[Kind]:
    """Of images and of sounds, plain, apart, dilated and transposed."""

    def kind(name: str, build: Build) -> Kind:
        return Kind("convolutions", name, build)

    yield kind("Conv2D", stack(IMAGE, lambda ls: ls.Conv2D(6, 3, strides=2, activation="relu")))
    yield kind("Conv2D, dilated", stack(IMAGE, lambda ls: ls.Conv2D(4, 3, dilation_rate=2)))
    yield kind(
        "Conv2D, padded in front",
        stack(IMAGE, lambda ls: ls.ZeroPadding2D(1), lambda ls: ls.Conv2D(4, 3, strides=2)),
    )
    yield kind("Conv2D of groups", stack((12, 12, 4), lambda ls: ls.Conv2D(8, 3, groups=2)))
    yield kind("DepthwiseConv2D", stack(IMAGE, lambda ls: ls.DepthwiseConv2D(3, padding="same")))
    yield kind(
        "DepthwiseConv2D, multiplied",
        stack(IMAGE, lambda ls: ls.DepthwiseConv2D(3, depth_multiplier=2)),
    )
    yield kind("SeparableConv2D", stack(IMAGE, lambda ls: ls.SeparableConv2D(8, 3)))
    yield kind("Conv1D", stack(SOUND, lambda ls: ls.Conv1D(6, 5, activation="relu")))
    yield kind(
        "Conv1D, causal and dilated",
        stack(SOUND, lambda ls: ls.Conv1D(6, 3, padding="causal", dilation_rate=2)),
    )
    yield kind("SeparableConv1D", stack(SOUND, lambda ls: ls.SeparableConv1D(6, 3)))
    yield kind("DepthwiseConv1D", stack(SOUND, lambda ls: ls.DepthwiseConv1D(3)))
    yield kind(
        "Conv2DTranspose",
        stack((6, 6, 3), lambda ls: ls.Conv2DTranspose(4, 3, strides=2, padding="same")),
    )
    yield kind("Conv1DTranspose", stack(SOUND, lambda ls: ls.Conv1DTranspose(4, 4, strides=2)))
    yield kind("Conv3D", stack((6, 6, 6, 2), lambda ls: ls.Conv3D(3, 3)))


def sizes() -> Iterator[Kind]:
    """What makes images and sounds larger or smaller."""

    def up(name: str, build: Build) -> Kind:
        return Kind("upsampling", name, build)

    def pool(name: str, build: Build) -> Kind:
        return Kind("pooling", name, build)

    small = (5, 6, 3)
    yield up("UpSampling2D, nearest", stack(small, lambda ls: ls.UpSampling2D(2)))
    yield up("UpSampling2D, 2 by 3", stack(small, lambda ls: ls.UpSampling2D((2, 3))))
    yield up(
        "UpSampling2D, bilinear",
        stack(small, lambda ls: ls.UpSampling2D(2, interpolation="bilinear")),
    )
    yield up("UpSampling1D", stack(SOUND, lambda ls: ls.UpSampling1D(2)))
    yield up("Resizing", stack(IMAGE, lambda ls: ls.Resizing(8, 10)))
    yield up(
        "Resizing, nearest", stack(IMAGE, lambda ls: ls.Resizing(8, 10, interpolation="nearest"))
    )
    yield pool("MaxPooling2D", stack(IMAGE, lambda ls: ls.MaxPooling2D()))
    yield pool("AveragePooling2D", stack(IMAGE, lambda ls: ls.AveragePooling2D(3, padding="same")))
    yield pool("MaxPooling1D", stack(SOUND, lambda ls: ls.MaxPooling1D()))
    yield pool("AveragePooling1D", stack(SOUND, lambda ls: ls.AveragePooling1D(2)))
    yield pool("GlobalAveragePooling2D", stack(IMAGE, lambda ls: ls.GlobalAveragePooling2D()))
    yield pool(
        "GlobalAveragePooling2D, keepdims",
        stack(IMAGE, lambda ls: ls.GlobalAveragePooling2D(keepdims=True)),
    )
    yield pool("GlobalMaxPooling2D", stack(IMAGE, lambda ls: ls.GlobalMaxPooling2D()))
    yield pool("GlobalAveragePooling1D", stack(SOUND, lambda ls: ls.GlobalAveragePooling1D()))
    yield pool("GlobalMaxPooling1D", stack(SOUND, lambda ls: ls.GlobalMaxPooling1D()))


_FUNCTIONS = (
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "softmax",
    "elu",
    "selu",
    "gelu",
    "swish",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "exponential",
    "mish",
)
_NEW_FUNCTIONS = (
    "hard_swish",
    "leaky_relu",
    "log_softmax",
    "celu",
    "squareplus",
    "soft_shrink",
    "hard_tanh",
    "log_sigmoid",
    "tanh_shrink",
)


def functions() -> Iterator[Kind]:
    """Activations, by their names and as layers."""

    def kind(name: str, build: Build, *packages: str) -> Kind:
        return Kind("activations", name, build, *([packages] if packages else []))

    def dense(name: str) -> Build:
        return stack(ROW, lambda ls: ls.Dense(8, activation=name), lambda ls: ls.Dense(3))

    for name in _FUNCTIONS:
        yield kind(name, dense(name))
    for name in _NEW_FUNCTIONS:
        yield kind(name, dense(name), KERAS_3)
    yield kind(
        "softmax of an image", stack(IMAGE, lambda ls: ls.Conv2D(4, 1), lambda ls: ls.Softmax())
    )
    yield kind("LeakyReLU", stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.LeakyReLU()))
    yield kind(
        "PReLU",
        stack(
            IMAGE,
            lambda ls: ls.Conv2D(4, 3),
            lambda ls: ls.PReLU(shared_axes=[1, 2], alpha_initializer="random_uniform"),
        ),
    )
    yield kind(
        "PReLU, per element",
        stack(
            (6, 6, 2),
            lambda ls: ls.Conv2D(4, 3),
            lambda ls: ls.PReLU(alpha_initializer="random_uniform"),
        ),
    )
    yield kind("ELU", stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.ELU()))
    yield kind(
        "ReLU, max_value",
        stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.ReLU(max_value=2.0)),
    )
    yield kind(
        "ReLU, threshold",
        stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.ReLU(threshold=0.1)),
    )
    yield kind(
        "ReLU, threshold, slope and max_value",
        stack(
            IMAGE,
            lambda ls: ls.Conv2D(4, 3),
            lambda ls: ls.ReLU(max_value=0.5, threshold=0.1, negative_slope=0.2),
        ),
    )
    yield kind(
        "ThresholdedReLU",
        stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.ThresholdedReLU(theta=0.2)),
        KERAS_2,
    )
    yield kind(
        "ReLU, negative_slope",
        stack(IMAGE, lambda ls: ls.Conv2D(4, 3), lambda ls: ls.ReLU(negative_slope=0.2)),
    )


def normalizations() -> Iterator[Kind]:
    """What normalizes, at training time or at each inference."""

    def kind(name: str, build: Build, *packages: str) -> Kind:
        return Kind("normalizations", name, build, *([packages] if packages else []))

    yield kind(
        "BatchNormalization behind Conv2D",
        stack(
            IMAGE,
            lambda ls: ls.Conv2D(4, 3, use_bias=False),
            lambda ls: ls.BatchNormalization(),
            lambda ls: ls.ReLU(),
        ),
    )
    yield kind(
        "BatchNormalization in front",
        stack(IMAGE, lambda ls: ls.BatchNormalization(), lambda ls: ls.Conv2D(4, 3)),
    )
    yield kind(
        "BatchNormalization behind ReLU",
        stack(
            IMAGE,
            lambda ls: ls.Conv2D(4, 3, activation="relu"),
            lambda ls: ls.BatchNormalization(),
            lambda ls: ls.Conv2D(4, 3),
        ),
    )
    yield kind(
        "LayerNormalization",
        stack(
            ROW, lambda ls: ls.Dense(16), lambda ls: ls.LayerNormalization(), lambda ls: ls.Dense(3)
        ),
    )
    yield kind(
        "LayerNormalization of an image",
        stack((6, 6, 8), lambda ls: ls.LayerNormalization(), lambda ls: ls.Conv2D(3, 3)),
    )
    yield kind(
        "GroupNormalization",
        stack((6, 6, 8), lambda ls: ls.GroupNormalization(2), lambda ls: ls.Conv2D(3, 3)),
    )
    yield kind(
        "UnitNormalization", stack(ROW, lambda ls: ls.Dense(16), lambda ls: ls.UnitNormalization())
    )
    yield kind(
        "RMSNormalization",
        stack(ROW, lambda ls: ls.Dense(16), lambda ls: ls.RMSNormalization()),
        KERAS_3,
    )
    yield kind(
        "Normalization",
        stack(ROW, lambda ls: ls.Normalization(mean=1.0, variance=4.0), lambda ls: ls.Dense(3)),
    )
    yield kind(
        "Rescaling",
        stack(IMAGE, lambda ls: ls.Rescaling(1 / 127.5, offset=-1.0), lambda ls: ls.Conv2D(4, 3)),
    )


def moves() -> Iterator[Kind]:
    """What moves elements."""

    def kind(name: str, build: Build) -> Kind:
        return Kind("moves", name, build)

    yield kind("Flatten and Dense", stack(IMAGE, lambda ls: ls.Flatten(), lambda ls: ls.Dense(4)))
    yield kind("Reshape", stack((24,), lambda ls: ls.Reshape((4, 6)), lambda ls: ls.Conv1D(3, 3)))
    yield kind(
        "Permute",
        stack(IMAGE, lambda ls: ls.Permute((3, 1, 2)), lambda ls: ls.Conv2D(3, 3, padding="same")),
    )
    yield kind("RepeatVector", stack(ROW, lambda ls: ls.Dense(6), lambda ls: ls.RepeatVector(3)))
    yield kind(
        "Cropping2D",
        stack(IMAGE, lambda ls: ls.Cropping2D(((1, 2), (0, 3))), lambda ls: ls.Conv2D(3, 3)),
    )
    yield kind(
        "Cropping1D", stack(SOUND, lambda ls: ls.Conv1D(4, 3), lambda ls: ls.Cropping1D((1, 2)))
    )
    yield kind(
        "ZeroPadding2D",
        stack(IMAGE, lambda ls: ls.Conv2D(3, 3), lambda ls: ls.ZeroPadding2D(((1, 2), (0, 3)))),
    )
    yield kind(
        "ZeroPadding1D", stack(SOUND, lambda ls: ls.Conv1D(4, 3), lambda ls: ls.ZeroPadding1D(2))
    )
    yield kind(
        "CenterCrop", stack(IMAGE, lambda ls: ls.CenterCrop(8, 8), lambda ls: ls.Conv2D(3, 3))
    )
    yield kind(
        "Dropout and noise",
        stack(
            ROW,
            lambda ls: ls.GaussianNoise(0.1),
            lambda ls: ls.Dense(6),
            lambda ls: ls.Dropout(0.3),
            lambda ls: ls.Dense(3),
        ),
    )
    yield kind("Masking", stack(SOUND, lambda ls: ls.Masking(), lambda ls: ls.Conv1D(4, 3)))
    yield kind(
        "Masking of another value",
        stack(SOUND, lambda ls: ls.Masking(-1.0), lambda ls: ls.Conv1D(4, 3)),
    )
    yield kind("Masking for LSTM", stack(SOUND, lambda ls: ls.Masking(), lambda ls: ls.LSTM(4)))


def merges() -> Iterator[Kind]:
    """Layers of several tensors."""

    def kind(name: str, build: Build) -> Kind:
        return Kind("merges", name, build)

    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        yield kind(name, _two(name))
    yield kind("Concatenate", _two("Concatenate"))

    @graph((6, 6, 3), (6, 6, 5))
    def beside(keras: Any, first: Any, second: Any) -> Any:
        return keras.layers.Concatenate(axis=-1)([first, second])

    @graph((8, 4), (8, 4))
    def dot(keras: Any, first: Any, second: Any) -> Any:
        return keras.layers.Dot(axes=(2, 2))([first, second])

    @graph((8,), (8,))
    def cosine(keras: Any, first: Any, second: Any) -> Any:
        return keras.layers.Dot(axes=1, normalize=True)([first, second])

    @graph((6, 6, 4))
    def gate(keras: Any, image: Any) -> Any:
        layers = keras.layers
        squeezed = layers.GlobalAveragePooling2D()(image)
        excited = layers.Dense(4, activation="sigmoid")(
            layers.Dense(2, activation="relu")(squeezed)
        )
        return layers.Multiply()([image, layers.Reshape((1, 1, 4))(excited)])

    @graph((8,), (8,))
    def siamese(keras: Any, first: Any, second: Any) -> Any:
        layers = keras.layers
        shared = layers.Dense(6, activation="relu")
        apart = layers.Subtract()([shared(first), shared(second)])
        return layers.Dense(1, activation="sigmoid")(layers.Multiply()([apart, apart]))

    yield kind("Concatenate of the inputs", beside)
    yield kind("Dot", dot)
    yield kind("Dot, normalized", cosine)
    yield kind("squeeze and excitation", gate)
    yield kind("siamese", siamese)


def _two(name: str) -> Build:
    @graph((9,), (7,))
    def build(keras: Any, first: Any, second: Any) -> Any:
        layers = keras.layers
        merged = getattr(layers, name)()([layers.Dense(6)(first), layers.Dense(6)(second)])
        return layers.Dense(3)(merged)

    return build


KINDS = (*convolutions(), *sizes(), *functions(), *normalizations(), *moves(), *merges())
