"""A stream on an emulated board, by both engines: hop by hop, over sequences and after a reset."""

from __future__ import annotations

import wave
from pathlib import Path

import keras
import numpy as np
import pytest

import tinygen
from tests.streaming.__main__ import compared, int8_model
from tests.streaming.models import spotter
from tests.streaming.spotters import causal, log_mel, windows

BOARD = "qemu-cortex-m4"


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_a_stream_matches(engine: str, tmp_path: Path) -> None:
    window, out = tmp_path / "window.tflite", tmp_path / "project"
    window.write_bytes(spotter(rows=20))
    made = tinygen.stream(window, out=tmp_path / "stream.tflite")
    frames = np.random.default_rng(2).normal(0, 4, (30, *made.input.sample))
    tinygen.build(made.path, board=BOARD, engine=engine, data=frames, out=out)
    result = tinygen.verify(out)
    tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH
    assert result.vectors > 60, "the frames, and edges in sequences"


def test_a_causal_spotter_of_keras_on_sound(tmp_path: Path) -> None:
    """Dilated convolutions with a residual each, read at the last frame: a row of each layer."""
    rng = np.random.default_rng(4)
    hertz, seconds = 16_000, 1.4
    time = np.arange(round(hertz * seconds)) / hertz
    sweep = np.sin(2 * np.pi * (300 + 900 * time) * time) * np.sin(9 * time)
    sound = 9_000 * sweep + rng.normal(0, 300, time.shape)
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, hertz, 0, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())
    frames = log_mel(tmp_path / "tone.wav")
    frames = (frames - frames.mean()) / frames.std()
    shaped = windows(frames)[..., 0]
    model = tmp_path / "causal.keras"
    keras.utils.set_random_seed(1)
    causal(4).save(model)
    made = tinygen.stream(model, data=shaped[::4], out=tmp_path / "stream.tflite")
    assert (made.hop, made.least_hop) == (1, 1)
    assert made.macs_hop < 0.025 * made.macs_window
    assert {layer.computed_rows for layer in made.layers if layer.macs_window} == {1, None}
    tinygen.generate(model, data=shaped[::4], board=BOARD, out=tmp_path / "window")
    batch = int8_model(tmp_path / "window" / "model.tflite")
    count, different = compared(batch, int8_model(made.path), frames[:70], made.hop)
    assert count == 70
    assert different > 30
