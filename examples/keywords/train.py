"""Train a depthwise-separable CNN to spot "yes" and "no" in a second of speech.

Nobody was recorded for it: espeak-ng (apt install espeak-ng, 13 MB) says the words, in a hundred
voices and several accents of English, at many pitches and speeds, and noise and loudness vary.
The voices tested with, and half of the other words, were not trained with. It shows how a keyword
spotter is made and proven; for a product, put recordings of people in place of `spoken`.

Features are log-mel energies: 49 windows of 40 ms every 20 ms, 20 bands from 80 to 4,000 Hz. The
shape of the network is that of "Hello Edge" (Zhang et al., 2017, arXiv:1711.07128), smaller.
Writes, into the folder given:

    keywords.keras  the trained Keras model
    train.npz       samples to quantize with, with their labels
    test.npz        samples of voices it was not trained on, with their labels
    one.npy         one sample: a "yes"
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

CLASSES = ("no", "silence", "unknown", "yes")
KEYWORDS = ("yes", "no")
OTHERS = (
    ("bird", "cat", "down", "five", "go", "house", "left", "nine", "right", "seven", "six"),
    ("bed", "dog", "eight", "four", "happy", "off", "stop", "three", "two", "up", "zero"),
)
"""Words that are neither: those trained with, those tested with."""
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
HERTZ = 22_050
"""What espeak-ng writes."""
WINDOW, HOP, WINDOWS = HERTZ * 40 // 1000, HERTZ * 20 // 1000, 49
BANDS, LOWEST, HIGHEST = 20, 80.0, 4_000.0
SEED = 1
EPOCHS = 20


class Utterance(NamedTuple):
    """What is said, and how."""

    word: str
    voice: str
    pitch: int
    speed: int


def voices() -> list[str]:
    """espeak-ng's variants of a voice, by their files' names."""
    if shutil.which("espeak-ng") is None:
        sys.exit("keywords: espeak-ng says the words, and is not installed: apt install espeak-ng")
    listed = subprocess.run(
        ["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True
    ).stdout
    return sorted(line.split("!v/")[1].split()[0] for line in listed.splitlines()[1:])


def spoken(utterance: Utterance) -> np.ndarray:
    """The word as sound, (samples,), within -1 to 1, at 22,050 Hz."""
    how = ["-v", utterance.voice, "-p", str(utterance.pitch), "-s", str(utterance.speed)]
    said = subprocess.run(
        ["espeak-ng", *how, "--stdout", utterance.word], capture_output=True, check=True
    ).stdout
    with wave.open(io.BytesIO(said)) as file:
        frames = file.readframes(file.getnframes())
    sound = np.frombuffer(frames[: len(frames) // 2 * 2], "<i2").astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    return sound[loud[0] : loud[-1]] if loud.size else sound[:0]


def second(sound: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One second, (22050,): the sound somewhere in it, louder or softer, with noise."""
    made = generator.normal(0, 10 ** generator.uniform(-4, -1.7), HERTZ).astype(np.float32)
    sound = sound[:HERTZ]
    start = generator.integers(HERTZ - len(sound) + 1)
    made[start : start + len(sound)] += generator.uniform(0.2, 1) * sound
    return made


def features(seconds: np.ndarray) -> np.ndarray:
    """Log-mel energies of seconds of sound, (n, 22050): (n, 49, 20, 1)."""
    spectra = tf.abs(tf.signal.stft(seconds, WINDOW, HOP))[:, :WINDOWS]
    mel = tf.signal.linear_to_mel_weight_matrix(BANDS, spectra.shape[-1], HERTZ, LOWEST, HIGHEST)
    logarithms: np.ndarray = tf.math.log(spectra @ mel + 1e-3).numpy()
    return logarithms[..., np.newaxis]


def samples(
    chosen: list[str], others: tuple[str, ...], generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Every keyword and as many other words by each voice in each accent, and silences."""
    utterances = [
        Utterance(word, f"{accent}+{voice}", *generator.integers((20, 120), (80, 200)).tolist())
        for voice in chosen
        for accent in ACCENTS
        for word in (*KEYWORDS, *generator.choice(others, 2).tolist())
    ]
    with ThreadPoolExecutor() as pool:
        sounds = list(pool.map(spoken, utterances))
    names = [u.word if u.word in KEYWORDS else "unknown" for u in utterances]
    quiet = len(names) // 6
    sounds += [np.zeros(0, np.float32)] * quiet
    names += ["silence"] * quiet
    order = generator.permutation(len(names))
    heard = features(np.stack([second(sounds[at], generator) for at in order]))
    return heard, np.array(names)[order]


def network() -> keras.Model:
    """A DS-CNN over 49 windows of 20 bands."""
    layers = keras.layers
    made = [
        keras.Input((WINDOWS, BANDS, 1), name="log_mel"),
        layers.Normalization(axis=None, name="scale"),
        layers.Conv2D(24, (10, 4), strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]
    for _ in range(3):
        made += [
            layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(24, 1, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]
    made += [
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2),
        layers.Dense(len(CLASSES), activation="softmax", name="keyword"),
    ]
    return keras.Sequential(made, name="keywords")


def main(folder: Path) -> None:
    """Synthesize, train, evaluate and save."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    shuffled = generator.permutation(voices()).tolist()
    tested = len(shuffled) // 5
    train_x, train_names = samples(shuffled[tested:], OTHERS[0], generator)
    test_x, test_names = samples(shuffled[:tested], OTHERS[1], generator)
    train_y, test_y = (
        np.array([CLASSES.index(name) for name in names]) for names in (train_names, test_names)
    )
    model = network()
    model.get_layer("scale").adapt(train_x)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train_x, train_y, batch_size=32, epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(test_x, test_y, verbose=0)
    model.save(folder / "keywords.keras")
    np.savez(folder / "train.npz", x=train_x[:200], y=train_names[:200])
    np.savez(folder / "test.npz", x=test_x, y=test_names)
    np.save(folder / "one.npy", test_x[list(test_names).index("yes")])
    print(
        f"keywords: {model.count_params():,} parameters, float accuracy {100 * accuracy:.1f} % on "
        f"{len(test_x)} seconds of {tested} voices not trained with"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
