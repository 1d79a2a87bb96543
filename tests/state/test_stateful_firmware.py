"""A model that remembers, on an emulated board: sequences, order and reset are proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.state.models import FEATURES, FRAMES, streaming
from tinygen import tflite
from tinygen.api.own_data import stored_vectors
from tinygen.project import open_project
from tinygen.project.library import SOURCES

BOARD = "qemu-cortex-m4"


def _file(folder: Path) -> Path:
    path = folder / "stream.tflite"
    path.write_bytes(streaming())
    return path


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("stream")
    frames = np.random.default_rng(5).normal(0, 4, (50, FRAMES, 1, FEATURES))
    tinygen.build(_file(folder), board=BOARD, engine="aot", data=frames, out=folder / "project")
    yield folder / "project"
    tinygen.stop(folder / "project")


def test_sequences_match_and_so_does_what_the_user_runs(project: Path) -> None:
    checks = stored_vectors(open_project(project))
    assert checks.starts is not None
    starts = np.flatnonzero(checks.starts)
    assert starts[:2].tolist() == [0, 50], "the data are one sequence, as they come"
    assert {"edge: again", "edge: backwards"} <= set(checks.origins)
    again = checks.origins.index("edge: again")
    assert np.array_equal(checks.expected[0][again : again + 20], checks.expected[0][:20])
    backwards = checks.expected[0][again + 20 : again + 40]
    assert not np.array_equal(backwards[::-1], checks.expected[0][:20])
    result = tinygen.verify(project)
    assert (result.verdict, result.vectors) == (tinygen.Verdict.MATCH, len(checks))

    frames = np.random.default_rng(8).normal(0, 4, (9, FRAMES, 1, FEATURES))
    own = tinygen.verify(project, data=frames)
    assert (own.verdict, own.vectors) == (tinygen.Verdict.MATCH, 9)
    one, two = (tinygen.run(frames, project).answers for _ in range(2))
    for first, second in zip(one, two, strict=True):
        assert np.array_equal(first.codes[0], second.codes[0]), "each run begins anew"
    alone = tinygen.run(frames[5:6], project).answers[0]
    assert not np.array_equal(alone.codes[0], one[5].codes[0])


def test_each_layer_is_right_in_its_sequence(project: Path) -> None:
    looked = tinygen.verify_layers(project, vectors=5)
    assert (looked.verdict, looked.vectors) == (tinygen.Verdict.MATCH, 5)
    assert tinygen.profile(project, vectors=2).layers


def test_firmware_that_does_not_forget_is_found_out(tmp_path: Path) -> None:
    """`model_reset` without its statements: right up to the second sequence."""
    other = tmp_path / "other"
    tinygen.build(_file(tmp_path), board=BOARD, engine="aot", out=other)
    source = other / SOURCES / "model.c"
    text = source.read_text()
    head = "void model_reset(void) {\n"
    start = text.index(head) + len(head)
    source.write_text(text[:start] + "  static int once;\n  if (once++) return;\n" + text[start:])
    options = {"board": BOARD, "engine": "aot", "out": other}
    tinygen.build(tmp_path / "stream.tflite", edited="keep", **options)  # type: ignore[arg-type]
    result = tinygen.verify(other)
    tinygen.stop(other)
    assert result.verdict is tinygen.Verdict.MISMATCH
    checks = stored_vectors(open_project(other))
    assert checks.starts is not None
    assert result.first_mismatch is not None
    assert result.first_mismatch.vector >= np.flatnonzero(checks.starts)[1]


@pytest.mark.usefixtures("tree")
def test_the_interpreter_forgets_too(tmp_path: Path) -> None:
    """Its own reset does not give variables the values that the file says: it is started anew."""
    out = tmp_path / "project"
    tinygen.build(_file(tmp_path), board=BOARD, engine="tflm", kernel_set="cmsis_nn", out=out)
    result = tinygen.verify(out)
    tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH
    looked = tinygen.verify_layers(out, vectors=3)
    assert (looked.verdict, looked.vectors) == (tinygen.Verdict.MATCH, 3)
    file = tflite.parse(streaming(), "stream")
    kinds = [layer.operators for layer in tinygen.profile(out, vectors=1).layers]
    assert kinds == [(call.kind,) for call in file.calls]
