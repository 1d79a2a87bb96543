"""The example that takes a network from a package: from stand-ins of that, of random weights."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.convert.test_torch import PYTHON
from tests.runner import ROOT
from tinygen.convert import convert
from tinygen.load import load

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the environment torch is not set up: tinygen setup torch"
)
SCRIPT = ROOT / "examples" / "face" / "export.py"
WEIGHTS = """
import runpy, sys, torch
net = runpy.run_path(sys.argv[1])["RNet"]()
torch.save(net.state_dict() | {"dense5_2.bias": torch.zeros(4)}, sys.argv[2])
"""


def test_it_exports_a_program_and_its_data(tmp_path: Path) -> None:
    weights, network, pictures = (tmp_path / name for name in ("w.pt", "net.whl", "skimage.whl"))
    subprocess.run([PYTHON, "-I", "-c", WEIGHTS, SCRIPT, weights], check=True)
    with zipfile.ZipFile(network, "w") as file:
        file.write(weights, "facenet_pytorch/data/rnet.pt")
    array = io.BytesIO()
    np.save(array, np.random.default_rng(1).uniform(size=(200, 25, 25)))
    with zipfile.ZipFile(pictures, "w") as file:
        file.writestr("skimage/data/lfw_subset.npy", array.getvalue())
    out = tmp_path / "out"
    subprocess.run([PYTHON, "-I", SCRIPT, out, network, pictures], check=True, capture_output=True)
    (edge,) = load(out / "face.pt2", convert=convert).inputs
    assert edge.shape == (1, 24, 24, 3)
    with np.load(out / "test.npz") as data:
        assert (data["x"].shape, set(data["y"])) == ((100, 3, 24, 24), {"face", "other"})
        assert -1 <= data["x"].min() < data["x"].max() <= 1
    assert (out / "labels.txt").read_text() == "other\nface\n"
