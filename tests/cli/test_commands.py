"""Every command of the app and every option of it, run as a user does; what they print, as text and
as JSON. Two laws hold the list whole: a command or an option that no line here names fails, and so
does an example in a command's help that does not run."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import typer.core
import typer.main
from PIL import Image

from tests.runner import GOLDEN_MODEL, STAND_IN, Ran, command, environment, tinygen
from tests.tflm import stand_in
from tinygen.cli.app import app
from tinygen.devices import qemu

ROOT = typer.main.get_command(app)
assert isinstance(ROOT, typer.core.TyperGroup)
COMMANDS = ROOT.commands
BOARD = "qemu-cortex-m4"
BUILDING = {"build", "generate", "bench"}


@dataclass(frozen=True)
class Case:
    """A line as it is typed, and what must be true of what it says."""

    line: str
    holds: Callable[[Ran], bool]

    @property
    def id(self) -> str:
        return re.sub(r"\W+", "-", self.line)


# Nothing of these needs a device. `digits.tflite` is the golden model, `pools.tflite` one that the
# stand-in for TensorFlow Lite Micro runs, `samples.npz` and `images` fit the digits.
LINES = (
    Case(
        "tinygen --version", lambda ran: re.fullmatch(r"tinygen \d+\.\d+.*\n", ran.out) is not None
    ),
    Case(
        "tinygen boards",
        lambda ran: all(name in ran.out for name in (BOARD, "uno", "cortex-m4", "avr5")),
    ),
    Case("tinygen boards --json", lambda ran: BOARD in [board["id"] for board in ran.json]),
    Case(
        f"tinygen boards {BOARD}",
        lambda ran: re.search(r"memory\.ram\.bytes +\d[\d,]+ bytes", ran.out) is not None,
    ),
    Case(f"tinygen boards {BOARD} --json", lambda ran: bool(ran.json["device"]["machine"])),
    Case(
        "tinygen boards ESP32-C3 --toml",
        lambda ran: ran.out == (Path("tinygen/boards/esp32c3.toml")).read_text("utf-8"),
    ),
    Case(
        "tinygen boards --schema",
        lambda ran: ran.json["$defs"]["Board"]["properties"].keys() >= {"id", "device"},
    ),
    Case(
        "tinygen doctor",
        lambda ran: (
            re.search(r"^good +tensorflow: \d", ran.out, re.M) is not None
            and re.search(r"^good +arm-none-eabi-gcc: \d", ran.out, re.M) is not None
        ),
    ),
    Case(
        "tinygen doctor --json",
        lambda ran: {"Python", "oracle", "disk"} <= {c["subject"] for c in ran.json["checks"]},
    ),
    Case(
        "tinygen ops",
        lambda ran: re.search(r"^CONV_2D +int8 +aot, tflm +.*portable$", ran.out, re.M) is not None,
    ),
    Case(
        "tinygen ops --json",
        lambda ran: "CONV_2D" in json.dumps(ran.json),
    ),
    Case(
        "tinygen inspect digits.tflite",
        lambda ran: (
            "70,080 MACs" in ran.out
            and len(re.findall(r"^\d +\w*CONV_2D", ran.out, re.MULTILINE)) == 3
            and re.search(r"^uno +(yes|no) +[\d,]+ B ", ran.out, re.MULTILINE) is not None
        ),
    ),
    Case(
        "tinygen inspect digits.tflite --trust-model --json",
        lambda ran: (
            ran.json["macs"] == 70_080
            and sum(layer["macs"] for layer in ran.json["layers"]) == 70_080
            and {fit["board"] for fit in ran.json["boards"] if fit["fits"]} >= {BOARD, "microbit"}
        ),
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --data samples.npz --seed 3 --engine aot"
        " --kernel-set portable --optimize size --out rendered",
        lambda ran: "samples.npz" in ran.out and "next: pio run -d rendered" in ran.out,
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} -d images --image-range 0 1 --trust-model"
        " --trust-project --test labelled.npz -o seen --json",
        lambda ran: (
            ran.json["data"] == "images"
            and ran.json["kernel_set"].split("+")[-1] == "portable"
            and ran.json["arena_bytes"] == ran.json["arena_minimum_bytes"]
        ),
    ),
    Case(
        f"tinygen generate pools.tflite -b {BOARD} --engine tflm --arena 4096 --debug -o t --json",
        lambda ran: ran.json["arena_bytes"] == 4096 and ran.json["engine"] == "tflm",
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --keep-edges -o kept --json",
        lambda ran: ran.json["layers"] == 7,  # its edges are int8: nothing is to be converted
    ),
    Case(
        "tinygen setup tflm --source mirror",
        lambda ran: "90b983c2b3f1480642e040bbd2ddb37b998f3424" in ran.out and "tflm" in ran.out,
    ),
    Case(
        "tinygen setup tflm --source mirror --json",
        lambda ran: Path(ran.json["folder"]).name == "tflm" and ran.json["what"] == "tflm",
    ),
    Case(
        "tinygen cache",
        lambda ran: re.search(r"^in all +[\d,]+ bytes$", ran.out, re.MULTILINE) is not None,
    ),
    Case("tinygen cache --prune --json", lambda ran: ran.json["freed_bytes"] >= 0),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} --engine aot,aot:portable",
        lambda ran: (
            re.search(r"verdict +\| +MATCH \| +MATCH", ran.out) is not None
            and re.search(r"instructions per inference +\| +\d{3},\d{3} ", ran.out) is not None
        ),
    ),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} -d samples.npz -o benched --trust-model --json"
        " --engine aot:portable",
        lambda ran: (
            [row["verdict"] for row in ran.json["rows"]] == ["MATCH"]
            and ran.json["rows"][0]["unit"] == "instructions"
            and ran.json["rows"][0]["flash_model"] == 5_934
        ),
    ),
)
# In this order: each stands on what the one before it left.
STORY = (
    Case(
        f"tinygen build digits.tflite -b {BOARD} --jobs 1",
        lambda ran: (
            re.search(r"flash +\|[\d, ]+bytes", ran.out) is not None
            and "next: tinygen flash" in ran.out
        ),
    ),
    Case(
        f"tinygen build digits.tflite -b {BOARD} -j 1 --json",
        lambda ran: ran.json["sizes"]["flash"] > ran.json["generated"]["constant_bytes"],
    ),
    Case("tinygen flash", lambda ran: "socket://127.0.0.1:" in ran.out and "digits" in ran.out),
    Case(
        "tinygen flash --json --trust-project", lambda ran: ran.json["port"].startswith("socket://")
    ),
    Case(
        "tinygen verify --vectors 7 --trust-project",
        lambda ran: ran.out.startswith("MATCH") and "7 of " in ran.out,
    ),
    Case(
        "tinygen verify --vectors 3 --port PORT --timeout 300 --spy bytes.spy --baud 115200 --json",
        lambda ran: ran.json["verdict"] == "MATCH" and ran.json["vectors"] == 3,
    ),
    Case(
        "tinygen verify --vectors 3 --port replay:bytes.spy --json",
        lambda ran: ran.json["verdict"] == "MATCH" and ran.json["port"] == "replay:bytes.spy",
    ),
    Case(
        "tinygen run --input samples.npz --trust-project",
        lambda ran: (
            re.search(r"^sample 12 +\| .*highest \[\d\] +\|", ran.out, re.M) is not None
            and "instructions" in ran.out
        ),
    ),
    Case(
        "tinygen run -i images/0.png --image-range 0 1 --port PORT --json",
        lambda ran: (
            [answer["sample"] for answer in ran.json["answers"]] == ["0.png"]
            and len(ran.json["answers"][0]["outputs"][0]) == 10
        ),
    ),
    Case("tinygen stop", lambda ran: "stopped" in ran.out or "ended" in ran.out),
    Case("tinygen stop --json", lambda ran: ran.json["stopped"] is False),
)
DEMO = "tinygen demo --out FOLDER"
"""Run by tests/docs, which holds what it prints against the README."""
WATCHED = "tinygen run --watch images"
MONITORED = "tinygen monitor --trust-project --port PORT"
"""Run by tests of their own: they end only with Ctrl-C."""
REFUSED = (
    Case("tinygen flash --port /dev/ttyUSB0", lambda ran: "is emulated" in ran.err),
    Case("tinygen demo --board uno", lambda ran: "the demo does not run on uno" in ran.err),
)
"""What a project of an emulated board does not take, and a demonstration no board with a cable."""
UNFIT = tuple(
    Case(line, lambda ran: "--input-shape was given for 'digits.tflite'" in ran.err)
    for line in (
        f"tinygen generate digits.tflite -b {BOARD} --input-shape 8x8x1",
        "tinygen inspect digits.tflite --input-shape 8x8x1",
    )
)
"""What a model that is quantized already does not take."""


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


def holds(case: Case, ran: Ran) -> None:
    assert ran.code == 0, ran.err
    assert "Traceback" not in ran.err
    assert case.holds(ran), ran.out


@pytest.mark.parametrize("case", LINES, ids=lambda case: case.id)
def test_a_line(case: Case, desk: Path, cache: str) -> None:
    ran = run(case.line, desk, cache)
    holds(case, ran)
    if not {"--json", "--toml", "--schema"} & set(case.line.split()):
        assert all(len(line) <= 100 for line in ran.out.splitlines())


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case.id)
def test_a_line_that_does_not_fit_its_model(case: Case, desk: Path, cache: str) -> None:
    ran = run(case.line, desk, cache)
    assert ran.code == 2
    assert case.holds(ran), ran.err


def test_the_story_of_a_device(desk: Path, cache: str) -> None:
    port = ""
    for case in STORY:
        ran = run(case.line.replace("PORT", port), desk, cache)
        holds(case, ran)
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
    evening = ("flash", "verify", "run", "stop", "cache")
    day = ("doctor", "boards", "ops", "inspect", "setup", "generate", "bench", "build", *evening)
    assert {*day, "demo", "monitor"} == set(examples)
    for name in day:
        line = examples[name]
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
            assert re.search(r"tflm \(cmsis_nn\) +\| +aot \([a-z+]+\)", ran.out), ran.out


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
