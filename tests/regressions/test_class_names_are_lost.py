"""The class names of a folder of images were read and then lost.

They are in the manifest, in `model.h` and in the reports now.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import generate
from tinygen.api.classes import Classes, agreed, numbered_by, with_labels
from tinygen.data import Dataset
from tinygen.ir import DType, Edge
from tinygen.progress import Silent
from tinygen.project import manifest
from tinygen.proof.vectors import Samples
from tinygen.report import text

FOLDERS = (
    '"zero"',
    "one\\",
    "two??!",
    "drei\u00df",
    "\x1b[2Jfour",
    "five",
    "six",
    "7\u65e5",
    "8",
    "9 9",
)


NAMES = tuple(name.replace("\x1b", "\\x1b") for name in sorted(FOLDERS))


def images(folder: Path, names: tuple[str, ...] = FOLDERS) -> Path:
    numbers = np.random.default_rng(4)
    for name in names:
        (folder / name).mkdir(parents=True)
        for index in range(11):
            pixels = numbers.integers(0, 256, (8, 8), np.uint8)
            PIL.Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    images(folder / "images")
    result = generate(
        GOLDEN_MODEL,
        board="qemu-cortex-m3",
        data=str(folder / "images"),
        image_range=(0.0, 1.0),
        out=folder / "out",
    )
    assert result.classes == NAMES
    return folder / "out"


def test_the_manifest_has_them(project: Path) -> None:
    (output,) = manifest.read(project).model.outputs
    assert output.labels == NAMES
    assert json.loads((project / "tinygen.json").read_text())["model"]["inputs"][0]["labels"] == []


def test_model_h_has_them(project: Path, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    header = next(project.rglob("model.h"))
    source = tmp_path / "names.c"
    source.write_text(
        '#include <stdio.h>\n#include "model.h"\n'
        "static const char *const names[] = MODEL_OUTPUT_0_LABELS;\n"
        "int main(void) {\n"
        "  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) puts(names[i]);\n"
        "  return 0;\n}\n"
    )
    options = ["-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Werror", f"-I{header.parent}"]
    subprocess.run([compiler, *options, str(source), "-o", str(tmp_path / "names")], check=True)
    printed = subprocess.run([tmp_path / "names"], capture_output=True, check=True).stdout
    assert tuple(printed.decode().splitlines()) == NAMES


def test_without_names_model_h_is_as_before(tmp_path: Path) -> None:
    generate(GOLDEN_MODEL, board="qemu-cortex-m3", out=tmp_path / "out")
    header = next((tmp_path / "out").rglob("model.h")).read_text()
    assert "LABELS" not in header
    assert manifest.read(tmp_path / "out").model.outputs[0].labels == ()


def test_the_report_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images(tmp_path / "images", tuple("abcdefghij"))
    result = generate(
        GOLDEN_MODEL, board="qemu-cortex-m3", data=str(tmp_path / "images"), out=tmp_path / "out"
    )
    text.print_report(text.generate_report(result))
    assert "0 a, 1 b, 2 c" in capsys.readouterr().out


def output(name: str, elements: int) -> Edge:
    return Edge(name, (1, elements), DType.INT8, 0.1, 0, (), None)


def data(names: tuple[str, ...], labels: list[int]) -> Dataset:
    array = np.zeros((len(labels), 2), np.float32)
    return Dataset((array,), np.array(labels, np.int64), "d", (), names)


def test_a_folder_that_lacks_a_class_is_numbered_like_the_other() -> None:
    whole, part = data(("ant", "bee", "cat"), [0, 1, 2]), data(("ant", "cat"), [0, 1])
    for pair in ((whole, part), (part, whole)):
        names, said = agreed(*pair)
        assert names == ("ant", "bee", "cat")
        assert said == []
        for one, wanted in ((whole, [0, 1, 2]), (part, [0, 2])):
            numbers = numbered_by(names, one)
            assert numbers is not None
            assert numbers.tolist() == wanted
    names, said = agreed(part, data(("cat", "dog"), [0, 1]))
    assert names == ("ant", "cat")
    assert "other classes" in said[0]
    assert numbered_by(names, data(("cat", "dog"), [0, 1])) is None


def test_the_output_with_an_element_per_class_has_the_names() -> None:
    names = ("ant", "bee", "cat")
    edges, said = with_labels([output("box", 4), output("class", 3)], Classes(names), [])
    assert [edge.labels for edge in edges] == [(), names]
    assert said == []
    for outputs in ([output("class", 4)], [output("one", 3), output("two", 3)]):
        edges, said = with_labels(outputs, Classes(names), [])
        assert not any(edge.labels for edge in edges)
        assert "not kept" in said[0]


def test_labels_that_count_from_one_are_told() -> None:
    samples = [Samples("test", (), np.array([1, 2, 3]))]
    _, said = with_labels([output("class", 3)], Classes(), samples)
    assert "count from 0" in said[0]
    assert with_labels([output("class", 4)], Classes(), samples)[1] == []


def test_what_is_told_of_the_test_data_is_shown(tmp_path: Path) -> None:
    heard: list[str] = []

    class Listener(Silent):
        def warn(self, text: str) -> None:
            heard.append(text)

    np.savez(tmp_path / "test.npz", x=np.random.default_rng(1).random((20, 8, 8, 1)), y=np.ones(20))
    generate(
        GOLDEN_MODEL,
        board="qemu-cortex-m3",
        test=str(tmp_path / "test.npz"),
        out=tmp_path / "out",
        progress=Listener(),
    )
    assert heard == ["test data: all samples have the same label (1)"]
