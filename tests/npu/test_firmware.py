"""Firmware for an Ethos-U: it starts, finds that QEMU has none, and says so. Where registers in RAM
read as one, Arm's driver is led as far as an NPU would lead it: nothing here computes, and nothing
is said of what one computes."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
import tflite

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.api.build import build_project, generate_project
from tinygen.boards import board_text
from tinygen.engines.tflm.source import ETHOS_U, TflmTree
from tinygen.errors import InputError
from tinygen.ir import Array
from tinygen.npus import NPUS, parts
from tinygen.options import BuildOptions
from tinygen.project.folder import open_project
from tinygen.proof.vectors import Vectors
from tinygen.resources import firmware_dir

NPU, BOARD = "ethos-u55-128", "qemu-cortex-m55"
BASE = 0x60000000
"""RAM of the emulated board that nothing else uses."""
CONFIG = 7 | 24 << 8
"""128 multiply-accumulates a cycle, 24 KB of its own RAM."""


@pytest.fixture(scope="module")
def built(tree: TflmTree, tmp_path_factory: pytest.TempPathFactory) -> tinygen.BuildResult:
    del tree
    out = tmp_path_factory.mktemp("npu") / "project"
    return tinygen.build(GOLDEN_MODEL, board=BOARD, npu=NPU, out=out)


def test_it_says_what_is_estimated_and_what_is_not_proven(built: tinygen.BuildResult) -> None:
    made = built.generated
    assert made.engine == "tflm"
    assert made.npu is not None
    assert made.npu.npu == NPU
    assert made.layers == 1
    said = " ".join(made.notes)
    assert f"{made.npu.cycles:,} cycles" in said
    assert "ESTIMATES of Vela" in said
    assert "NOT PROVEN: no device and no simulator ran the NPU's part" in said
    assert open_project(made.project).manifest.told.npu == NPU


def test_its_library_is_upstreams_kernel_and_arms_driver(built: tinygen.BuildResult) -> None:
    project = built.generated.project
    resolver = (project / "src/tflm/model_operators.cc").read_text()
    assert "resolver->AddEthosU()" in resolver
    assert "kOperators = 1;" in resolver
    assert "ethos_u/ethosu.cc" in (project / "src/tflm/kernels/ethosu.cc").read_text()
    registers = {path.name for path in project.glob("lib/tflm/**/ethosu*_interface.h")}
    assert registers == {"ethosu_interface.h", "ethosu55_interface.h"}, "a megabyte each"
    symbols = subprocess.run(
        ["arm-none-eabi-nm", built.elf], capture_output=True, text=True, check=True
    ).stdout
    assert "ethosu_invoke_v3" in symbols
    assert "_free_r" not in symbols, "the driver's own semaphores take a heap"


def test_where_no_npu_answers_it_says_so(built: tinygen.BuildResult) -> None:
    project = built.generated.project
    try:
        result = tinygen.verify(project)
        with pytest.raises(tinygen.TinygenError, match="cannot be followed on ethos-u55-128"):
            tinygen.verify_layers(project)
    finally:
        tinygen.stop(project)
    assert (result.verdict, result.exit_code) == (tinygen.Verdict.UNVERIFIED, 6)
    assert "no NPU answers" in result.reason
    assert "no Ethos-U answers at 0x48102000: its ID register reads 0x0" in result.why
    assert result.vectors == 0


def test_the_driver_is_led_as_far_as_an_npu_would(
    built: tinygen.BuildResult, tmp_path: Path
) -> None:
    board = tmp_path / "acting.toml"
    text = board_text(BOARD).replace("base = 0x48102000", f"base = {BASE:#x}")
    board.write_text(text.replace(f'id = "{BOARD}"', 'id = "acting"'))
    out = tmp_path / "project"
    options = BuildOptions(
        board=str(board),
        npu=NPU,
        out=out,
        arena=built.generated.arena_bytes,  # known: nothing has to be tried
        trust_project=True,
    )
    generate_project(GOLDEN_MODEL, options)
    (out / "src/app.c").write_text(Path(__file__).with_name("acting_npu.c").read_text())

    def verified(config: int, done: int) -> tinygen.VerifyResult:
        (out / "src/acting.h").write_text(acting(out, config, done))
        try:
            build_project(GOLDEN_MODEL, options)
            return tinygen.verify(out, vectors=1, trust_project=True)
        finally:
            tinygen.stop(out)

    assert verified(CONFIG, 1).verdict is tinygen.Verdict.MATCH, "input and output lie as planned"
    late = verified(CONFIG, 0)
    assert late.verdict is tinygen.Verdict.UNVERIFIED
    assert "the Ethos-U was not done in time" in late.why
    smaller = verified(CONFIG - 1, 1)
    assert smaller.verdict is tinygen.Verdict.UNVERIFIED
    assert "has 64 multiply-accumulates a cycle, the model is compiled for 128" in smaller.why


def acting(project: Path, config: int, done: int) -> str:
    """What the acting NPU is to know of the first vector, and of Vela's plan."""
    content = next(project.glob("lib/model/src/model_data.c")).read_text()
    body = content[content.rindex("{") + 1 : content.rindex("}")]
    model = tflite.Model.GetRootAs(
        bytes(int(number) for number in body.split(",") if number.strip())
    )
    (plan,) = (
        model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
        for entry in map(model.Metadata, range(model.MetadataLength()))
        if entry.Name() == b"OfflineMemoryAllocation"
    )
    offsets = struct.unpack(f"<{len(plan) // 4}i", plan)[3:]
    graph = model.Subgraphs(0)
    vectors = Vectors.from_bytes((project / "vectors.npz").read_bytes())
    values = {
        "CONFIG": f"{config:#x}U",
        "DONE": f"{done}U",
        "INPUT": _braces(vectors.inputs[0][0]),
        "OUTPUT": _braces(vectors.expected[0][0]),
        "INPUT_AT": f"{offsets[graph.Inputs(0)]}",
        "OUTPUT_AT": f"{offsets[graph.Outputs(0)]}",
    }
    return "".join(f"#define ACTING_{name} {value}\n" for name, value in values.items())


def _braces(numbers: Array) -> str:
    return f"{{{', '.join(str(number) for number in numbers.ravel())}}}"


@pytest.mark.parametrize("name", ["ethos-u65-256", "ethos-u85-512"])
def test_other_series_compile(name: str, tree: TflmTree, tmp_path: Path) -> None:
    assert name in NPUS
    series, macs = parts(name)
    numbers = {"BASE": "0x48102000U", "SECURE": "0U", "MACS": f"{macs}U"}
    (tmp_path / "tg_npu_here.h").write_text(
        "".join(f"#define TG_NPU_{name} {value}\n" for name, value in numbers.items())
    )
    driver, firmware = tree.folder(ETHOS_U), firmware_dir()
    device = "u85" if series == "u85" else "u55_u65"
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-Os", "-Wall", "-Wextra"]
    command += ["-Werror", "-DNDEBUG", f"-DETHOSU_ARCH={series}", f"-DETHOS{series.upper()}"]
    command += ["-DETHOSU_LOG_ENABLE=0", "-I.", f"-I{firmware / 'hal'}", f"-I{firmware / 'tflm'}"]
    command += [f"-I{driver / 'include'}", f"-I{driver / 'src'}", "-c"]
    sources = [firmware / "tflm/tg_npu.c", driver / f"src/ethosu_device_{device}.c"]
    subprocess.run([*command, *sources], cwd=tmp_path, check=True)


def test_a_board_without_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nano33ble has no NPU"):
        tinygen.build(GOLDEN_MODEL, board="nano33ble", npu=NPU, out=tmp_path)
    with pytest.raises(InputError, match=f"the NPU of {BOARD} is no ethos-u65-256"):
        tinygen.build(GOLDEN_MODEL, board=BOARD, npu="ethos-u65-256", out=tmp_path)
    with pytest.raises(InputError, match="--npu is no option of the engine aot"):
        tinygen.build(GOLDEN_MODEL, board=BOARD, engine="aot", npu=NPU, out=tmp_path)
