"""Sequences, attention and whole small networks, as people build them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.coverage.kinds import Build, Kind, graph, stack

SOUND = (8, 5)


def sequences() -> Iterator[Kind]:
    """Recurrent layers, which are unrolled, embeddings and attention."""

    def kind(name: str, build: Build) -> Kind:
        return Kind("sequences", name, build)

    for name in ("LSTM", "GRU", "SimpleRNN"):
        yield kind(name, _recurrent(name))
        yield kind(f"{name}, every step", _recurrent(name, return_sequences=True))
        yield kind(f"Bidirectional {name}", _both_ways(name))
        yield kind(f"Bidirectional {name}, every step", _both_ways(name, return_sequences=True))
    yield kind(
        "LSTM upon LSTM",
        stack(
            SOUND,
            lambda ls: ls.LSTM(6, return_sequences=True),
            lambda ls: ls.LSTM(4),
            lambda ls: ls.Dense(2),
        ),
    )
    yield kind("LSTM, backwards", _recurrent("LSTM", go_backwards=True))
    yield kind("GRU, reset_after=False", _recurrent("GRU", reset_after=False))
    yield kind(
        "TimeDistributed Dense",
        stack(SOUND, lambda ls: ls.TimeDistributed(ls.Dense(4, activation="relu"))),
    )
    yield kind(
        "TimeDistributed Conv2D",
        stack(
            (3, 8, 8, 2),
            lambda ls: ls.TimeDistributed(ls.Conv2D(3, 3)),
            lambda ls: ls.TimeDistributed(ls.Flatten()),
        ),
    )
    yield kind("Embedding", _embedding)
    yield kind("Embedding and LSTM", _text)
    yield kind("Attention", _attention("Attention"))
    yield kind("AdditiveAttention", _attention("AdditiveAttention"))
    yield kind("MultiHeadAttention", _heads)
    yield kind("transformer block", _transformer)
    yield kind(
        "Conv1D and LSTM",
        stack(
            (16, 4),
            lambda ls: ls.Conv1D(6, 3, activation="relu"),
            lambda ls: ls.MaxPooling1D(),
            lambda ls: ls.LSTM(5),
            lambda ls: ls.Dense(3, activation="softmax"),
        ),
    )


def _recurrent(name: str, **settings: Any) -> Build:
    return stack(SOUND, lambda ls: getattr(ls, name)(6, **settings), lambda ls: ls.Dense(3))


def _both_ways(name: str, **settings: Any) -> Build:
    return stack(
        SOUND, lambda ls: ls.Bidirectional(getattr(ls, name)(4, **settings)), lambda ls: ls.Dense(3)
    )


def _embedding(keras: Any) -> Any:
    layers = keras.layers
    words = layers.Input((6,), dtype="int32", name="words")
    return keras.Model(words, layers.Dense(3)(layers.Flatten()(layers.Embedding(20, 4)(words))))


def _text(keras: Any) -> Any:
    layers = keras.layers
    words = layers.Input((6,), dtype="int32", name="words")
    return keras.Model(words, layers.Dense(2)(layers.LSTM(4)(layers.Embedding(20, 4)(words))))


def _attention(name: str) -> Build:
    @graph((6, 8), (5, 8))
    def build(keras: Any, query: Any, value: Any) -> Any:
        return getattr(keras.layers, name)()([query, value])

    return build


@graph((6, 8))
def _heads(keras: Any, sequence: Any) -> Any:
    return keras.layers.MultiHeadAttention(2, 4)(sequence, sequence)


@graph((6, 8))
def _transformer(keras: Any, sequence: Any) -> Any:
    layers = keras.layers
    seen = layers.MultiHeadAttention(2, 4)(sequence, sequence)
    x = layers.LayerNormalization()(layers.Add()([sequence, seen]))
    y = layers.Dense(8)(layers.Dense(16, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    return layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x))


def networks() -> Iterator[Kind]:
    """Small ones of the families that are trained for microcontrollers."""
    for name, build in (
        ("LeNet", _lenet),
        ("DS-CNN for keywords", _keywords),
        ("residual network", _residual),
        ("inception", _inception),
        ("MobileNetV1", _mobilenet_1),
        ("MobileNetV2", _mobilenet_2),
        ("MobileNetV3", _mobilenet_3),
        ("EfficientNet", _efficientnet),
        ("ShuffleNet unit", _shuffle),
        ("DenseNet block", _dense_block),
        ("autoencoder", _autoencoder),
        ("convolutional autoencoder", _convolutional_autoencoder),
        ("U-Net", _unet),
        ("detector with two scales", _detector),
        ("temporal convolutional network", _temporal),
        ("keyword tutorial: Resizing, Normalization, CNN", _tutorial),
        ("several inputs and outputs", _several),
    ):
        yield Kind("networks", name, build)


def _lenet(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((16, 16, 1), name="image"),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(4, activation="softmax"),
        ]
    )


def _norm(layers: Any, x: Any, activation: str = "relu") -> Any:
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


@graph((20, 10, 1))
def _keywords(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = _norm(layers, layers.Conv2D(8, (6, 4), strides=2, padding="same")(x))
    for _ in range(2):
        x = _norm(layers, layers.DepthwiseConv2D(3, padding="same")(x))
        x = _norm(layers, layers.Conv2D(8, 1)(x))
    x = layers.Flatten()(layers.AveragePooling2D((10, 5))(x))
    return layers.Dense(5, activation="softmax")(x)


@graph((12, 12, 3))
def _residual(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = _norm(layers, layers.Conv2D(6, 3, padding="same")(x))
    y = _norm(layers, layers.Conv2D(12, 3, strides=2, padding="same")(x))
    y = _norm(layers, layers.Conv2D(12, 3, padding="same")(y), "")
    x = layers.Conv2D(12, 1, strides=2, padding="same")(x)
    x = layers.Activation("relu")(layers.Add()([x, y]))
    return layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x))


@graph((12, 12, 4))
def _inception(keras: Any, x: Any) -> Any:
    layers = keras.layers

    def conv(filters: int, size: int, of: Any) -> Any:
        return layers.Conv2D(filters, size, padding="same", activation="relu")(of)

    pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    branches = [
        conv(4, 1, x),
        conv(6, 3, conv(4, 1, x)),
        conv(4, 5, conv(2, 1, x)),
        conv(4, 1, pool),
    ]
    x = layers.Concatenate()(branches)
    return layers.Dense(4)(layers.GlobalMaxPooling2D()(x))


@graph((24, 24, 3))
def _mobilenet_1(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = layers.ReLU(6.0)(
        layers.BatchNormalization()(
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
        )
    )
    for filters, stride in ((8, 1), (12, 2), (12, 1)):
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
        padding = "valid" if stride == 2 else "same"
        x = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Softmax()(layers.Reshape((4,))(layers.Conv2D(4, 1)(layers.Dropout(0.1)(x))))


@graph((24, 24, 3))
def _mobilenet_2(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = layers.ReLU(6.0)(
        layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, padding="same")(x))
    )
    for stride in (1, 2, 1):
        inner = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(16, 1)(x)))
        inner = layers.DepthwiseConv2D(3, strides=stride, padding="same")(inner)
        inner = layers.ReLU(6.0)(layers.BatchNormalization()(inner))
        inner = layers.BatchNormalization()(layers.Conv2D(8, 1)(inner))
        x = layers.Add()([x, inner]) if stride == 1 else inner
    return layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x))


@graph((24, 24, 3))
def _mobilenet_3(keras: Any, x: Any) -> Any:
    layers = keras.layers

    def hard_sigmoid(of: Any) -> Any:
        shifted = layers.ReLU(6.0)(layers.Rescaling(1.0, 3.0)(of))
        return layers.Rescaling(1 / 6)(shifted)

    def hard_swish(of: Any) -> Any:
        return layers.Multiply()([of, hard_sigmoid(of)])

    x = hard_swish(layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, padding="same")(x)))
    inner = hard_swish(layers.BatchNormalization()(layers.Conv2D(16, 1)(x)))
    inner = layers.DepthwiseConv2D(5, padding="same")(inner)
    inner = hard_swish(layers.BatchNormalization()(inner))
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(inner)
    squeezed = layers.Conv2D(4, 1, activation="relu")(squeezed)
    inner = layers.Multiply()([inner, hard_sigmoid(layers.Conv2D(16, 1)(squeezed))])
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(8, 1)(inner))])
    return layers.Dense(4)(hard_swish(layers.Dense(12)(layers.GlobalAveragePooling2D()(x))))


@graph((24, 24, 3))
def _efficientnet(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 1.5, 2.0])(
        layers.Rescaling(1.0)(x)
    )
    x = _norm(layers, layers.Conv2D(8, 3, strides=2, padding="same")(x), "swish")
    inner = _norm(layers, layers.Conv2D(16, 1)(x), "swish")
    inner = _norm(layers, layers.DepthwiseConv2D(3, padding="same")(inner), "swish")
    squeezed = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(inner))
    squeezed = layers.Conv2D(2, 1, activation="swish")(squeezed)
    inner = layers.Multiply()([inner, layers.Conv2D(16, 1, activation="sigmoid")(squeezed)])
    x = layers.Add()([x, _norm(layers, layers.Conv2D(8, 1)(inner), "")])
    return layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x))


@graph((8, 8, 8))
def _shuffle(keras: Any, x: Any) -> Any:
    layers = keras.layers
    left = layers.Conv2D(4, 1)(x)
    right = layers.DepthwiseConv2D(3, padding="same")(layers.Conv2D(4, 1, activation="relu")(x))
    joined = layers.Concatenate()([left, layers.Conv2D(4, 1, activation="relu")(right)])
    mixed = layers.Permute((1, 2, 4, 3))(layers.Reshape((8, 8, 2, 4))(joined))
    return layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Reshape((8, 8, 8))(mixed)))


@graph((10, 10, 4))
def _dense_block(keras: Any, x: Any) -> Any:
    layers = keras.layers
    for _ in range(3):
        y = layers.Conv2D(4, 3, padding="same")(_norm(layers, x))
        x = layers.Concatenate()([x, y])
    x = layers.AveragePooling2D(2)(layers.Conv2D(6, 1)(_norm(layers, x)))
    return layers.Dense(3)(layers.Flatten()(x))


def _autoencoder(keras: Any) -> Any:
    layers = keras.layers
    sizes = (16, 16, 4, 16, 16)
    inner = [
        layer
        for size in sizes
        for layer in (layers.Dense(size), layers.BatchNormalization(), layers.ReLU())
    ]
    return keras.Sequential([layers.Input((32,), name="spectrum"), *inner, layers.Dense(32)])


@graph((16, 16, 1))
def _convolutional_autoencoder(keras: Any, x: Any) -> Any:
    layers = keras.layers
    x = layers.MaxPooling2D()(layers.Conv2D(6, 3, padding="same", activation="relu")(x))
    x = layers.MaxPooling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
    x = layers.UpSampling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)


@graph((16, 16, 3))
def _unet(keras: Any, x: Any) -> Any:
    layers = keras.layers

    def conv(of: Any, filters: int) -> Any:
        return _norm(layers, layers.Conv2D(filters, 3, padding="same")(of))

    first = conv(x, 6)
    second = conv(layers.MaxPooling2D()(first), 8)
    low = conv(layers.MaxPooling2D()(second), 10)
    up = layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(low), second])
    up = layers.Conv2DTranspose(6, 2, strides=2)(conv(up, 8))
    return layers.Conv2D(2, 1, activation="softmax")(conv(layers.Concatenate()([up, first]), 6))


@graph((16, 16, 3))
def _detector(keras: Any, x: Any) -> Any:
    layers = keras.layers

    def conv(of: Any, filters: int, stride: int = 1) -> Any:
        made = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(of)
        return layers.LeakyReLU()(layers.BatchNormalization()(made))

    fine = conv(conv(x, 6, 2), 8)
    coarse = conv(fine, 10, 2)
    merged = layers.Concatenate()([layers.UpSampling2D()(conv(coarse, 6)), fine])
    heads = [
        layers.Conv2D(7, 1, name=name)(of)
        for name, of in (("large", coarse), ("small", conv(merged, 6)))
    ]
    return [layers.Reshape((-1, 7))(head) for head in heads]


@graph((32, 4))
def _temporal(keras: Any, x: Any) -> Any:
    layers = keras.layers
    for dilation in (1, 2, 4):
        y = layers.Conv1D(6, 3, padding="causal", dilation_rate=dilation, activation="relu")(x)
        x = layers.Add()([layers.Conv1D(6, 1)(x), layers.SpatialDropout1D(0.1)(y)])
    return layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x))


def _tutorial(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((30, 20, 1), name="spectrogram"),
            layers.Resizing(16, 16),
            layers.Normalization(mean=0.2, variance=2.0),
            layers.Conv2D(6, 3, activation="relu"),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(4),
        ]
    )


def _several(keras: Any) -> Any:
    layers = keras.layers
    image = layers.Input((8, 8, 1), name="camera")
    row = layers.Input((5,), name="sensors")
    seen = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(image))
    x = layers.Concatenate()([seen, layers.Dense(4, activation="tanh")(row)])
    outputs = [
        layers.Dense(3, activation="softmax", name="what")(x),
        layers.Dense(1, name="where")(x),
    ]
    return keras.Model([image, row], outputs)


KINDS = (*sequences(), *networks())
