"""Keyword spotters of Keras over log-mel windows of real sound, small and quick to train.

The sound is recordings: Debian's alsa-utils brings nine, a voice that says "front left" and so on,
in /usr/share/sounds/alsa, 12.8 seconds in all.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from tinygen.ir import Array

WINDOW, BANDS = 49, 20
"""Frames that a spotter looks at, and numbers in each."""
_LENGTH, _STEP = 0.030, 0.010
"""Seconds of sound in a frame, and from one to the next."""
_LOWEST, _HIGHEST = 80.0, 7_600.0


def log_mel(path: Path) -> Array:
    """The frames of a recording of 16 bits: float32 (frames, bands)."""
    with wave.open(str(path)) as file:
        hertz, channels = file.getframerate(), file.getnchannels()
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    sound = raw.reshape(-1, channels)[:, 0].astype(np.float64) / 32768
    length, step = round(_LENGTH * hertz), round(_STEP * hertz)
    starts = range(0, len(sound) - length, step)
    window = np.hanning(length)
    power = np.array([np.abs(np.fft.rfft(window * sound[s : s + length])) ** 2 for s in starts])
    made: Array = np.log(power @ _triangles(length, hertz) + 1e-4).astype(np.float32)
    return made


def _triangles(length: int, hertz: int) -> Array:
    """Weights of the mel bands, (frequencies, bands)."""

    def mel(frequency: float) -> float:
        return 2595 * float(np.log10(1 + frequency / 700))

    places = np.linspace(mel(_LOWEST), mel(_HIGHEST), BANDS + 2)
    corners = 700 * (10 ** (places / 2595) - 1)
    bins = np.fft.rfftfreq(length, 1 / hertz)
    low, middle, high = (corners[i : i + BANDS] for i in range(3))
    up = (bins[:, None] - low) / (middle - low)
    down = (high - bins[:, None]) / (high - middle)
    return np.clip(np.minimum(up, down), 0, None)


def heard(folder: Path) -> tuple[Array, Array, tuple[str, ...]]:
    """All frames of a folder's recordings one after the other, (frames, bands); for each frame the
    number of the word that is being said, the first of its file's name; and the words."""
    files = sorted(folder.glob("*.wav"))
    words = tuple(sorted({file.stem.split("_")[0] for file in files}))
    parts = [log_mel(file) for file in files]
    numbers = [
        np.full(len(part), words.index(file.stem.split("_")[0]))
        for file, part in zip(files, parts, strict=True)
    ]
    return np.concatenate(parts), np.concatenate(numbers), words


def windows(frames: Array) -> Array:
    """Every window that ends with a frame: (windows, frames, bands, 1)."""
    view = np.lib.stride_tricks.sliding_window_view(frames, WINDOW, axis=0)
    return np.moveaxis(view, -1, 1)[..., np.newaxis].copy()


def padded(classes: int) -> Any:
    """The DS-CNN of the tutorial, of "Hello Edge": strides of two, then 3x3 with padding."""
    parts = [
        keras.Input((WINDOW, BANDS, 1)),
        layers.Conv2D(24, (10, 4), strides=2, padding="same", activation="relu"),
    ]
    for _ in range(3):
        parts += [
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.Conv2D(24, 1, activation="relu"),
        ]
    return _headed("padded", parts, classes)


def unpadded(classes: int) -> Any:
    """The same without padding along time, and without a stride there."""
    parts = [
        keras.Input((WINDOW, BANDS, 1)),
        layers.ZeroPadding2D((0, 1)),
        layers.Conv2D(24, (10, 4), strides=(1, 1), activation="relu"),
        layers.MaxPooling2D((1, 2)),
    ]
    for _ in range(3):
        parts += [
            layers.ZeroPadding2D((0, 1)),
            layers.DepthwiseConv2D(3, activation="relu"),
            layers.Conv2D(24, 1, activation="relu"),
        ]
    return _headed("unpadded", parts, classes)


def causal(classes: int) -> Any:
    """One-dimensional, dilated, causal convolutions with a residual each, read at the last frame:
    a temporal convolutional network."""
    source = keras.Input((WINDOW, BANDS))
    now = layers.Conv1D(32, 3, padding="causal", activation="relu")(source)
    for dilation in (1, 2, 4, 8):
        inner = layers.Conv1D(32, 3, padding="causal", dilation_rate=dilation, activation="relu")(
            now
        )
        now = layers.Add()([now, inner])
    last = now[:, -1, :]
    return keras.Model(source, layers.Dense(classes, activation="softmax")(last), name="causal")


def _headed(name: str, parts: list[Any], classes: int) -> Any:
    head = [layers.GlobalAveragePooling2D(), layers.Dense(classes, activation="softmax")]
    return keras.Sequential([*parts, *head], name=name)


SPOTTERS = (padded, unpadded, causal)
