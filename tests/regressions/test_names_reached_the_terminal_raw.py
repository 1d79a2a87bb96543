"""Names from a model, a folder, a label or a device reached the terminal as they were: they cleared
it, coloured themselves, turned the direction of text, or printed a "MATCH" line of their own."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from rich.text import Text

from tests.runner import GOLDEN_MODEL, Ran, tinygen
from tinygen import tflite
from tinygen.cli import entry
from tinygen.cli.progress import Listener
from tinygen.devices.link import hello
from tinygen.printable import printable, shown
from tinygen.report import print_json, print_report

EVIL = "\x1b[2J\x1b]0;x\x07a\r\nMATCH\x7f\x9b31m\u2028\u202e\u200b\udcffz"
CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\u1fff\u2010-\u2027\u2030-\U0001ffff]")


def renamed(content: bytes) -> bytes:
    """The golden model with an input whose name commands terminals."""
    name = tflite.read(content, "m").tensors[tflite.read(content, "m").inputs[0]].name.encode()
    evil = b"\x1b[2J\nMATCH \x1b[31m".ljust(len(name), b"\x9b")[: len(name)]
    assert name in content
    return content.replace(name, evil)


def test_a_tensor_name_in_every_output(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(renamed(GOLDEN_MODEL.read_bytes()))
    ran: list[Ran] = [
        tinygen("inspect", model, cwd=tmp_path),
        tinygen("generate", model, "--board", "qemu-cortex-m4", "--out", "p", cwd=tmp_path),
        tinygen("inspect", model, "--json", cwd=tmp_path),
        tinygen("build", model, "--board", "qemu-cortex-m4", "--engine", "x", cwd=tmp_path),
    ]
    assert [done.code for done in ran] == [0, 0, 0, 2]
    assert "\\x1b[2J" in ran[0].out
    for done in ran:
        assert not CONTROL.search(done.out + done.err)
        assert not any(line.startswith("MATCH") for line in done.out.splitlines())


def test_a_file_and_a_folder_name(tmp_path: Path) -> None:
    name = EVIL.replace("\udcff", "")
    model = tmp_path / f"{name}.tflite"
    model.write_bytes(GOLDEN_MODEL.read_bytes())
    for arguments in (
        ("inspect", model),
        ("inspect", f"{name}.h5"),
        ("generate", model, "--board", "qemu-cortex-m4", "--out", name),
        ("flash", name),
        ("verify", "nowhere" + name),
    ):
        done = tinygen(*arguments, cwd=tmp_path)
        assert not CONTROL.search(done.out + done.err), done.err
        assert not any(line.startswith("MATCH") for line in (done.out + done.err).splitlines())


@dataclasses.dataclass(frozen=True)
class Inner:
    name: str
    reason: str
    path: Path


@dataclasses.dataclass(frozen=True)
class Result:
    parts: tuple[Inner, ...]
    labels: dict[str, list[str]]
    number: float = 1.5


def test_every_text_of_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    good = Result((Inner("ä b", "two\nlines", Path("p")),), {"a": ["b"]})
    assert shown(good) == good
    evil = shown(Result((Inner(EVIL, EVIL, Path(EVIL)),), {EVIL: [EVIL]}))
    (inner,) = evil.parts
    assert not CONTROL.search(inner.name + inner.reason + str(inner.path) + repr(evil.labels))
    assert "\n" not in inner.name + str(inner.path)
    assert inner.reason.count("\n") == 1
    print_report(Text(EVIL))
    with Listener(quiet=False) as listener:
        listener.stage(EVIL)
        listener.note(EVIL)
        listener.warn(EVIL)
    told = capsys.readouterr()
    assert not CONTROL.search(told.out + told.err)
    assert not any(line.startswith("MATCH") for line in told.err.splitlines())


def test_what_is_no_mark_on_paper_is_an_escape() -> None:
    assert printable("Grüße, 東京 – é 👍 a\u00a0b") == "Grüße, 東京 – é 👍 a\u00a0b"
    assert printable(EVIL) == (
        "\\x1b[2J\\x1b]0;x\\x07a\\r\\nMATCH\\x7f\\x9b31m\\u2028\\u202e\\u200b\\xffz"
    )
    assert printable("a\tb\nc\r", keep="\n\t") == "a\tb\nc\\r"


def test_a_device_s_text() -> None:
    name = b"\x1b[32mMATCH\n"
    reader = hello._Reader(len(name).to_bytes(2, "little") + name)
    assert reader.text() == "\\x1b[32mMATCH\\n"


def test_json_and_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({EVIL: [EVIL, Path(EVIL)]})
    written = capsys.readouterr().out
    assert json.loads(written)[EVIL] == [EVIL, EVIL]
    assert not CONTROL.search(written)
    entry._show_bug(ValueError, ValueError(EVIL), None)
    told = capsys.readouterr().err
    assert "ValueError: \\x1b[2J" in told
    assert not CONTROL.search(told)


@pytest.mark.parametrize(
    "line",
    [
        ("build", GOLDEN_MODEL, f"--{EVIL}"),
        ("build", GOLDEN_MODEL, "--jobs", EVIL),
        ("verify", "--vectors", EVIL),
        ("verify", "x", EVIL),
        (EVIL,),
    ],
    ids=["option", "number", "count", "surplus", "command"],
)
def test_what_was_typed_and_not_understood(line: tuple[str | Path, ...], tmp_path: Path) -> None:
    """The error quotes it, with the usage around it in lines of its own."""
    done = tinygen(*(str(word).replace("\udcff", "") for word in line), cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("Usage: ")
    assert not CONTROL.search(done.out + done.err)
    assert not any(line.startswith("MATCH") for line in done.err.splitlines())
