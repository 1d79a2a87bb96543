"""Two models in one firmware: each is proved, in memory that both use, beside a user's program."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.every_operator import every_operator
from tests.ops.plain_network import plain_numbers
from tests.runner import GOLDEN_MODEL
from tests.runner import tinygen as cli
from tinygen.devices import qemu
from tinygen.devices.link import Session
from tinygen.devices.link.exchange import Limits, Request
from tinygen.devices.link.frames import Kind
from tinygen.devices.link.process import ProcessTransport
from tinygen.errors import DeviceError, InputError
from tinygen.proof.verdict import Verdict

PROGRAM = """
#include "every.h"
#include "tg_app.h"
#include "tg_hal.h"
#include "wake.h"

void app_setup(void) {
}

/* Uses the memory of both between the host's inferences. */
void app_loop(void) {
  wake_input(0)[0]++;
  const enum model_status first = wake_invoke();
  const int8_t best = wake_output(0)[0];
  every_input(0)[0] = best;
  if (first != MODEL_OK || every_invoke() != MODEL_OK) {
    tg_hal_write((const uint8_t *)"failed\\r\\n", 8);
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A project's, whose emulator is ended."""
    yield tmp_path / "p"
    qemu.stop(tmp_path / "p" / ".tinygen")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of two more models: one of int8 alone, and one of numbers of other types."""
    made = {}
    for name, content in (("every", every_operator()), ("plain", plain_numbers())):
        made[name] = tmp_path_factory.mktemp(name) / f"{name}.tflite"
        made[name].write_bytes(content)
    return made


def test_both_match_beside_a_program_that_runs_both(folder: Path, models: dict[str, Path]) -> None:
    done = cli(
        *("build", GOLDEN_MODEL, models["every"], "--name", "wake", "--name", "every"),
        *("--board", "qemu-cortex-m4", "--engine", "aot", "--out", folder, "--json"),
        cwd=folder.parent,
    )
    assert done.code == 0, done.err
    generated = done.json["generated"]
    arenas = [generated["arena_bytes"], generated["others"][0]["arena_bytes"]]
    assert done.json["sizes"]["arena"] == max(arenas) + 16, "one memory for both"
    started = (folder / "src/app.c").read_text()
    assert "app_classify_wake" in started
    assert "app_classify_every" in started
    (folder / "src/app.c").write_text(PROGRAM)
    again = tinygen.build(
        [GOLDEN_MODEL, models["every"]],
        board="qemu-cortex-m4",
        engine="aot",
        out=folder,
        name="wake,every",
    )
    assert again.generated.c_name == "wake"
    assert (folder / "src/app.c").read_text() == PROGRAM
    result = tinygen.verify(folder, vectors=20)
    assert [one.verdict for one in result.models] == [Verdict.MATCH] * 2
    assert [one.c_name for one in result.models] == ["wake", "every"]
    assert result.verdict is Verdict.MATCH
    assert tinygen.verify(folder, model="every", vectors=3).models == ()
    layers = tinygen.verify_layers(folder, model="every", vectors=2)
    assert layers.verdict is Verdict.MATCH, layers.reason
    answers = tinygen.run(np.zeros((8, 8, 1)), folder, model="wake").answers
    assert answers[0].outputs[0].shape == (10,)
    with pytest.raises(InputError, match="several models") as error:
        tinygen.run(np.zeros((8, 8, 1)), folder)
    assert error.value.next_step == "say which: --model wake"


def test_a_fault_in_one_is_the_verdict_of_both(folder: Path, models: dict[str, Path]) -> None:
    """On this machine, where a program of Linux is the firmware."""
    tinygen.build([GOLDEN_MODEL, models["every"]], board="linux-x86_64", out=folder)
    manifest = json.loads((folder / "tinygen.json").read_text())
    assert [manifest["model"]["c_name"], *(o["model"]["c_name"] for o in manifest["others"])] == [
        "digits",
        "every",
    ]
    source = folder / "lib/every/src/every.c"
    text = source.read_text()
    head, calls, tail = text.partition("  every_layer_0_")
    source.write_text(f"{head}  every_input(0)[5] ^= 1;\n{calls}{tail}")
    with pytest.raises(InputError, match="has changed since it was built"):
        tinygen.verify(folder)
    tinygen.build([GOLDEN_MODEL, models["every"]], board="linux-x86_64", out=folder, edited="keep")
    result = tinygen.verify(folder)
    assert [one.verdict for one in result.models] == [Verdict.MATCH, Verdict.MISMATCH]
    assert result.verdict is Verdict.MISMATCH
    assert result.exit_code == 4
    assert result.c_name == "every"


def test_types_of_one_are_types_of_both_and_nothing_stale_is_answered(
    folder: Path, models: dict[str, Path]
) -> None:
    built = tinygen.build(
        [GOLDEN_MODEL, models["plain"]], board="linux-x86_64", out=folder, name="model,plain"
    )
    assert tinygen.verify(folder, vectors=5).verdict is Verdict.MATCH
    with Session(ProcessTransport([str(built.elf)]), model=1) as session:
        hello = session.hello()
        assert (hello.model, hello.models) == ("plain", 2)
        inputs = [bytes(edge.nbytes) for edge in hello.inputs]
        outputs = session.infer(inputs).outputs
        session._model = 0
        first = session.hello()
        assert first.model == "digits"
        with pytest.raises(DeviceError, match="has not computed these outputs"):
            _read(session)
        session.infer([bytes(edge.nbytes) for edge in first.inputs])
        session._model = 1
        session.hello()
        assert session.infer(inputs).outputs == outputs
        session._model = 2
        with pytest.raises(DeviceError):
            session.hello()


def _read(session: Session) -> None:
    """Asks for a byte of the first output, which nothing has computed."""
    read = Request(Kind.READ, struct.pack("<HIH", 0, 0, 1), 1)
    session._exchange.ask([read], Limits(1.0, 1))


def test_a_board_of_the_other_engine_takes_both(folder: Path, models: dict[str, Path]) -> None:
    """Nobody names an engine, and the board's own makes no firmware of two."""
    made = tinygen.generate([GOLDEN_MODEL, models["every"]], board="esp32", out=folder)
    assert (made.engine, [other.engine for other in made.others]) == ("aot", ["aot"])


def test_what_cannot_be_together_is_refused(folder: Path, models: dict[str, Path]) -> None:
    both = [GOLDEN_MODEL, models["every"]]
    with pytest.raises(InputError, match="has one model in a firmware"):
        tinygen.generate(both, board="qemu-cortex-m4", engine="tflm", out=folder)
    with pytest.raises(InputError, match="in one program"):
        tinygen.generate([GOLDEN_MODEL] * 2, board="qemu-cortex-m4", engine="aot", out=folder)
    with pytest.raises(InputError, match="is not said of 2 models"):
        tinygen.generate(both, board="qemu-cortex-m4", out=folder, name="wake")
    ran = cli("generate", *both, "--board", "qemu-cortex-m4", "--name", "wake", cwd=folder.parent)
    assert ran.code == 2
    assert "for 2 models" in ran.err
    assert not folder.exists()
