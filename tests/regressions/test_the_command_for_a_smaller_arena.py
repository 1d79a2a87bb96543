"""`verify` printed `tinygen build model.tflite ./--board ./--engine`, which could not be pasted,
and left out the kernel set whose arena it is."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from tests.project.test_manifest import WHOLE
from tinygen.api.memory_used import with_arena
from tinygen.project.folder import Project


def test_it_says_what_was_built(tmp_path: Path) -> None:
    source = replace(WHOLE.model.source, file="-my model.tflite")
    manifest = replace(
        WHOLE,
        engine="tflm",
        model=replace(WHOLE.model, source=source),
        told=replace(WHOLE.told, kernel_set="reference", debug=True),
    )
    project = Project(tmp_path / "my project", manifest)
    words = shlex.split(with_arena(project, 4096))
    assert words[:3] == ["tinygen", "build", "./-my model.tflite"]
    given = dict(zip(words[3:-2:2], words[4:-2:2], strict=True))
    assert given["--board"] == manifest.board.id
    assert (given["--engine"], given["--kernel-set"]) == ("tflm", "reference")
    assert (given["--arena"], given["--out"]) == ("4096", str(tmp_path / "my project"))
    assert words[-2:] == ["--debug", "--keep-edges"]
