"""The example that takes a wake word from a package: from stand-ins of that and of voices."""

from __future__ import annotations

import json
import runpy
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runner import ROOT

SCRIPT = ROOT / "examples" / "wakeword" / "hear.py"
VOICE = """
import io, sys, wave
import numpy as np
out = io.BytesIO()
with wave.open(out, "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050)
    file.writeframes((np.sin(np.arange(11025) / 9) * 9000).astype("<i2").tobytes())
sys.stdout.buffer.write(out.getvalue())
"""


class MicroFrontend:
    """Forty features for every chunk of 160 samples: how loud it is."""

    def process_samples(self, content: bytes) -> Any:
        loud = float(np.abs(np.frombuffer(content, "<i2").astype(float)).mean())
        return types.SimpleNamespace(samples_read=160, features=[loud] * 40)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    features = types.ModuleType("pymicro_features")
    vars(features)["MicroFrontend"] = MicroFrontend
    monkeypatch.setitem(sys.modules, "pymicro_features", features)
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def made(script: dict[str, Any], tmp_path: Path) -> Path:
    """What `make` leaves there, for two voices that beep."""
    wheel = tmp_path / "pymicro_wakeword-1.whl"
    settings = {"micro": {"probability_cutoff": 0.85, "sliding_window_size": 5}}
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("pymicro_wakeword/models/okay_nabu.tflite", b"TFL3")
        file.writestr("pymicro_wakeword/models/okay_nabu.json", json.dumps(settings))
    make = script["make"]
    make.__globals__["voices"] = lambda: [(n, [sys.executable, "-c", VOICE]) for n in "abcd"]
    make(tmp_path / "out", wheel, None, 0)
    return tmp_path / "out"


def test_each_is_heard_where_it_is_said(made: Path) -> None:
    steps = np.load(made / "stream.npz")["x"]
    said = json.loads((made / "said.json").read_text())
    assert steps.shape[1:] == (3, 40)
    assert [one["kind"] for one in said] == ["word", "other", "other"] * 4
    assert said[-1]["to"] == pytest.approx(len(steps), abs=1)
    for one in said:  # a quarter of a second of silence, half a one of sound
        part = steps[one["from"] : one["to"]].mean((1, 2))
        assert part[:7].max() < 100 < part[10:22].min()
    assert len(np.load(made / "short.npz")["x"]) == said[9]["to"]


def test_what_was_taken_for_the_word_is_counted(
    script: dict[str, Any], made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One is missed, one is another word; what is still above where the next begins counts once."""
    said = json.loads((made / "said.json").read_text())
    values = np.zeros(said[-1]["to"] + 9)
    for one in (said[0], said[3], said[6]):
        values[one["from"] + 12 : one["to"] + 3] = 1
    values[said[10]["from"] + 9 : said[10]["from"] + 20] = 0.9
    answers = [{"outputs": [[float(value)]]} for value in values]
    (made / "heard.json").write_text(json.dumps({"answers": answers}))
    script["count"](made)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in shown] == [
        "word: 3 of 4",
        "  d: Okay Nabu.",
        "other: 1 of 8",
        f"  d: {said[10]['text']}",
    ]
