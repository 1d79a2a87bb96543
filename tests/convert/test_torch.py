"""PyTorch's exported programs: converted to what PyTorch computes, or told why not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tinygen.convert import convert, origin_outputs
from tinygen.data import Dataset
from tinygen.environments import TORCH
from tinygen.errors import InputError, UntrustedModel
from tinygen.load import FloatFile, load
from tinygen.pio import core
from tinygen.proof.oracle import float_outputs
from tinygen.quantize.keras import quantize

PYTHON = TORCH.folder(core.cache_dir()) / "bin/python"
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment torch is not set up: tinygen setup torch"
)
PROGRAM = """
import sys, torch
from torch import nn
torch.manual_seed(1)
folder = sys.argv[1]
net = nn.Sequential(
    nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 4 * 4, 5),
).eval()
def save(name, sample, **settings):
    program = torch.export.export(net, (sample,), **settings)
    torch.export.save(program, f"{folder}/{name}.pt2")
save("fixed", torch.randn(1, 3, 16, 16))
save("open", torch.randn(2, 3, 16, 16), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
save("four", torch.randn(4, 3, 16, 16))
class Odd(torch.Tensor): pass
torch.save(net.state_dict(), f"{folder}/weights.pt")
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torch")
    subprocess.run([PYTHON, "-I", "-c", PROGRAM, folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", ["fixed", "open"])
def test_it_computes_what_pytorch_does(models: Path, name: str) -> None:
    loaded = load(models / f"{name}.pt2", convert=convert)
    assert isinstance(loaded, FloatFile)
    assert loaded.origin is not None
    assert [edge.shape for edge in loaded.inputs] == [(1, 16, 16, 3)]
    given = [np.random.default_rng(5).normal(size=(3, 1, 16, 16, 3)).astype(np.float32)]
    expected = origin_outputs(loaded.origin, given, name)
    for left, right in zip(expected, float_outputs(loaded.content, given), strict=True):
        np.testing.assert_allclose(left, right, atol=2e-6)
    if name == "fixed":
        data = Dataset((given[0][:, 0],), None, "normal", ())
        kinds = [node.op.kind for node in quantize(loaded, data).graph.nodes]
        assert not {"QUANTIZE", "DEQUANTIZE"} & set(kinds)


def test_a_fixed_batch_is_told(models: Path) -> None:
    with pytest.raises(InputError, match="4 samples at once"):
        load(models / "four.pt2", convert=convert)


def test_weights_alone_are_no_program(models: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(models / "weights.pt", convert=convert)
    assert "torch.export.save" in caught.value.next_step


def test_pickles_are_refused_before_pytorch_sees_them(models: Path, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "sly.pt2"
    with zipfile.ZipFile(models / "fixed.pt2") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("weights_config.json"):
                data = data.replace(b'"use_pickle": false', b'"use_pickle": true')
                data = data.replace(b'"use_pickle":false', b'"use_pickle":true')
            new.writestr(name, data)
    with pytest.raises(UntrustedModel, match="code of its own"):
        load(path, convert=convert)
