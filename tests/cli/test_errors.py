"""Wrong input ends in a clear error: what happened, why, the next command, and its exit code."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import tinygen as tinygen_package
from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.demo import DemoFiles
from tinygen.cli.demo import show_demo
from tinygen.errors import InputError
from tinygen.report.schema import results_schema


def test_a_wrong_board_gets_suggestions(tmp_path: Path) -> None:
    ran = tinygen("build", GOLDEN_MODEL, "--board", "qemu-cortex-m5", cwd=tmp_path)
    assert ran.code == 2
    assert "qemu-cortex-m55" in ran.err
    assert "tinygen boards" in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_engine_names_the_right_ones(tmp_path: Path) -> None:
    ran = tinygen("build", GOLDEN_MODEL, "-b", "qemu-cortex-m0", "--engine", "magic", cwd=tmp_path)
    assert ran.code == 2
    assert "aot" in ran.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.tflite", b""),
        ("random.tflite", bytes(range(256)) * 8),
        ("text.h5", b"hello"),
        ("cut.tflite", GOLDEN_MODEL.read_bytes()[:3000]),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    ran = tinygen("build", name, "--board", "qemu-cortex-m0", "--data", "random", cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("Opening") or "error:" in ran.err
    assert "error:" in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "build").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(GOLDEN_MODEL.read_bytes())
    ran = tinygen("build", "modle.tflite", "--board", "qemu-cortex-m0", cwd=tmp_path)
    assert ran.code == 2
    assert "modle.tflite" in ran.err
    assert "model.tflite" in ran.err


def test_data_of_another_shape_says_both_shapes(tmp_path: Path) -> None:
    np.save(tmp_path / "samples.npy", np.zeros((10, 5, 5, 1), np.float32))
    ran = tinygen(
        "build", GOLDEN_MODEL, "-b", "qemu-cortex-m0", "--data", "samples.npy", cwd=tmp_path
    )
    assert ran.code == 2
    assert "(samples, 8, 8, 1)" in ran.err
    assert "(10, 5, 5, 1)" in ran.err


def test_errors_are_json_with_json(tmp_path: Path) -> None:
    ran = tinygen("build", "none.h5", "--board", "qemu-cortex-m0", "--json", cwd=tmp_path)
    assert ran.code == 2
    assert ran.json["exit_code"] == 2
    assert ran.json["error"] == "InputError"
    assert "none.h5" in ran.json["what"]
    assert ran.json["next_step"]


def test_flash_and_verify_need_a_build(tmp_path: Path) -> None:
    for command in ("flash", "verify", "stop"):
        ran = tinygen(command, cwd=tmp_path)
        assert ran.code == 2
        assert "tinygen build" in ran.err


@pytest.mark.invariant("S13")
def test_a_folder_that_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    ran = tinygen("generate", GOLDEN_MODEL, "-b", "qemu-cortex-m0", "--out", "mine", cwd=tmp_path)
    assert ran.code == 2
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]


@pytest.mark.invariant("S13")
def test_files_edited_by_hand_are_not_overwritten(tmp_path: Path) -> None:
    generate = ("generate", GOLDEN_MODEL, "-b", "qemu-cortex-m0", "--out", "p")
    assert tinygen(*generate, cwd=tmp_path).code == 0
    model = tmp_path / "p" / "lib" / "model" / "src" / "model.c"
    model.write_text(model.read_text() + "/* mine */\n")
    ran = tinygen(*generate, cwd=tmp_path)
    assert ran.code == 2
    assert "lib/model/src/model.c" in ran.err
    assert model.read_text().endswith("/* mine */\n")


def test_a_missing_compiler_says_how_to_install_it(tmp_path: Path) -> None:
    ran = tinygen(
        "build", GOLDEN_MODEL, "-b", "qemu-cortex-m0", cwd=tmp_path, env={"PATH": str(tmp_path)}
    )
    assert ran.code == 5
    assert "arm-none-eabi-gcc" in ran.err
    assert "apt-get install gcc-arm-none-eabi" in ran.err


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    assert tinygen("generate", GOLDEN_MODEL, "-b", "qemu-cortex-m0", cwd=tmp_path).code == 0
    for port in (str(tmp_path / "ttyNONE"), "socket://127.0.0.1:9"):
        ran = tinygen("verify", "--port", port, cwd=tmp_path)
        assert ran.code == 6
        assert port in ran.err
        assert "Traceback" not in ran.err


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    ran = tinygen("--help", cwd=tmp_path, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert ran.code == 0
    imported = {line.split("|")[-1].strip() for line in ran.err.splitlines() if "|" in line}
    assert "typer" in imported
    heavy = {"numpy", "tensorflow", "keras", "jinja2", "serial", "platformio", "PIL"}
    assert not imported & heavy, os.linesep.join(sorted(imported & heavy))


@pytest.mark.parametrize(
    "line",
    ["build", "build model.h5 --board uno --colour red", "verify --vectors none", "fly"],
)
def test_a_usage_error_for_a_program(line: str, tmp_path: Path) -> None:
    ran = tinygen(*line.split(), "--json", cwd=tmp_path)
    assert ran.code == 2
    jsonschema.validate(ran.json, {**results_schema(), "$ref": "#/$defs/error"})
    assert ran.json["error"] == "UsageError"
    assert ran.json["what"]
    assert "--help" in ran.json["next_step"]
    assert ran.err == ""


def test_the_text_of_an_error_has_why_and_next(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        tinygen_package.build(tmp_path / "none.h5", board="nucleo")
    assert str(raised.value).splitlines() == [
        "there is no board named nucleo",
        "  why: did you mean nucleo_h743zi or nucleo_f446re?",
        "  next: tinygen boards",
    ]


def test_a_demo_that_cannot_be_built_says_why(tmp_path: Path) -> None:
    """What is stopped at the end is only what was built: its error came in place of the build's."""
    typed: list[str] = []

    def app(words: list[str], **_: object) -> None:
        typed.append(words[0])
        raise InputError(f"{words[0]} failed")

    model, calibration, test = (tmp_path / name for name in ("m.h5", "c.npz", "t.npz"))
    files = DemoFiles(tmp_path, model, calibration, test, "")
    with pytest.raises(InputError, match="build failed"):
        show_demo(app, files, tmp_path, "qemu-cortex-m0")  # type: ignore[arg-type]
    assert typed == ["build"]


def test_what_is_watched_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    for place in ("none", "a file"):
        ran = tinygen("run", "--watch", place, cwd=tmp_path)
        assert ran.code == 2
        assert f"{place} is no folder" in ran.err
        assert "mkdir" in ran.err
