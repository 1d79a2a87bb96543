"""What is said of ten models that are refused: all layers at once, each with what to do.

python -m tests.quantize.test_refused_models     # writes refused.txt anew
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.quantize.refused import REFUSED
from tests.regressions.keras_models import keras_module
from tinygen.errors import InputError

TEXTS = Path(__file__).with_name("refused.txt")
_RULE = "-" * 80


def said(build: Callable[[Any], Any], package: str) -> str:
    """What `inspect` says of it, as people see it."""
    with tempfile.TemporaryDirectory(prefix="tinygen-refused-") as folder:
        path = Path(folder) / f"{build.__name__}.keras"
        keras = keras_module(package)
        keras.backend.clear_session()  # names count up within a process
        build(keras).save(str(path))
        with pytest.raises(InputError) as caught:
            tinygen.inspect(path)
    error = caught.value
    return f"{build.__name__}\n{error.what}\n{error.why}\nnext: {error.next_step}\n"


def written() -> dict[str, str]:
    """By its name, what refused.txt says of each."""
    return {text.split("\n", 1)[0]: text for text in TEXTS.read_text("utf-8").split(_RULE + "\n")}


@pytest.mark.parametrize(
    ("build", "package"), REFUSED, ids=lambda one: getattr(one, "__name__", one)
)
def test_what_is_said(build: Callable[[Any], Any], package: str) -> None:
    assert said(build, package) == written()[build.__name__]


def test_there_are_ten_and_none_is_told_what_it_did() -> None:
    texts = written()
    assert list(texts) == [build.__name__ for build, _ in REFUSED]
    assert len(texts) == 10
    assert not any("give the Keras model" in text or "with tinygen from" in text for text in texts)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    TEXTS.write_text(f"{_RULE}\n".join(said(*one) for one in REFUSED), "utf-8")
