"""Every command of the app and every option of it, run as a user does; what they print, as text and
as JSON. Two laws hold the list whole: a command or an option that no line here names fails, and so
does an example in a command's help that does not run."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import numpy as np
import psutil
import pytest
import typer.core
import typer.main
from junitparser import JUnitXml
from PIL import Image

from tests.cli.lines import BOARD, DEMO, LINES, MONITORED, STORY, WATCHED, Case
from tests.cli.lines_refused import REFUSED, UNFIT
from tests.runner import GOLDEN_MODEL, STAND_IN, Ran, command, environment, tinygen
from tests.tflm import stand_in
from tinygen.cli.app import app
from tinygen.devices import qemu
from tinygen.report.schema import results_schema

ROOT = typer.main.get_command(app)
assert isinstance(ROOT, typer.core.TyperGroup)
COMMANDS = ROOT.commands
SCHEMA = results_schema()
BUILDING = {"build", "export", "generate", "stream", "bench"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's folder, with models and samples; what was started there is ended."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "digits.tflite").write_bytes(GOLDEN_MODEL.read_bytes())
    (tmp_path / "pools.tflite").write_bytes(stand_in.pools((8, 8, 4), (4, 4, 4)))
    (tmp_path / "mirror").symlink_to(stand_in.TREES)
    samples = np.random.default_rng(0).random((12, 8, 8, 1), np.float32)
    np.savez(tmp_path / "samples.npz", x=samples)
    np.savez(tmp_path / "labelled.npz", x=samples, y=np.arange(12) % 10)
    names = ('"zero", 0', "日", *(f"{i} of ten" for i in range(2, 10)))
    (tmp_path / "labels.txt").write_text("\n".join(names), "utf-8")
    (tmp_path / "y.csv").write_text("id,label\n" + "".join(f"{i},3\n" for i in range(4)))
    (tmp_path / "two.txt").write_text("cat\ndog\n")
    (tmp_path / "images").mkdir()
    for i, sample in enumerate(samples[:4]):
        pixels = (255 * sample[..., 0]).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
    yield tmp_path
    for project in tmp_path.rglob("tinygen.json"):
        qemu.stop(project.parent / ".tinygen")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the stand-in is put; the objects of the real cache are of no use to it."""
    return str(tmp_path_factory.mktemp("cache"))


def run(line: str, desk: Path, cache: str) -> Ran:
    """The line as the shell would run it; what concerns the engine tflm, on the stand-in, and what
    concerns the cache, not on the real one."""
    program, *words = shlex.split(line)
    assert program == "tinygen"
    words = [re.sub(r"^~", str(desk), word) for word in words]
    if "tflm" not in line and "tinygen cache" not in line:
        return tinygen(*words, cwd=desk)
    env = {"TINYGEN_CACHE": cache, "TINYGEN_TFLM_SOURCE": str(desk / "mirror")}
    return tinygen(*words, cwd=desk, env=env, module=STAND_IN)


def valid(ran: Ran, command: str) -> None:
    """What is printed is of the schema that is published."""
    jsonschema.validate(ran.json, {**SCHEMA, "$ref": f"#/$defs/{command}"})


FILES = {"--junit": "xml", "--json-file": "json", "--csv": "csv", "--markdown": "md"}


def written(words: list[str], desk: Path) -> None:
    """The files that a line asks for are there, and are what they are called."""
    for option, suffix in FILES.items():
        if option not in words:
            continue
        file = desk / words[words.index(option) + 1]
        text = file.read_text("utf-8")
        assert file.suffix == f".{suffix}"
        if suffix == "xml":
            suite = next(iter(JUnitXml.fromfile(str(file))))
            assert suite.tests >= 2
            assert (suite.failures, suite.errors) == (0, 0)
        elif suffix == "json":
            jsonschema.validate(json.loads(text), {**SCHEMA, "$ref": f"#/$defs/{words[1]}"})
        elif suffix == "csv":
            rows = list(csv.DictReader(text.splitlines()))
            assert len(rows) == {"profile": 7, "inspect": 9, "compare": 14}.get(words[1], 1)
            assert rows[0]["model"] == "digits"
        else:
            assert text.startswith(f"### tinygen {words[1]}\n")
            assert "| fail if | is | where |\n| --- | --: | --- |\n" in text


def holds(case: Case, ran: Ran, desk: Path) -> None:
    assert ran.code == case.code, ran.err
    words = shlex.split(case.line)
    written(words, desk)
    if "--json" in words:
        one_board = words[1] == "boards" and words[2] != "--json"
        valid(ran, "board" if one_board else words[1])
    assert "Traceback" not in ran.err
    assert case.holds(ran), ran.out


@pytest.mark.parametrize("case", LINES, ids=lambda case: case.id)
def test_a_line(case: Case, desk: Path, cache: str) -> None:
    ran = run(case.line, desk, cache)
    holds(case, ran, desk)
    if not {"--json", "--toml", "--schema"} & set(case.line.split()):
        assert all(len(line) <= 100 for line in ran.out.splitlines())
    assert "…" not in ran.out, "nothing is cut"


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case.id)
def test_a_line_that_does_not_fit_its_model(case: Case, desk: Path, cache: str) -> None:
    ran = run(case.line, desk, cache)
    assert ran.code == 2
    assert case.holds(ran), ran.err


def test_the_story_of_a_device(desk: Path, cache: str) -> None:
    port = ""
    for case in STORY:
        ran = run(case.line.replace("PORT", port), desk, cache)
        holds(case, ran, desk)
        port = ran.json["port"] if "flash --json" in case.line else port
    for case in REFUSED:
        ran = run(case.line, desk, cache)
        assert ran.code == 2
        assert case.holds(ran), ran.err


def interrupted(
    line: str, desk: Path, heard: Callable[[psutil.Process], bool], shown: Path | None = None
) -> Ran:
    """The line until `heard` is true of its process, and then Ctrl-C; its output goes to the file
    `shown`, where `heard` wants to read along."""
    words = shlex.split(line)[1:]
    with (
        contextlib.ExitStack() as files,
        subprocess.Popen(
            command(*words),
            cwd=desk,
            env=environment({"PYTHONUNBUFFERED": "1"}),
            stdout=files.enter_context(shown.open("w")) if shown else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        deadline = time.monotonic() + 60
        while not heard(psutil.Process(process.pid)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        return Ran(process.returncode, shown.read_text() if shown else out, err)


def test_monitor_shows_what_the_device_sends(desk: Path, cache: str) -> None:
    assert run(f"tinygen generate digits.tflite -b {BOARD}", desk, cache).code == 0
    with socket.create_server(("127.0.0.1", 0)) as device:
        connections: list[socket.socket] = []

        def heard(_monitor: psutil.Process) -> bool:
            connections.append(device.accept()[0])
            for _ in range(10):  # what comes before the port is open is dropped
                connections[0].sendall(b"tg_fault: pc 0x123\r\n\0\xff\n")
                time.sleep(0.2)
            return True

        port = f"socket://127.0.0.1:{device.getsockname()[1]}"
        ran = interrupted(MONITORED.replace("PORT", port), desk, heard)
    assert ran.code == 130
    assert "tg_fault: pc 0x123\n\\0\\xff\n" in ran.out, "what is no text comes as escapes"
    assert "listening to socket://" in ran.err
    assert "until Ctrl-C" in ran.err
    assert "Traceback" not in ran.err


def test_watch_runs_each_new_file(desk: Path, cache: str) -> None:
    assert run(f"tinygen build digits.tflite -b {BOARD}", desk, cache).code == 0
    shown = desk / "shown.txt"
    came = desk / "images" / "came.png"

    def heard(watching: psutil.Process) -> bool:
        if not came.exists():
            if not _is_connected(watching):
                return False
            (desk / "images" / "no.png").write_bytes(b"no image")
            came.write_bytes((desk / "images" / "0.png").read_bytes())
        return "came.png" in shown.read_text()

    ran = interrupted(WATCHED, desk, heard, shown)
    assert ran.code == 130
    assert "0.png" not in ran.out, "it was there before"
    assert "Traceback" not in ran.err


def test_the_examples_in_the_help_run(desk: Path, cache: str) -> None:
    """In the order of a working day, each as it stands there but for the port."""
    from tests.load.keras_builders import keras_module, small_cnn

    small_cnn(keras_module("keras")).save(desk / "model.h5")
    np.save(desk / "sample.npy", np.ones((8, 8, 1), np.float32))
    (desk / "model.tflite").write_bytes((desk / "pools.tflite").read_bytes())
    examples = dict(the_examples())
    morning = (
        *("doctor", "boards", "ops", "inspect", "setup", "generate", "export", "stream"),
        "bench",
    )
    day = (
        *morning,
        "compare",
        "build",
        "flash",
        "verify",
        "run",
        "profile",
        "report",
        "stop",
        "cache",
    )
    # Training for a real board takes long: tests/compress does it for less.
    assert {*day, "demo", "monitor", "compress"} == set(examples)
    for name in day:
        line = examples[name]
        if name == "compare":  # what bench has left
            for was in ("before", "after"):
                line = line.replace(f"build/{was}", f"build/bench/model-{BOARD}-aot")
            line = line.replace("flash > 5%", "macs > 5%")
        if name == "bench":  # whose processes have no stand-in for TensorFlow Lite Micro
            line += " --engine aot"
        if name == "verify":
            flashed = tinygen("flash", "--json", cwd=desk)
            line = line.replace("/dev/ttyUSB0", flashed.json["port"])
        ran = run(line, desk, cache)
        assert ran.code == 0, f"{line}\n{ran.err}"
        if name == "verify":
            assert ran.out.startswith("MATCH")
            ran = interrupted(examples["monitor"], desk, _is_connected)
            assert (ran.code, ran.out) == (130, ""), ran.err
        if name == "bench":
            assert re.search(r"^verdict +\| +MATCH", ran.out, re.M), ran.out


def _is_connected(process: psutil.Process) -> bool:
    """To its device, whose port is the only one that it has."""
    return any(c.status == psutil.CONN_ESTABLISHED for c in process.net_connections("tcp"))


def the_examples() -> Iterator[tuple[str, str]]:
    for command_ in app.registered_commands:
        assert command_.callback is not None
        (line,) = re.findall(r"Example: (tinygen .*)", command_.callback.__doc__ or "")
        yield command_.callback.__name__, line


def all_lines() -> list[list[str]]:
    cases = [case.line for case in (*LINES, *STORY, *REFUSED, *UNFIT)]
    return [shlex.split(line) for line in (*cases, DEMO, WATCHED, MONITORED)]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_run_here(name: str) -> None:
    lines = [words[2:] for words in all_lines() if words[1:2] == [name]]
    assert lines, f"no line runs tinygen {name}"
    # What is built, of what and for what, is one set of options that several commands take.
    alike = BUILDING if name in BUILDING else {name}
    said = {word for words in all_lines() if words[1] in alike for word in words}
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "option" and "--help" not in parameter.opts:
            assert said & set(parameter.opts), f"no line gives {name} {parameter.opts[0]}"
