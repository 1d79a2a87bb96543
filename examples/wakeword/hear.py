"""Take a wake word from a package, let voices say it, and make the sound features that it hears.

The network is microWakeWord's "Okay Nabu" (Kevin Ahrendt), int8 and streaming: every 30 ms it takes
three frames of 40 features and remembers what it needs of those before. It comes in the wheel of
the Python package pymicro-wakeword, which need not be installed; the features are computed by the
package pymicro-features, which has to be, as in ESPHome's firmware. The voices are those of the
programs flite and espeak-ng; `--others` is a folder of recordings in which nobody says it.

    pip install pymicro-features
    pip download --no-deps pymicro-wakeword
    python hear.py make OUT pymicro_wakeword-*.whl [--others FOLDER] [--seconds 300]
    tinygen run FIRMWARE --input OUT/stream.npz --json > OUT/heard.json
    python hear.py count OUT

`make` writes, into the folder OUT:

    okay_nabu.tflite  the model, okay_nabu.json what it is used with
    stream.npz        everything that was said, one after the other, half a second apart
    short.npz         the first ten of it
    said.json         who said what from when to when, in steps of 30 ms

`count` says how often the device took what for the wake word.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import subprocess
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

RATE = 16000
NAME = "okay_nabu"
WORD = "Okay Nabu."
OTHERS = (
    *("Okay Google.", "Hey Jarvis.", "Alexa.", "Okay, now boost the volume.", "Nobody is okay."),
    *("What a boo, okay?", "The weather is nice today.", "Turn off the light in the kitchen."),
)
STRIDE = 3
"""Frames of 10 ms to an inference."""


def voices() -> Iterator[tuple[str, list[str]]]:
    """A name for each voice, and the command that speaks a text behind it to standard output."""
    for voice, pace in itertools.product(("awb", "rms", "slt", "kal16"), ("0.9", "1.1")):
        options = ["-voice", voice, "--setf", f"duration_stretch={pace}"]
        yield f"flite {voice} {pace}", ["flite", *options, "-o", "/dev/stdout", "-t"]
    accents = ("en-us", "en-gb", "en-gb-scotland")
    for accent, kind, pace in itertools.product(accents, ("m3", "f2"), ("130", "160")):
        options = ["-v", f"{accent}+{kind}", "-s", pace]
        yield f"espeak {accent} {kind} {pace}", ["espeak-ng", *options, "--stdout"]


def spoken(command: list[str], text: str) -> np.ndarray:
    """What a voice says, 16,000 numbers a second in -1..1."""
    done = subprocess.run([*command, text], check=True, capture_output=True)
    return samples(done.stdout)


def samples(content: bytes) -> np.ndarray:
    """Those of a WAV file of 16 bits, at 16 kHz."""
    with wave.open(io.BytesIO(content)) as file:
        rate = file.getframerate()
        raw = file.readframes(1 << 24)
    sound = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float64) / 32768
    count = round(len(sound) * RATE / rate)
    spectrum = np.fft.rfft(sound)
    wanted = np.zeros(count // 2 + 1, complex)
    both = min(len(spectrum), len(wanted))
    wanted[:both] = spectrum[:both]
    return np.asarray(np.fft.irfft(wanted, count) * count / len(sound))


def features(sound: np.ndarray) -> np.ndarray:
    """(frames of 10 ms, 40), as the package's own loop makes them."""
    from pymicro_features import MicroFrontend

    frontend, found = MicroFrontend(), []
    codes = np.clip(sound * 32768, -32768, 32767).astype("<i2").tobytes()
    at = 0
    while at + 320 <= len(codes):
        result = frontend.process_samples(codes[at : at + 320])
        at += result.samples_read * 2
        if result.features:
            found.append(result.features)
    return np.array(found, np.float32)


def make(out: Path, wheel: Path, others: Path | None, seconds: float) -> None:
    """See above."""
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as file:
        for suffix in ("tflite", "json"):
            content = file.read(f"pymicro_wakeword/models/{NAME}.{suffix}")
            (out / f"{NAME}.{suffix}").write_bytes(content)
    generator = np.random.default_rng(1)
    parts: list[np.ndarray] = []
    said: list[dict[str, Any]] = []
    length = 0

    def add(kind: str, who: str, text: str, sound: np.ndarray) -> None:
        nonlocal length
        sound = 0.3 * sound / max(float(np.abs(sound).max()), 1e-9)
        sound = np.concatenate([np.zeros(RATE // 4), sound, np.zeros(RATE // 4)])
        sound = sound + generator.normal(0, 3e-4, len(sound))  # a room is never quite silent
        begin = length
        length += len(sound)
        parts.append(sound)
        steps = [round(at / RATE * 100 / STRIDE) for at in (begin, length)]
        said.append({"kind": kind, "who": who, "text": text, "from": steps[0], "to": steps[1]})

    for number, (who, command) in enumerate(voices()):
        add("word", who, WORD, spoken(command, WORD))
        for text in (OTHERS[(2 * number + i) % len(OTHERS)] for i in range(2)):
            add("other", who, text, spoken(command, text))
    begin = length
    for path in sorted(others.rglob("*.wav")) if others is not None else ():
        if length - begin > seconds * RATE:
            break
        add("recording", path.parent.name, path.stem, samples(path.read_bytes()))
    frames = features(np.concatenate(parts))
    frames = frames[: len(frames) // STRIDE * STRIDE].reshape(-1, STRIDE, 40)
    np.savez(out / "stream.npz", x=frames)
    np.savez(out / "short.npz", x=frames[: said[9]["to"]])
    (out / "said.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    print(f"{len(said)} utterances, {len(frames)} steps, {length / RATE:.0f} s")


def count(out: Path) -> None:
    """How often each kind was taken for the wake word, by what the device gave step by step."""
    settings = json.loads((out / f"{NAME}.json").read_text("utf-8"))["micro"]
    heard = json.loads((out / "heard.json").read_text("utf-8"))
    values = np.array([one["outputs"][0] for one in heard["answers"]]).reshape(-1)
    window = settings["sliding_window_size"]
    mean = np.convolve(values, np.ones(window) / window)[: len(values)]
    above = mean > settings["probability_cutoff"]
    begins = np.flatnonzero(above & ~np.roll(above, 1))
    said = json.loads((out / "said.json").read_text("utf-8"))
    for kind in dict.fromkeys(one["kind"] for one in said):
        mine = [one for one in said if one["kind"] == kind]
        taken = [one for one in mine if any(one["from"] <= at < one["to"] for at in begins)]
        minutes = sum(one["to"] - one["from"] for one in mine) * STRIDE / 100 / 60
        print(f"{kind}: {len(taken)} of {len(mine)}, {minutes:.1f} minutes")
        for one in mine:
            if (one in taken) != (kind == "word"):
                print(f"  {one['who']}: {one['text']}")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("out", type=Path)
    making.add_argument("wheel", type=Path, help="that of pymicro-wakeword")
    making.add_argument("--others", type=Path, help="a folder of WAV files without the word")
    making.add_argument("--seconds", type=float, default=300, help="of those, at the most")
    commands.add_parser("count").add_argument("out", type=Path)
    options = parser.parse_args()
    if options.command == "make":
        make(options.out, options.wheel, options.others, options.seconds)
    else:
        count(options.out)


if __name__ == "__main__":
    main()
