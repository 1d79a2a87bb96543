"""ONNX files: converted to what ONNX Runtime computes, or told why not; one to its firmware."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tinygen.convert import convert, origin_outputs
from tinygen.environments import ONNX
from tinygen.errors import InputError
from tinygen.load import FloatFile, load
from tinygen.pio import core
from tinygen.proof.oracle import float_outputs

PYTHON = ONNX.folder(core.cache_dir()) / "bin/python"
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment onnx is not set up: tinygen setup onnx"
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inside") / "models"
    folder.mkdir()
    script = Path(__file__).with_name("onnx_models.py")
    subprocess.run([PYTHON, "-I", script, folder], check=True)
    return folder


def opened(path: Path, **options: object) -> FloatFile:
    loaded = load(path, convert=convert, **options)  # type: ignore[arg-type]
    assert isinstance(loaded, FloatFile)
    return loaded


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "shapes"),
    [
        ("open_batch", {"photo": (1, 8, 8, 3)}, ["scores"], {}),
        ("minus_one", {"photo": (1, 8, 8, 3)}, ["scores"], {}),
        ("open_size", {"photo": (1, 8, 8, 3)}, ["scores"], {"": (3, 8, 8)}),
        ("beside", {"rows": (1, 5, 6)}, ["y"], {}),
        ("two", {"zulu": (1, 6, 8, 2), "alpha": (1, 3)}, ["map", "last"], {}),
        ("signal", {"wave": (1, 32, 3)}, ["y"], {}),
    ],
)
def test_it_computes_what_onnx_runtime_does(
    models: Path,
    name: str,
    inputs: dict[str, tuple[int, ...]],
    outputs: list[str],
    shapes: dict[str, tuple[int, ...]],
) -> None:
    loaded = opened(models / f"{name}.onnx", shapes=shapes)
    assert {edge.name: edge.shape for edge in loaded.inputs} == inputs
    assert sorted(loaded.outputs) == sorted(outputs)
    assert loaded.origin is not None
    numbers = np.random.default_rng(5)
    given = [numbers.normal(size=(3, *e.shape)).astype(np.float32) for e in loaded.inputs]
    expected = origin_outputs(loaded.origin, given, name)
    for left, right in zip(expected, float_outputs(loaded.content, given), strict=True):
        assert left.shape == right.shape
        np.testing.assert_allclose(left, right, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("open_size", ("photo", "(?, 3, ?, ?)", "--input-shape 3x96x96")),
        ("batch_of_4", ("takes 4 samples at once", "batch of 1")),
        ("opset_99", ("opset 99", "opset_version=17")),
        ("half", ("input 'rows' of float16", "MatMul")),
        ("whole", ("input 'rows' of int64", "MatMul")),
        ("custom", ("com.example.Swirl", "the_swirl")),
        ("integers", ("QLinearMatMul", "QuantFormat.QDQ")),
        ("damaged", ("damaged",)),
        ("above", ("outside of its own folder", "../rows.bin")),
        ("absolute", ("outside of its own folder", "/etc/hostname")),
        ("linked", ("outside of its own folder", "link.bin")),
        ("gone", ("nothing.bin", "copy that file too")),
        ("short", ("contradicts", "7200")),
    ],
)
def test_what_cannot_be_converted_is_told(models: Path, name: str, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        opened(models / f"{name}.onnx")
    said = f"{caught.value.what}\n{caught.value.why}\n{caught.value.next_step}"
    for word in words:
        assert word in said


def test_its_firmware_computes_what_the_host_does(models: Path, tmp_path: Path) -> None:
    """Data as PyTorch has them, channels first; ONNX Runtime is the float reference."""
    x = np.random.default_rng(7).normal(size=(120, 3, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x)
    out = tmp_path / "firmware"
    built = tinygen.build(
        models / "image.onnx", board="qemu-cortex-m4", data=tmp_path / "data.npz", out=out
    )
    assert built.generated.loader.startswith("onnx2tf")
    assert built.generated.fidelity[0].distance.sqnr_db > 25
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH
