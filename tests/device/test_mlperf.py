"""Firmware that MLPerf Tiny's runner drives: its commands, and what `verify` still proves of it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.tflite_file import reference, single_operator, tensor
from tests.runner import GOLDEN_MODEL
from tinygen.errors import InputError
from tinygen.ir import Array, DType, Quant, Tensor
from tinygen.project.mlperf import BENCHMARKS

BOARD = "linux-x86_64"
IN, OUT = (0.05, -3), (0.5, 7)
"""Scales and zero points."""


def weights(shape: tuple[int, ...]) -> Tensor:
    values = np.random.default_rng(0).integers(-127, 128, shape).astype(np.int8)
    return Tensor(-1, "w", shape, DType.INT8, Quant((0.004,), (0,)), values)


def model(name: str) -> bytes:
    """A model of one layer with the edges of the benchmark's."""
    (known,) = (benchmark for benchmark in BENCHMARKS if benchmark.id == name)
    shape, units = known.input_shape, known.outputs
    x, y = tensor((1, *shape), DType.INT8, *IN), tensor((1, units), DType.INT8, *OUT)
    if len(shape) == 1:
        options = {"fusedActivationFunction": 0, "weightsFormat": 0}
        return single_operator("FULLY_CONNECTED", [x, weights((units, *shape)), None], [y], options)
    y = tensor((1, 1, 1, units), DType.INT8, *OUT)
    per_channel = weights((units, *shape))
    quant = Quant((0.004,) * units, (0,) * units, 0)
    kernel = Tensor(-1, "w", per_channel.shape, DType.INT8, quant, per_channel.data)
    options = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    return single_operator("CONV_2D", [x, kernel, None], [y], options)


@dataclass
class Runner:
    """Speaks to a program as the public runner does to a port: a command, lines until m-ready."""

    program: subprocess.Popen[bytes]

    def ask(self, command: str) -> list[str]:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(f"{command}%".encode())
        self.program.stdin.flush()
        lines: list[str] = []
        while "m-ready" not in (lines[-1:] or [""])[0]:
            line = self.program.stdout.readline()
            assert line, lines
            lines.append(line.decode().strip())
        return [line for line in lines[:-1] if line and not line.startswith("tinygen:")]

    def load(self, sample: bytes) -> None:
        assert self.ask(f"db load {len(sample)}") == [f"m-[Expecting {len(sample)} bytes]"]
        for start in range(0, len(sample), 31):
            said = self.ask(f"db {sample[start : start + 31].hex()}")
        assert said == ["m-load-done"]

    def infer(self, command: str = "infer 1 0") -> list[float]:
        said = self.ask(command)
        laps = [int(line[9:]) for line in said if line.startswith("m-lap-us-")]
        assert len(laps) == 2
        assert laps[0] <= laps[1]
        (result,) = (line for line in said if line.startswith("m-results-["))
        return [float(value) for value in result[11:-1].split(",")]


def sample_of(name: str, codes: Array) -> bytes:
    """The sample that the benchmark's own firmware makes these codes of."""
    if name == "kws01":
        return codes.tobytes()
    if name == "ad01":
        return (IN[0] * (codes.astype(np.float32) - IN[1])).astype("<f4").tobytes()
    return (codes.astype(np.int16) + 128).astype(np.uint8).tobytes()


@pytest.mark.parametrize("name", ["kws01", "ic01", "ad01"])
def test_a_sample_gives_what_the_model_computes(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.tflite"
    file.write_bytes(model(name))
    built = tinygen.build(file, board=BOARD, protocol="mlperf", out=tmp_path / name)
    shape = (1, *next(b.input_shape for b in BENCHMARKS if b.id == name))
    with subprocess.Popen([built.elf], stdin=-1, stdout=-1) as program:
        runner = Runner(program)
        assert runner.ask("name") == ["m-name-dut-[tinygen]"]
        assert f"m-model-[{name}]" in runner.ask("profile")
        generator = np.random.default_rng(1)
        for command in ("infer 1 0", "infer 3 2", "infer 2"):
            codes = generator.integers(-128, 128, shape).astype(np.int8)
            (expected,) = reference(file.read_bytes(), [codes])
            real = OUT[0] * (expected.astype(np.float64).ravel() - OUT[1])
            if name == "ad01":
                inputs = IN[0] * (codes.astype(np.float64).ravel() - IN[1])
                real = np.array([np.mean((real - inputs) ** 2)])
            runner.load(sample_of(name, codes))
            np.testing.assert_allclose(runner.infer(command), real, rtol=1e-5, atol=6e-4)
        program.terminate()
    _warns_of_nothing(tmp_path / name)
    assert tinygen.verify(tmp_path / name, vectors=20).verdict is tinygen.Verdict.MATCH


def _warns_of_nothing(project: Path) -> None:
    folders = ("src/protocol", "src/hal", "lib/model/src")
    flags = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
    includes = [f"-I{project / folder}" for folder in folders]
    source = project / "src" / "protocol" / "tg_mlperf.c"
    subprocess.run(["gcc", *flags, "-fsyntax-only", *includes, source], check=True)


def test_what_is_no_command_is_said(tmp_path: Path) -> None:
    file = tmp_path / "kws01.tflite"
    file.write_bytes(model("kws01"))
    built = tinygen.build(file, board=BOARD, protocol="mlperf", out=tmp_path / "kws")
    with subprocess.Popen([built.elf], stdin=-1, stdout=-1) as program:
        runner = Runner(program)
        for command, said in (
            ("hello", "e-[Unknown command: hello]"),
            ("results", "e-[Nothing is computed]"),
            ("infer", "e-[The sample has 0 bytes, the model takes 490 bytes]"),
            ("infer 0", "e-[Inference iterations must be >0]"),
            ("infer 1 x", "e-[Inference warmup must be >=0]"),
            ("db", "e-[Command 'db' requires a subcommand]"),
            ("db load", "e-[Command 'db load' requires the # of bytes]"),
            ("db load 491", "e-[The model takes 490 bytes]"),
            ("db 123", "e-[Insufficent number of hex digits]"),
            ("x" * 81, "e-[Command is too long]"),
        ):
            assert runner.ask(command) == [said]
        runner.ask("db load 490")
        assert runner.ask("db zz") == ["e-[Invalid hex digit]"]
        runner.ask("db 00ff10")
        assert runner.ask("db print") == ["m-buffer-00-ff-10"]
        assert re.fullmatch(r"m-lap-us-\d+", runner.ask("timestamp")[0])
        # What comes after the sample is whole is nobody's.
        assert "m-load-done" in [*runner.ask("db load 1"), *runner.ask(f"db {'ab' * 30}")]
        assert runner.ask("db print") == ["m-buffer-ab"]
        program.terminate()


def test_the_benchmark_has_four_models(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="MLPerf Tiny has no model") as caught:
        tinygen.generate(GOLDEN_MODEL, board=BOARD, protocol="mlperf", out=tmp_path / "digits")
    assert "kws01 49x10x1 to 12" in str(caught.value.why)
    assert not (tmp_path / "digits").exists()
