"""ONNX files that are quantized already keep their scales, and the device computes their codes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.convert.test_onnx import PYTHON, opened
from tinygen.convert import origin_outputs
from tinygen.data import Dataset
from tinygen.errors import InputError
from tinygen.ir import Array, input_edges, output_edges
from tinygen.load import FloatFile
from tinygen.proof.oracle import reference
from tinygen.quantize.keras import quantize

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment onnx is not set up: tinygen setup onnx"
)
SCALES = """
import json, sys, onnx
from onnx import numpy_helper
model = onnx.load(sys.argv[1])
known = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
said = {}
for node in model.graph.node:
    if node.op_type == "QuantizeLinear":
        zero = known[node.input[2]]
        shift = 128 if zero.dtype == "uint8" else 0
        said[node.input[0]] = [float(known[node.input[1]]), int(zero) - shift]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(1).permutation(len(found.target))
    x = (found.images / 8 - 1).astype(np.float32)[order][:, None]
    return x, found.target[order]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, digits: tuple[Array, Array]) -> Path:
    folder = tmp_path_factory.mktemp("qdq")
    np.savez(folder / "digits.npz", x=digits[0], y=digits[1])
    script = Path(__file__).with_name("qdq_models.py")
    subprocess.run([PYTHON, "-I", script, folder], check=True, capture_output=True)
    return folder


def says(path: Path) -> dict[str, tuple[float, int]]:
    """(scale, zero point as int8) of every tensor that the file quantizes."""
    import json

    done = subprocess.run([PYTHON, "-I", "-c", SCALES, path], check=True, capture_output=True)
    return {name: (scale, zero) for name, (scale, zero) in json.loads(done.stdout).items()}


def codes_and_truth(loaded: FloatFile, x: Array) -> tuple[Array, Array]:
    """Our int8 codes, and those that ONNX Runtime's outputs stand for."""
    images = np.moveaxis(x, 1, -1)
    made = quantize(loaded, Dataset((images[:50],), None, "digits", ()))
    (source,), (target,) = input_edges(made.graph), output_edges(made.graph)
    starts = np.ones(len(images), bool)
    rows = reference(made.graph, [source.quantize(images)[:, None]], starts)
    ours = np.stack([one[0] for one in rows]).reshape(len(images), -1)
    assert loaded.origin is not None
    (theirs,) = origin_outputs(loaded.origin, [images[:, None]], "digits")
    theirs = np.rint(theirs.reshape(len(images), -1) / np.float32(target.scale))
    return ours.astype(int), theirs.astype(int) + target.zero_point


@pytest.mark.parametrize("name", ["signed", "channels", "softmax"])
def test_it_keeps_its_scales_and_computes_its_codes(
    models: Path, digits: tuple[Array, Array], name: str
) -> None:
    loaded = opened(models / f"{name}.onnx")
    images = np.moveaxis(digits[0], 1, -1)
    graph = quantize(loaded, Dataset((images[:50],), None, "digits", ())).graph
    quants = [t.quant for t in graph.tensors.values() if t.quant and not t.constant]
    ours = {(q.scale, q.zero_point) for q in quants}
    said = says(models / f"{name}.onnx")
    assert len(said) > 6
    assert set(said.values()) <= ours
    fixed = {(1 / 256, -128)} if name == "softmax" else set()
    assert ours <= set(said.values()) | fixed
    codes, truth = codes_and_truth(loaded, digits[0][1200:1500])
    distance = np.abs(codes - truth)
    assert (distance <= 1).mean() > 0.99
    right = digits[1][1200:1500]
    accuracy = [(one.argmax(1) == right).mean() for one in (codes, truth)]
    assert accuracy[0] > 0.9
    assert abs(accuracy[0] - accuracy[1]) < 0.004  # one of 300


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("offset", ("weights with a zero point", "QuantType.QInt8")),
        ("wide", ("int16", "int8")),
        ("partly", ("no scale for", "DEPTHWISE_CONV_2D makes it", "QuantizeLinear")),
    ],
)
def test_what_has_no_place_in_int8_is_told(
    models: Path, digits: tuple[Array, Array], name: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(InputError) as caught:
        codes_and_truth(opened(models / f"{name}.onnx"), digits[0][:4])
    said = f"{caught.value.what}\n{caught.value.why}\n{caught.value.next_step}"
    for word in words:
        assert word in said


@pytest.mark.parametrize("keep_edges", [False, True])
def test_its_firmware_computes_what_the_host_does(
    models: Path, digits: tuple[Array, Array], tmp_path: Path, keep_edges: bool
) -> None:
    np.savez(tmp_path / "test.npz", x=digits[0][1200:1300], y=digits[1][1200:1300])
    data = tmp_path / "test.npz"
    out = tmp_path / "firmware"
    path = models / "channels.onnx"
    tinygen.build(
        path, board="qemu-cortex-m4", data=data, test=data, out=out, keep_edges=keep_edges
    )
    try:
        result = tinygen.verify(out)
    finally:
        tinygen.stop(out)
    assert result.verdict is tinygen.Verdict.MATCH
    with pytest.raises(InputError, match="--activations int16"):
        tinygen.generate(path, board="qemu-cortex-m4", data=data, out=out, activations="int16")
