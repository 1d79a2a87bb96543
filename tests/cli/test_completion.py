"""What the shell completes: bash asks the program itself, by its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import tinygen


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tinygen ver", {"verify"}),
        ("tinygen build --board qemu-cortex-m3", {"qemu-cortex-m3", "qemu-cortex-m33"}),
        ("tinygen boards pico", {"pico", "pico2"}),
        ("tinygen build --optimize s", {"speed", "size"}),
        ("tinygen generate --engine t", {"tflm"}),
    ],
)
def test_what_is_offered(typed: str, offered: set[str], tmp_path: Path) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    ran = tinygen(cwd=tmp_path, env={"_TINYGEN_COMPLETE": "complete_bash", **words})
    assert set(ran.out.split()) == offered, ran.err
