"""A model's names are data in its C: whatever they say, they end no comment and no string."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.tflite_file import single_operator, tensor
from tinygen import csource, passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.render import model_files
from tinygen.project import sources
from tinygen.project.library import SOURCES
from tinygen.templates import Identity

HOSTILE = (
    "*/ int stolen = 1; /*",
    '" ; int stolen = 1; char t[] = "',
    "??/",
    "line\n#error stolen\nline",
    "\\",
    "%s%n",
    "a\x1b[31mb\u202ec",
    "x" * 5000,
)


@pytest.mark.invariant("S6")
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_compiled_as_data(name: str, tmp_path: Path) -> None:
    """Of the model, of its tensors, of the board: compiled with warnings as errors."""
    source = tensor((1, 4, 4, 2), scale=0.5, name=name)
    target = tensor((1, 2, 2, 2), scale=0.5, name=name)
    options = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    content = single_operator("MAX_POOL_2D", [source], [target], options)
    graph = passes.simplify(tflite.read(content, name))
    program = aot.compile_graph(graph)
    identity = Identity(name=name, engine="aot", board=name, sha256="0" * 64, version="0")
    files = {f"{SOURCES}/{n}": text.encode() for n, text in model_files(program, identity).items()}
    for name_of_file, data in {**files, **sources.kernel_files(program.kernels)}.items():
        (tmp_path / name_of_file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name_of_file).write_bytes(data)
    folders = {path.parent for path in tmp_path.rglob("*.h")}
    folders |= {folder.parent for folder in folders}
    for path in sorted((tmp_path / SOURCES).glob("*.c")):
        command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wtrigraphs", "-Werror", "-fsyntax-only"]
        subprocess.run([*command, *(f"-I{f}" for f in folders), str(path)], check=True)
        assert "\x1b" not in path.read_text("utf-8")
        assert not [line for line in path.read_text().splitlines() if line.startswith("#error")]


@pytest.mark.invariant("S6")
@given(st.text(max_size=300))
def test_any_text_stays_in_its_comment_or_string(text: str) -> None:
    said = csource.comment(text)
    assert "*/" not in said
    assert "/*" not in said
    quoted = csource.string(text)
    inner = quoted[1:-1]
    assert quoted[0] == quoted[-1] == '"'
    assert inner.replace("\\\\", "").replace('\\"', "").count('"') == 0
    for written in (said, quoted):
        assert all(" " <= character <= "~" for character in written)
